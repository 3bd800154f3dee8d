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
    MIN_LEARNING_RATE,
    Recipe,
)
from vera_studio.ui import jobs
from vera_studio.ui.pages.setup.fields import Choice, Editor, SettingRow, Tick, add_row, describe
from vera_studio.ui.widgets.number_boxes import NumberBox, WholeNumberBox
from vera_studio.ui.workspace import Devices, Workspace

_AUTO = 0  # what a field holds for no number of the user's
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
        workspace.devices_changed.connect(self._show_devices)
        self._show()

    def _add(self, text: str, name: str, editor: Editor) -> None:
        add_row(self._form, text, SettingRow(self._workspace, "training", name, editor))

    def _add_numbers(self) -> None:
        epochs = describe(
            WholeNumberBox(1, MAX_EPOCHS, _AUTO, "Auto"),
            "epochs",
            "Epochs",
            "How often the images are gone through, at most; Auto suits the classes",
        )
        batch_size = describe(
            WholeNumberBox(1, MAX_BATCH_SIZE, _AUTO, "Auto"),
            "batch_size",
            "Batch size",
            "Images in each training step; Auto goes by the number of images and the device",
        )
        self._learning_rate = describe(
            NumberBox(MIN_LEARNING_RATE, MAX_LEARNING_RATE, _AUTO),
            "learning_rate",
            "Learning rate",
            "Size of the steps; the peak, where the schedule changes it. Auto suits the method: "
            "the more numbers it trains, the smaller the steps",
        )
        self._learning_rate.set_auto_text("Auto")
        self._add("Epochs", "epochs", epochs)
        self._add("Batch size", "batch_size", batch_size)
        self._add("Learning rate", "learning_rate", self._learning_rate)

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
        self._add("Shift images", "shift", shift)
        self._add("Seed", "seed", seed)
        self._add("Device", "device", self._device)

    def _show(self, _: object = None) -> None:
        self._show_automatic_rate(self._workspace.recipe)
        self._show_device_reason()

    def _show_automatic_rate(self, recipe: Recipe) -> None:
        """Say which rate Auto is, once the engine that decides it is loaded."""
        if self._workspace.model is not None:
            rate = jobs.automatic_learning_rate(recipe.adapter.method)
            self._learning_rate.set_auto_text(f"Auto ({rate:g})", rate)

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
