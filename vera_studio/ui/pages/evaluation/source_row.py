"""What is evaluated: a run as it ended, or the network with what it has on; and on which images."""

from pathlib import Path
from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from vera_studio.runs.events import RunResult
from vera_studio.ui.jobs.evaluation import PARTS, parts_of_run
from vera_studio.ui.state.workspace import LoadedAdapter, Part, Workspace
from vera_studio.ui.widgets.choice_row import Choice, ChoiceRow
from vera_studio.wording import printable

_PARTS = (
    Choice("validation", "Validation", "The images held out of training: look at their mistakes"),
    Choice("test", "Test", "The images measured at the end: choosing by them makes them tell less"),
)


class SourceRow(QWidget):
    """Follows runs as they end and adapters as they are put on.

    Signals:
        changed(): something else is to be evaluated.
        surroundings_changed(): it is not, but other images or another network are open.
    """

    changed = Signal()
    surroundings_changed = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._last_run: Path | None = None  # folder of the run that can be chosen
        self.choice = QComboBox()
        self.choice.setObjectName("evaluation_source")
        self.choice.setAccessibleName("What is evaluated")
        self.choice.setToolTip("A run as it ended, or the network with what it has on now")
        self.choice.setMinimumContentsLength(24)
        self.choice.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.choice.activated.connect(lambda _: self.changed.emit())
        self.parts = ChoiceRow("evaluation_part", "Images", _PARTS)
        self.parts.chosen.connect(lambda _: self.changed.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.choice, 1)
        row.addWidget(self.parts)
        workspace.result_changed.connect(self._follow_result)
        workspace.model_changed.connect(self._follow_present)
        workspace.data_changed.connect(self._follow_present)
        workspace.adapter_changed.connect(self._follow_adapter)
        self._fill()

    @property
    def run(self) -> Path | None:
        """Folder of the run that is evaluated; None for the network as it is now."""
        return cast(Path | None, self.choice.currentData())

    @property
    def part(self) -> Part | None:
        """The part that is evaluated: the one that is chosen, or else the one that there is."""
        there = self._parts()
        for part in PARTS:
            self.parts.allow(part, "" if part in there else f"There are no {part} images.")
        if there and self.parts.choice not in there:
            self.parts.set_choice(there[0])
        return cast(Part, self.parts.choice) if there else None

    @property
    def about(self) -> str:
        """What that is, for a person; empty for the run whose results are shown."""
        workspace = self._workspace
        model, data, result = workspace.model, workspace.data, workspace.result
        if self.run is not None and result is not None and result.folder == self.run:
            return ""
        if self.run is not None or model is None or data is None:
            return self.choice.currentText()
        on = printable(workspace.adapter.title) if workspace.adapter else "nothing on"
        return " \N{MIDDLE DOT} ".join((f"{model.kind.title}, {model.weights}", data.title, on))

    def choose_run(self, folder: Path) -> None:
        """Evaluate the run in `folder`."""
        self._last_run = folder
        self._fill(is_run=True)
        self.changed.emit()

    def choose_present(self) -> None:
        """Evaluate the network as it is now."""
        self._fill()
        self.changed.emit()

    def _follow_result(self, result: RunResult | None) -> None:
        if result is not None:
            self.choose_run(result.folder)

    def _follow_present(self, _: object = None) -> None:
        self._fill(is_run=self.run is not None)
        (self.changed if self.run is None else self.surroundings_changed).emit()

    def _follow_adapter(self, adapter: LoadedAdapter | None) -> None:
        """Another adapter than the run's is what one wants to see once it is on."""
        result = self._workspace.result
        name = result.adapter_name if result is not None else ""
        if adapter is not None and adapter.title != name:
            self._fill()
        self._follow_present()

    def _fill(self, is_run: bool = False) -> None:
        self.choice.clear()
        if self._last_run is not None:
            self.choice.addItem(f"Run {printable(self._last_run.name)}", self._last_run)
        adapter = self._workspace.adapter
        on = printable(adapter.title) if adapter else "the network, nothing on"
        self.choice.addItem(f"Now: {on}", None)
        self.choice.setCurrentIndex(0 if is_run else self.choice.count() - 1)

    def _parts(self) -> tuple[Part, ...]:
        if self.run is not None:
            return parts_of_run(self.run)
        workspace = self._workspace
        if workspace.model is None or workspace.data is None or workspace.is_untrained:
            return ()
        counts = {"validation": len(workspace.data.validation), "test": len(workspace.data.test)}
        return tuple(part for part in PARTS if counts[part])
