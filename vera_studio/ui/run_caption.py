"""Says so where the figures below are of another network or other images than are open."""

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from vera_studio.recipe import ModelSettings
from vera_studio.runs.events import RunSubject
from vera_studio.ui.state.workspace import Workspace
from vera_studio.ui.widgets.wrapped_label import WrappedLabel


class RunCaption(WrappedLabel):
    """Hidden while what is open is what the figures are of; the room says which run that is."""

    def __init__(self, name: str, workspace: Workspace, parent: QWidget | None = None) -> None:
        """Make an empty one.

        Args:
            name: of the object.
            workspace: where what is open is changed.
            parent: takes the caption along.
        """
        title = "Whether the figures are of what is open"
        super().__init__(name, title, Qt.TextFormat.RichText, parent)
        self._workspace = workspace
        self._subject = RunSubject()
        self._settings = ModelSettings()  # of the network that the run was on
        self.hide()
        workspace.model_changed.connect(self._show)
        workspace.data_changed.connect(self._show)

    def set_run(self, subject: RunSubject) -> None:
        """Name a run on what is open now."""
        self._subject = subject
        self._settings = self._workspace.recipe.model
        self._show()

    def clear_run(self) -> None:
        """Name none."""
        self._subject = RunSubject()
        self._show()

    def _show(self, _: object = None) -> None:
        lines = [f"<b>{html.escape(text)}</b>" for text in self._differences()]
        self.setText("<br>".join(lines))
        self.setVisible(bool(lines))

    def _network(self) -> str:
        return ", ".join(filter(None, (self._subject.network, self._subject.weights)))

    def _differences(self) -> list[str]:
        """What is open now that the figures are not of, a sentence each."""
        subject, workspace = self._subject, self._workspace
        found = []
        if workspace.recipe.model != self._settings:
            found.append(f"Another network is open now; these figures are of {self._network()}.")
        if workspace.data is not None and workspace.data.title != subject.data:
            found.append(f"Other images are open now; these figures are of {subject.data}.")
        return found if subject != RunSubject() else []
