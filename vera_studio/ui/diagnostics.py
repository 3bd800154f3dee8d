"""What there is to know about this installation and session, as text to copy; no personal paths."""

import platform
import sys
from typing import TYPE_CHECKING

import PySide6
from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

import vera_studio

if TYPE_CHECKING:
    from vera_studio.ui.studio import Studio
    from vera_studio.ui.workspace import Devices

_PACKAGES = ("torch", "torchvision", "numpy", "safetensors", "pillow", "pyqtgraph", "onnx")


def version_of(package: str) -> str:
    """The version of an installed package, which is not imported for it."""
    module = sys.modules.get(package)
    if module is not None and hasattr(
        module, "__version__"
    ):  # of torch's, this one names CUDA as well
        return str(module.__version__)
    from importlib import metadata  # slow to import, and of no use before the window is there

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def device_text(devices: "Devices | None") -> str:
    """What is computed on when nothing is chosen, and why, if that is known yet."""
    return devices.auto_reason if devices else "not looked for yet"


def versions() -> list[str]:
    """The studio, what it runs on, and the system; a line each."""
    return [
        f"VeRA Studio {vera_studio.__version__}",
        f"Python {platform.python_version()}",
        f"PySide6 {PySide6.__version__}, Qt {qVersion()}, {QGuiApplication.platformName()}",
        *(f"{package} {version_of(package)}" for package in _PACKAGES),
        *([] if "torch" in sys.modules else ["torch not loaded"]),
        f"{platform.platform()}, {platform.machine()}",
    ]


def diagnostics(studio: "Studio") -> str:
    """Versions, device, screens, and what is open, without names of files, folders and classes."""
    lines = [*versions(), f"Device: {device_text(studio.workspace.devices)}"]
    lines += [f"Screen: {_screen(number)}" for number in range(len(QGuiApplication.screens()))]
    return "\n".join([*lines, *_work(studio)]) + "\n"


def _screen(number: int) -> str:
    screen = QGuiApplication.screens()[number]
    size, scale = screen.geometry().size(), screen.devicePixelRatio()
    return f"{size.width()} x {size.height()}, scale {scale:g}"


def _work(studio: "Studio") -> list[str]:
    """What is open and set up, in numbers."""
    workspace = studio.workspace
    recipe, model, data = workspace.recipe, workspace.model, workspace.data
    lines = [f"Run: {studio.run.state.value}"]
    if studio.comparison.is_going:
        lines.append("A comparison is going on")
    if model is not None:
        own = "own weights" if recipe.model.weights else "built-in weights"
        lines.append(f"Network: {model.kind.name}, {own}")
    if data is not None:
        parts = (len(part) for part in (data.train, data.validation, data.test))
        numbers = " + ".join(f"{part:,}" for part in parts)
        lines.append(f"Images: {recipe.data.source}, {numbers}, {len(data.skipped):,} skipped")
    adapter, training = recipe.adapter, recipe.training
    lines.append(f"Adapter: {adapter.method}, rank {adapter.rank}, sharing {adapter.sharing}")
    lines.append(
        f"Training: {training.epochs or 'auto'} epochs, batch {training.batch_size or 'auto'}, "
        f"{training.optimizer}, {training.schedule}, device {training.device}"
    )
    if workspace.adapter is not None:
        lines.append("An adapter is on")
    return [*lines, f"Adapters in the library: {len(studio.shelf.entries):,}"]
