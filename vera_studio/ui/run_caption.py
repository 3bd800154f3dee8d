"""Which run, network and images the figures below are of."""

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from vera_studio.runs.events import RunSubject
from vera_studio.ui.workspace import Workspace


class RunCaption(QLabel):
    """A line above the figures of a run; says so once other things are open than they are of."""

    def __init__(self, name: str, workspace: Workspace, parent: QWidget | None = None) -> None:
        """Make an empty one.

        Args:
            name: of the object.
            workspace: where what is open is changed.
            parent: takes the caption along.
        """
        super().__init__(parent, wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.setObjectName(name)
        self.setAccessibleName("Which run, network and images the figures are of")
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._workspace = workspace
        self._subject = RunSubject()
        self._weights = ""  # path of those that the run was on
        self.hide()
        workspace.model_changed.connect(self._show)
        workspace.data_changed.connect(self._show)

    def set_run(self, subject: RunSubject) -> None:
        """Name a run on what is open now."""
        self._subject = subject
        self._weights = self._workspace.recipe.model.weights
        self._show()

    def clear_run(self) -> None:
        """Name none."""
        self._subject = RunSubject()
        self._show()

    def _show(self, _: object = None) -> None:
        subject = self._subject
        network = f"{subject.network}, {subject.weights}" if subject.weights else subject.network
        parts = [f"Run {subject.run}" if subject.run else "", network, subject.data]
        parts.append(subject.adapter)
        lines = [html.escape(" · ".join(filter(None, parts)))]
        lines += [f"<b>{html.escape(text)}</b>" for text in self._differences()]
        self.setText("<br>".join(lines))
        self.setVisible(subject != RunSubject())

    def _differences(self) -> list[str]:
        """What is open now that the figures are not of, a sentence each."""
        subject, workspace = self._subject, self._workspace
        found = []
        if workspace.recipe.model.weights != self._weights:
            found.append(
                f"Another network is open now; these figures are of {subject.network} "
                f"with the weights {subject.weights}."
            )
        if workspace.data is not None and workspace.data.title != subject.data:
            found.append(f"Other images are open now; these figures are of {subject.data}.")
        return found if subject != RunSubject() else []
