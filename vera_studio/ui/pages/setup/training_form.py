"""How the adapter is trained: length, optimizer, schedule, augmentation, seed and device."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QCheckBox, QFormLayout, QGroupBox, QLabel, QVBoxLayout, QWidget

from vera_studio.recipe import MAX_BATCH_SIZE, MAX_LEARNING_RATE, MAX_SEED, MAX_SHIFT, Recipe
from vera_studio.ui import jobs
from vera_studio.ui.pages.setup.fields import (
    add_row,
    choice,
    describe,
    number,
    select,
    signals_blocked,
    whole_number,
)
from vera_studio.ui.workspace import Devices, Workspace

_AUTO = 0  # what a field holds for no batch size, or no learning rate, of the user's
_OPTIMIZERS = [("AdamW", "adamw"), ("SGD with momentum", "sgd")]
_SCHEDULES = [("One-cycle", "one-cycle"), ("Cosine", "cosine"), ("Constant", "constant")]
_DEVICES = [("Auto", "auto"), ("CUDA", "cuda"), ("MPS", "mps"), ("CPU", "cpu")]


class TrainingForm(QGroupBox):
    """Edits the draft's training section, but for what is in the targets form."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__("Training", parent)
        self._workspace = workspace
        self._make_numbers()
        self._make_choices()
        self._device_reason = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._device_reason.setObjectName("device_reason")
        form = QFormLayout()
        add_row(form, "Epochs", self._epochs)
        add_row(form, "Batch size", self._batch_size)
        add_row(form, "Learning rate", self._learning_rate)
        add_row(form, "Optimizer", self._optimizer)
        add_row(form, "Schedule", self._schedule)
        add_row(form, "Shift images", self._shift)
        add_row(form, "Seed", self._seed)
        add_row(form, "Device", self._device)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self._device_reason)
        layout.addWidget(self._flips)
        workspace.recipe_changed.connect(self._show)
        workspace.model_changed.connect(self._show_automatic_rate)
        workspace.devices_changed.connect(self._show_devices)
        self._show(workspace.recipe)

    def _make_numbers(self) -> None:
        edit = self._workspace.edit_training
        self._epochs = describe(
            whole_number(1, 10_000), "epochs", "Epochs", "How often the images are gone through"
        )
        self._epochs.valueChanged.connect(lambda value: edit(epochs=value))
        self._batch_size = describe(
            whole_number(_AUTO, MAX_BATCH_SIZE, "Auto"),
            "batch_size",
            "Batch size",
            "Images in each training step; Auto goes by the number of images and the device",
        )
        self._batch_size.valueChanged.connect(lambda value: edit(batch_size=value or None))
        self._learning_rate = describe(
            number(_AUTO, MAX_LEARNING_RATE, 6),
            "learning_rate",
            "Learning rate",
            "Size of the steps; the peak, where the schedule changes it. Auto suits the method: "
            "the more numbers it trains, the smaller the steps",
        )
        self._learning_rate.setSpecialValueText("Auto")
        self._learning_rate.valueChanged.connect(lambda value: edit(learning_rate=value or None))
        self._seed = describe(
            whole_number(0, MAX_SEED),
            "training_seed",
            "Training seed",
            "Decides the order of the images, the mixing, the mirroring and the shifts",
        )
        self._seed.valueChanged.connect(lambda value: edit(seed=value))
        self._shift = describe(
            whole_number(0, MAX_SHIFT, "Off"),
            "shift",
            "Shift images",
            "Moves each image at random by up to so many pixels in each direction. Works against "
            "overfitting, but switches the feature cache off, so that a run takes longer",
        )
        self._shift.setSuffix(" px")
        self._shift.valueChanged.connect(lambda value: edit(shift=value))

    def _make_choices(self) -> None:
        edit = self._workspace.edit_training
        self._optimizer = describe(
            choice(_OPTIMIZERS), "optimizer", "Optimizer", "How gradients become steps"
        )
        self._optimizer.activated.connect(lambda: edit(optimizer=self._optimizer.currentData()))
        self._schedule = describe(
            choice(_SCHEDULES),
            "schedule",
            "Schedule",
            "How the learning rate goes over the run: up and down, only down, or level",
        )
        self._schedule.activated.connect(lambda: edit(schedule=self._schedule.currentData()))
        self._device = describe(
            choice(_DEVICES), "device", "Device", "What the run computes on; Auto takes the fastest"
        )
        self._device.activated.connect(lambda: edit(device=self._device.currentData()))
        self._flips = describe(
            QCheckBox("Mirror images at random"),
            "flips",
            "Mirror images at random",
            "Shows each image as it is or mirrored, which works against overfitting",
        )
        self._flips.toggled.connect(lambda on: edit(flips=on))

    def _show(self, recipe: Recipe) -> None:
        training = recipe.training
        fields = (
            self._epochs,
            self._batch_size,
            self._learning_rate,
            self._seed,
            self._optimizer,
            self._schedule,
            self._device,
            self._flips,
            self._shift,
        )
        with signals_blocked(*fields):
            self._epochs.setValue(training.epochs)
            self._batch_size.setValue(training.batch_size or _AUTO)
            self._learning_rate.setValue(training.learning_rate or _AUTO)
            self._seed.setValue(training.seed)
            select(self._optimizer, training.optimizer)
            select(self._schedule, training.schedule)
            select(self._device, training.device)
            self._flips.setChecked(training.flips)
            self._shift.setValue(training.shift)
        self._show_automatic_rate()
        self._show_device_reason()

    def _show_automatic_rate(self, _: object = None) -> None:
        """Say which rate Auto is, once the engine that decides it is loaded."""
        if self._workspace.model is not None:
            rate = jobs.automatic_learning_rate(self._workspace.recipe.adapter.method)
            self._learning_rate.setSpecialValueText(f"Auto ({rate:g})")

    def _show_devices(self, devices: Devices) -> None:
        """Let only what this machine has be chosen."""
        model = self._device.model()
        assert isinstance(model, QStandardItemModel)
        for row, (_, value) in enumerate(_DEVICES):
            model.item(row).setEnabled(value == "auto" or value in devices.available)
        self._show_device_reason()

    def _show_device_reason(self) -> None:
        devices = self._workspace.devices
        is_auto = self._workspace.recipe.training.device == "auto"
        self._device_reason.setText(devices.auto_reason if devices and is_auto else "")
        self._device_reason.setVisible(bool(self._device_reason.text()))
