"""The network and the images that a run starts from."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.pages.setup.fields import Choice, describe
from vera_studio.ui.state.workspace import Workspace
from vera_studio.ui.widgets.elided_label import ElidedLabel

_SOURCES = [("Built-in sample", "sample"), ("CIFAR-10", "cifar10"), ("Folder of images…", "folder")]


class SourceForm(QGroupBox):
    """Shows what is open and asks for something else.

    Signals:
        open_network_requested(): the user wants another network, or other weights.
        source_requested(str): the user wants other images: "sample", "cifar10" or "folder".
        remove_adapter_requested(): the user wants the base network back.
    """

    open_network_requested = Signal()
    source_requested = Signal(str)
    remove_adapter_requested = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__("Network and images", parent)
        self._workspace = workspace
        self._model = QLabel("Loading…", wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._adapter = ElidedLabel()
        self._model.setObjectName("model_text")
        self._adapter.setObjectName("adapter_text")
        self._foreign = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._foreign.setObjectName("foreign_images")
        self._images = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._images.setObjectName("images_text")
        open_network = describe(
            QPushButton("Open…"),
            "open_network_chooser",
            "Open a network",
            "Choose among all networks, with pretrained weights or with your own",
        )
        open_network.clicked.connect(self.open_network_requested)
        self._remove = describe(
            QPushButton("Remove"),
            "remove_adapter_button",
            "Remove the adapter",
            "Take the adapter off and go back to the base network",
        )
        self._remove.clicked.connect(self.remove_adapter_requested)
        self._source = describe(
            Choice(_SOURCES), "data_source", "Images", "Which images to train and test with"
        )
        self._source.edited.connect(self._request_source)
        self._form = form = QFormLayout()
        form.addRow("Network", _beside(self._model, open_network))
        form.addRow("Adapter", _beside(self._adapter, self._remove))
        self._form.addRow("", self._foreign)
        form.addRow("Images", self._source)
        form.labelForField(self._source).setToolTip(self._source.toolTip())
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self._images)
        workspace.model_changed.connect(self._show)
        workspace.adapter_changed.connect(self._show)
        workspace.data_changed.connect(self._show)
        self._show()

    def _request_source(self, wanted: str) -> None:
        # What is shown stays true to what is open until that has changed.
        self._source.show_setting(self._workspace.recipe.data.source)
        self.source_requested.emit(wanted)

    def _show(self, _: object = None) -> None:
        workspace = self._workspace
        if workspace.model:
            self._model.setText(f"{workspace.model.kind.title}, {workspace.model.weights}")
        self._adapter.setText(workspace.adapter.title if workspace.adapter else "None")
        self._remove.setVisible(workspace.adapter is not None)
        self._foreign.setText(workspace.foreign_images)
        self._form.setRowVisible(self._foreign, bool(workspace.foreign_images))
        self._source.show_setting(workspace.recipe.data.source)
        data = workspace.data
        if data is None:
            self._images.setText("No images are open yet.")
            return
        folder = f"{workspace.recipe.data.folder}\n" if data.source == "folder" else ""
        self._images.setText(
            f"{folder}{len(data.train):,} to train on, {len(data.validation):,} to validate, "
            f"{len(data.test):,} to test"
        )


def _beside(label: QLabel, button: QPushButton) -> QWidget:
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(label, 1)
    row.addWidget(button)
    return box
