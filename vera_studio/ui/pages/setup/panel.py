"""The panel in which a run is set up: the forms, and the buttons that start and stop it."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.pages.setup.adapter_form import AdapterForm
from vera_studio.ui.pages.setup.cache_form import CacheForm
from vera_studio.ui.pages.setup.reset_all import ResetAllButton
from vera_studio.ui.pages.setup.source_form import SourceForm
from vera_studio.ui.pages.setup.targets_form import TargetsForm
from vera_studio.ui.pages.setup.training_form import TrainingForm
from vera_studio.ui.runner import Runner
from vera_studio.ui.state.cut_estimate import CutEstimate
from vera_studio.ui.state.image_warnings import image_warnings
from vera_studio.ui.state.workspace import Workspace
from vera_studio.ui.widgets.action_button import ActionButton
from vera_studio.ui.widgets.number_boxes import refusing_boxes
from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.reasons import allow


class SetupPanel(QWidget):
    """Everything that is chosen before a run, and what keeps a run from starting.

    Signals:
        open_network_requested(), source_requested(str), remove_adapter_requested(): as the
            source form's.
        images_requested(): the user wants to read what there is to know of the images.
        failed(Exception): something that the panel tells could not be found out.

    Attributes:
        start_button: starts the run.
    """

    open_network_requested = Signal()
    source_requested = Signal(str)
    remove_adapter_requested = Signal()
    images_requested = Signal()
    failed = Signal(object)

    def __init__(
        self,
        workspace: Workspace,
        runner: Runner,
        actions: dict[str, QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        source = SourceForm(workspace)
        source.open_network_requested.connect(self.open_network_requested)
        source.source_requested.connect(self.source_requested)
        source.remove_adapter_requested.connect(self.remove_adapter_requested)
        estimate = CutEstimate(workspace, runner, self)
        estimate.failed.connect(self.failed)
        self._forms = QWidget()
        column = QVBoxLayout(self._forms)
        column.addWidget(source)
        column.addWidget(TargetsForm(workspace))
        column.addWidget(AdapterForm(workspace, estimate))
        column.addWidget(TrainingForm(workspace))
        column.addWidget(CacheForm(workspace, estimate))
        reset = ResetAllButton(workspace)
        reset.clicked.connect(self._forget)
        column.addWidget(reset)
        column.addStretch()
        scroll = _TallScrollArea(self._forms)
        scroll.setObjectName("setup_forms")
        scroll.setAccessibleName("Settings of the run")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll, 1)
        self._problem = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._problem.setObjectName("start_problem")
        self._problem.setContentsMargins(9, 0, 9, 0)
        layout.addWidget(self._problem)
        layout.addWidget(_WarningLink(workspace, self.images_requested))
        self.start_button = ActionButton(actions["start"])
        others = [ActionButton(actions[name]) for name in ("pause", "stop")]
        layout.addLayout(_button_row([self.start_button, *others], below=0))
        layout.addLayout(_button_row([ActionButton(actions[n]) for n in ("add_to_queue", "sweep")]))
        # Before the window starts the run, which may be by keys with the focus still in a field.
        for name in ("start", "add_to_queue", "sweep"):
            actions[name].triggered.connect(self._commit)

    def _forget(self) -> None:
        for box in refusing_boxes(self._forms):
            box.forget()

    def _commit(self) -> None:
        for box in refusing_boxes(self._forms):
            box.commit()

    def set_editable(self, obstacle: str) -> None:
        """Let the forms be edited, or not, and say why, as during a run."""
        allow(self._forms, obstacle)

    def show_problem(self, text: str) -> None:
        """Say what keeps a run from starting; nothing when it can start."""
        self._problem.setText(text)
        self._problem.setVisible(bool(text))


def _button_row(buttons: list[ActionButton], below: int = 9) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(9, 0, 9, below)
    for button in buttons:
        row.addWidget(button, 1)
    return row


class _WarningLink(QPushButton):
    """Says above Start how much there is to know of the images; pressed, it leads there."""

    def __init__(self, workspace: Workspace, wanted: SignalInstance) -> None:
        super().__init__(flat=True)
        self._workspace = workspace
        self.setObjectName("warnings_button")
        self.clicked.connect(wanted)
        workspace.data_changed.connect(self._show)
        workspace.recipe_changed.connect(self._show)
        self._show()

    def _show(self, _: object = None) -> None:
        warnings = image_warnings(self._workspace)
        text = "1 warning" if len(warnings) == 1 else f"{len(warnings):,} warnings"
        text = f"\N{WARNING SIGN} {text} on the images: show"
        if text != self.text():  # else the window would be laid out anew
            self.setText(text)
            self.setAccessibleName(text)
        self.setToolTip(plain_tip("\n".join(warnings)))
        self.setVisible(bool(warnings))


class _TallScrollArea(QScrollArea):
    """Scrolls up and down only, and is always as wide as its widget needs."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widgetResizable=True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(widget)
        self._widget = widget

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Qt has this area watch its widget; a new need of width comes as a layout request.
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            self._take_width()
        return super().eventFilter(watched, event)

    def _take_width(self) -> None:
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        self.setMinimumWidth(self._widget.minimumSizeHint().width() + bar)
