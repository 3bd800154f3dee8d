"""How the adapter is trained: length, optimizer, schedule, augmentation, seed and device."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QFormLayout, QGroupBox, QLabel, QVBoxLayout, QWidget

from vera_studio.recipe import (
    MAX_BATCH_SIZE,
    MAX_EPOCHS,
    MAX_LEARNING_RATE,
    MAX_SEED,
    MAX_SHIFT,
    MAX_VIEWS,
    MIN_LEARNING_RATE,
)
from vera_studio.ui.pages.setup.fields import Choice, Editor, SettingRow, Tick, add_row, describe
from vera_studio.ui.state.automatic import automatic_course
from vera_studio.ui.state.workspace import Devices, Workspace
from vera_studio.ui.widgets.number_boxes import NumberBox, WholeNumberBox

_AUTO = 0  # what a field holds for no number of the user's
_AUTO_FROM_0 = -1  # the same, of a field that takes 0
_OPTIMIZERS = [("AdamW", "adamw"), ("SGD with momentum", "sgd")]
_SCHEDULES = [("One-cycle", "one-cycle"), ("Cosine", "cosine"), ("Constant", "constant")]
_DEVICES = [("Auto", "auto"), ("CUDA", "cuda"), ("MPS", "mps"), ("CPU", "cpu")]


class TrainingForm(QGroupBox):
    """Edits the draft's training section, but for what is in the targets form."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__("Training", parent)
        self._workspace = workspace
        self._form = QFormLayout()
        self._add_numbers()
        self._add_choices()
        self._device_reason = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._device_reason.setObjectName("device_reason")
        flips = describe(
            Tick("Mirror images at random"),
            "flips",
            "Mirror images at random",
            "Shows each image as it is or mirrored, which works against overfitting",
        )
        layout = QVBoxLayout(self)
        layout.addLayout(self._form)
        layout.addWidget(self._device_reason)
        layout.addWidget(SettingRow(workspace, "training", "flips", flips))
        workspace.recipe_changed.connect(self._show)
        workspace.model_changed.connect(self._show)
        workspace.data_changed.connect(self._show)
        workspace.devices_changed.connect(self._show_devices)
        self._show()

    def _add(self, text: str, name: str, editor: Editor) -> SettingRow:
        return add_row(self._form, text, SettingRow(self._workspace, "training", name, editor))

    def _add_numbers(self) -> None:
        self._epochs = describe(
            WholeNumberBox(1, MAX_EPOCHS, _AUTO, "Auto"),
            "epochs",
            "Epochs",
            "How often the images are gone through, at most; Auto suits the classes",
        )
        self._patience = describe(
            WholeNumberBox(0, MAX_EPOCHS, _AUTO_FROM_0, "Auto"),
            "patience",
            "Patience",
            "Ends the run when so many epochs in a row bring nothing better on the validation "
            "images; 0 for never. Auto waits with classes of your own, and never ends early with "
            "the network's",
        )
        batch_size = describe(
            WholeNumberBox(1, MAX_BATCH_SIZE, _AUTO, "Auto"),
            "batch_size",
            "Batch size",
            "Images in each training step; Auto goes by the number of images and the device",
        )
        self._learning_rate = _rate_box(
            "learning_rate",
            "Learning rate",
            "Size of the steps; the peak, where the schedule changes it. Auto suits the method: "
            "the more numbers it trains, the smaller the steps",
        )
        self._head_rate = _rate_box(
            "head_learning_rate",
            "Learning rate of the last layer",
            "Size of the steps of the new last layer, which is trained whole beside the adapter",
        )
        self._add("Epochs", "epochs", self._epochs)
        self._add("Patience", "patience", self._patience)
        self._add("Batch size", "batch_size", batch_size)
        self._add("Learning rate", "learning_rate", self._learning_rate)
        self._head_row = self._add("Last layer's rate", "head_learning_rate", self._head_rate)

    def _add_choices(self) -> None:
        optimizer = describe(
            Choice(_OPTIMIZERS), "optimizer", "Optimizer", "How gradients become steps"
        )
        schedule = describe(
            Choice(_SCHEDULES),
            "schedule",
            "Schedule",
            "How the learning rate goes over the run: up and down, only down, or level",
        )
        self._views = describe(
            WholeNumberBox(0, MAX_VIEWS, _AUTO_FROM_0, "Auto"),
            "views",
            "Views of each image",
            "The image itself and parts of it cut out at random, drawn once, so that the feature "
            "cache keeps them all. 0 mirrors and shifts anew in every epoch instead",
        )
        self._balance = describe(
            Choice([("Auto", None), ("On", True), ("Off", False)]),
            "balance",
            "Draw classes evenly",
            "Draws as many images of each target class in an epoch, those of small classes several "
            "times. Auto does where the largest has more than three times the images of the "
            "smallest",
        )
        shift = describe(
            WholeNumberBox(0, MAX_SHIFT, text_for_least="Off"),
            "shift",
            "Shift images",
            "Moves each image at random by up to so many pixels in each direction. Works against "
            "overfitting, but switches the feature cache off, so that a run takes longer",
        )
        shift.setSuffix(" px")
        seed = describe(
            WholeNumberBox(0, MAX_SEED),
            "training_seed",
            "Training seed",
            "Decides the order of the images, the mixing, the mirroring and the shifts",
        )
        self._device = describe(
            Choice(_DEVICES),
            "device",
            "Device",
            "What the run computes on; Auto takes the fastest. CUDA and MPS are experimental",
        )
        self._add("Optimizer", "optimizer", optimizer)
        self._add("Schedule", "schedule", schedule)
        self._add("Views", "views", self._views)
        self._add("Even classes", "balance", self._balance)
        self._add("Shift images", "shift", shift)
        self._add("Seed", "seed", seed)
        self._add("Device", "device", self._device)

    def _show(self, _: object = None) -> None:
        self._show_automatic()
        self._show_device_reason()

    def _show_automatic(self) -> None:
        """Say what Auto is, once the engine that decides it is loaded; leave out what is idle."""
        workspace = self._workspace
        method = workspace.recipe.adapter.method
        self._head_row.leave_out(self._form, not workspace.own_classes or method == "head")
        if (course := automatic_course(workspace)) is None:
            return
        for box, number in (
            (self._epochs, course.epochs),
            (self._patience, course.patience),
            (self._views, course.views),
            (self._learning_rate, course.learning_rate),
            (self._head_rate, course.head_learning_rate),
        ):
            box.set_auto_text(f"Auto ({_auto_text(box, number)})", number)
        self._balance.setItemText(0, f"Auto ({'on' if course.balance else 'off'})")

    def _show_devices(self, devices: Devices) -> None:
        """Let only what this machine has be chosen."""
        model = self._device.model()
        assert isinstance(model, QStandardItemModel)
        for row, (text, value) in enumerate(_DEVICES):
            is_there = value == "auto" or value in devices.available
            model.item(row).setEnabled(is_there)
            model.item(row).setToolTip("" if is_there else f"This machine has no {text}.")
        self._show_device_reason()

    def _show_device_reason(self) -> None:
        devices = self._workspace.devices
        is_auto = self._workspace.recipe.training.device == "auto"
        self._device_reason.setText(devices.auto_reason if devices and is_auto else "")
        self._device_reason.setVisible(bool(self._device_reason.text()))


def _auto_text(box: Editor, number: float) -> str:
    """What Auto comes to; 0 has a meaning of its own."""
    if not number:
        return "never" if box.objectName() == "patience" else "off"
    return f"{number:,}" if number >= 1 else f"{number:g}"


def _rate_box(name: str, title: str, tip: str) -> NumberBox:
    box = describe(NumberBox(MIN_LEARNING_RATE, MAX_LEARNING_RATE, _AUTO), name, title, tip)
    box.set_auto_text("Auto")
    return box
