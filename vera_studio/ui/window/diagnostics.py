"""What there is to know about this installation and session, as text to copy; no personal paths."""

from typing import TYPE_CHECKING

import PySide6
from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

from vera_studio.runs.fault_report import recipe_text, versions, without_names

if TYPE_CHECKING:
    from vera_studio.ui.state.studio import Studio
    from vera_studio.ui.state.workspace import Devices


def device_text(devices: "Devices | None") -> str:
    """What is computed on when nothing is chosen, and why, if that is known yet."""
    return devices.auto_reason if devices else "not looked for yet"


def qt_versions() -> list[str]:
    """The studio, what it runs on, Qt and the system; a line each."""
    studio, python, *others = versions()
    qt = f"PySide6 {PySide6.__version__}, Qt {qVersion()}, {QGuiApplication.platformName()}"
    return [studio, python, qt, *others]


def diagnostics(studio: "Studio") -> str:
    """Versions, device, screens, what is open and the recipe; no names of files and classes."""
    lines = [*qt_versions(), f"Device: {device_text(studio.workspace.devices)}"]
    lines += [f"Screen: {_screen(number)}" for number in range(len(QGuiApplication.screens()))]
    return without_names("\n".join([*lines, *_work(studio)]))


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
    if workspace.adapter is not None:
        lines.append("An adapter is on")
    lines.append(f"Adapters in the library: {len(studio.shelf.entries):,}")
    return [*lines, "", recipe_text(recipe)]
