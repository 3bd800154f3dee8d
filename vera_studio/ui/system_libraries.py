"""Whether this machine has what Qt needs, asked before Qt is loaded: it would abort instead."""

import ctypes
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping

CanLoad = Callable[[str], bool]

# Package as imported -> as installed.
_PYTHON_PACKAGES = {"PySide6": "PySide6-Essentials", "pyqtgraph": "pyqtgraph"}

# Shared library -> Debian package: what `readelf -d` names as needed by the Qt 6.12 that
# PySide6-Essentials installs, less what every Linux has.
_QT = {  # libQt6Core, Gui, DBus and Widgets
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
_XCB = {  # libqxcb and libQt6XcbQpa
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


def system_problem(
    environment: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
    can_load: CanLoad | None = None,
    is_installed: Callable[[str], bool] | None = None,
) -> str | None:
    """Why the window cannot open on this machine, in one line; None where it can.

    Args:
        environment: the environment variables.
        platform: as `sys.platform`.
        can_load: whether the dynamic loader opens a library of this name.
        is_installed: whether Python finds a package of this name.
    """
    is_installed = is_installed or _is_installed
    absent = [name for name in _PYTHON_PACKAGES if not is_installed(name)]
    if absent:
        projects = " ".join(_PYTHON_PACKAGES[name] for name in absent)
        return (
            f"The window of VeRA Studio needs {' and '.join(absent)}, not installed here: "
            f"python -m pip install {projects}"
        )
    if platform != "linux":
        return None
    if not any(map(environment.get, ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"))):
        return (
            "VeRA Studio finds no screen to open its window on (neither DISPLAY nor "
            "WAYLAND_DISPLAY is set); `vera-studio train` works without one."
        )
    packages = " ".join(missing_system_libraries(environment, can_load))
    if packages:
        return (
            "VeRA Studio needs system libraries that are not installed. "
            f"On Debian or Ubuntu: sudo apt install {packages}"
        )
    return None


def missing_system_libraries(
    environment: Mapping[str, str] = os.environ, can_load: CanLoad | None = None
) -> list[str]:
    """Debian packages of the libraries that Qt needs on Linux and that cannot be loaded."""
    can_load = can_load or _can_load
    needed = _QT | (_XCB if _uses_xcb(environment) else {})
    missing = {package for library, package in needed.items() if not can_load(library)}
    return sorted(missing)


def _uses_xcb(environment: Mapping[str, str]) -> bool:
    """Whether Qt is going to talk to an X server."""
    chosen = environment.get("QT_QPA_PLATFORM")
    if chosen:
        return chosen.startswith("xcb")  # may go on with ":" and options, ";" and others
    return not environment.get("WAYLAND_DISPLAY")


def _can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
