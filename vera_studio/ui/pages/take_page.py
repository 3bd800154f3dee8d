"""The classifier in files: what is written, for which devices, and how to use it there."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QAction, QDesktopServices, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from vera_studio.export_targets import EXPORT_TARGETS, TARGETS, USE_COMMANDS, USE_FILES, Target
from vera_studio.ui.icons import icon
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.wrapped_label import WrappedLabel
from vera_studio.wording import size_text

_BYTES = 4  # of a number of the network in the file
_WIDEST = 760
_DEVICES = (
    "A folder that says what is on pictures on any computer with Python: Windows, macOS, Linux, a "
    "Raspberry Pi. VeRA Studio, PyTorch and a connection are not needed there. network.onnx alone "
    "runs wherever ONNX Runtime does, on phones and in browsers too."
)


class TakePage(QWidget):
    """Writes what the model has on in forms that are of use without the studio.

    Args:
        studio: whose model and adapter it is about.
        actions: of the window; those called export_... ask where to and write.
    """

    def __init__(
        self, studio: Studio, actions: dict[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._studio = studio
        self._folder: Path | None = None  # that was written last
        content = QWidget()
        content.setMaximumWidth(_WIDEST)
        column = QVBoxLayout(content)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(8)
        column.addWidget(_heading("For use"))
        self.subject = WrappedLabel("take_subject", "What is taken along")
        column.addWidget(self.subject)
        column.addWidget(_words("take_devices", "Where it runs", _DEVICES))
        column.addLayout(self._files())
        column.addLayout(self._commands())
        column.addLayout(self._buttons(actions["export_use"]))
        column.addSpacing(10)
        column.addWidget(_heading("In other forms"))
        column.addLayout(_others(actions))
        column.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setObjectName("take_area")
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it has it
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        studio.workspace.model_changed.connect(self._show)
        studio.workspace.adapter_changed.connect(self._show)
        studio.adapters.exported.connect(self._follow_export)
        self._show()

    def _files(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self._told: dict[str, QLabel] = {}
        for row, (name, what) in enumerate(USE_FILES.items()):
            label = QLabel(name)
            label.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            self._told[name] = _words(f"take_file_{row}", name, what)
            grid.addWidget(self._told[name], row, 1)
        return grid

    def _commands(self) -> QHBoxLayout:
        text = "\n".join(USE_COMMANDS)
        commands = _words("take_commands", "What to type in the folder", text)
        commands.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        commands.setFrameShape(QFrame.Shape.StyledPanel)
        commands.setMargin(8)
        copy = QToolButton()
        copy.setText("Copy")
        copy.setObjectName("take_copy_button")
        copy.setAccessibleName("Copy the commands")
        copy.setToolTip("Copy both lines, to paste them into a terminal in the folder")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
        row = QHBoxLayout()
        row.addWidget(commands, 1)
        row.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _buttons(self, export: QAction) -> QHBoxLayout:
        button = _button_of(export, "take_export_button", "Export for Use…")
        self.done = WrappedLabel("take_done", "What was written last")
        self.show_button = QPushButton(icon("folder"), "Show in Folder")
        self.show_button.setObjectName("take_show_button")
        self.show_button.setAccessibleName("Show what was exported")
        self.show_button.setToolTip("Open the folder that was written")
        self.show_button.clicked.connect(self._show_folder)
        self.show_button.hide()
        row = QHBoxLayout()
        row.addWidget(button)
        row.addWidget(self.done, 1)
        row.addWidget(self.show_button)
        return row

    def _show(self, _: object = None) -> None:
        """Say what would be taken along, and how large it is."""
        workspace = self._studio.workspace
        model, adapter = workspace.model, workspace.adapter
        if model is None or adapter is None:
            self.subject.setText(
                "Nothing is on the network yet. Train an adapter, or switch one on in the library: "
                "the network goes along with it merged in."
            )
            return
        count = len(model.class_names)
        classes = "1 class" if count == 1 else f"{count:,} classes"
        self.subject.setText(f"The {model.kind.title} with {adapter.title} in it: {classes}.")
        size = size_text(_BYTES * model.size)
        self._told["network.onnx"].setText(f"{USE_FILES['network.onnx']}, about {size}")

    def _follow_export(self, target: Target, destination: Path) -> None:
        if target == "use":
            self._folder = destination
            self.done.setText(f"Written: {destination}")
            self.show_button.show()

    def _show_folder(self) -> None:
        if self._folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))


def _others(actions: dict[str, QAction]) -> QGridLayout:
    """A row for each other form: a button, and what it writes."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(18)
    grid.setColumnStretch(1, 1)
    for row, target in enumerate(one for one in TARGETS if one != "use"):
        form = EXPORT_TARGETS[target]
        text = form.entry.replace("&", "")
        button = _button_of(actions[f"export_{target}"], f"take_{target}_button", text)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        grid.addWidget(button, row, 0)
        grid.addWidget(_words(f"take_{target}", text, f"{form.tip}."), row, 1)
    return grid


def _button_of(action: QAction, name: str, text: str) -> QToolButton:
    """A button that does what `action` does, and is allowed where it is."""
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    button.setObjectName(name)
    button.setAccessibleName(text.rstrip("…"))

    def keep_text() -> None:
        button.setText(text)

    action.changed.connect(keep_text)
    keep_text()
    return button


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * 1.2)
    font.setBold(True)
    label.setFont(font)
    return label


def _words(name: str, title: str, text: str) -> WrappedLabel:
    label = WrappedLabel(name, title)
    label.setText(text)
    return label
