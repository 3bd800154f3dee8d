"""What is told instead of Qt's abort where the machine lacks something."""

import subprocess
import sys

import pytest

from vera_studio.ui.system_libraries import missing_system_libraries, system_problem

X11 = {"DISPLAY": ":0"}
WAYLAND = {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}


def lacks(*absent):
    return lambda library: library not in absent


def problem(
    environment, platform="linux", can_load=lambda name: True, is_installed=lambda name: True
):
    return system_problem(environment, platform, can_load, is_installed)


def test_no_problem_where_nothing_is_missing():
    assert problem(X11) is None
    assert problem(WAYLAND) is None


def test_missing_libraries_are_named_by_package_in_one_line():
    line = problem(X11, can_load=lacks("libxcb-icccm.so.4", "libxcb-cursor.so.0"))
    assert line.endswith("sudo apt install libxcb-cursor0 libxcb-icccm4")
    assert "\n" not in line


def test_a_package_that_holds_two_libraries_is_named_once():
    absent = lacks("libglib-2.0.so.0", "libgthread-2.0.so.0")
    assert missing_system_libraries(X11, absent) == ["libglib2.0-0"]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (X11, ["libxcb-cursor0"]),
        ({**WAYLAND, "QT_QPA_PLATFORM": "xcb"}, ["libxcb-cursor0"]),
        ({**X11, "QT_QPA_PLATFORM": "xcb:someoption"}, ["libxcb-cursor0"]),
        (WAYLAND, []),
        ({**X11, "QT_QPA_PLATFORM": "offscreen"}, []),
    ],
)
def test_the_x11_libraries_count_only_where_qt_uses_them(environment, expected):
    assert missing_system_libraries(environment, lacks("libxcb-cursor.so.0")) == expected


@pytest.mark.parametrize("environment", [X11, WAYLAND, {"QT_QPA_PLATFORM": "offscreen"}])
def test_the_libraries_of_qt_itself_always_count(environment):
    assert missing_system_libraries(environment, lacks("libEGL.so.1")) == ["libegl1"]


def test_a_machine_without_a_screen_is_told_what_works_there():
    line = problem({})
    assert "vera-studio train" in line
    assert "\n" not in line
    assert problem({"QT_QPA_PLATFORM": "offscreen"}) is None


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_bring_what_qt_needs(platform):
    assert problem({}, platform, can_load=lambda library: False) is None


def test_a_missing_python_package_is_named_with_the_command_that_installs_it():
    line = problem(X11, is_installed=lambda name: name != "PySide6")
    assert line.endswith("python -m pip install PySide6-Essentials")
    assert "\n" not in line


@pytest.mark.skipif(sys.platform != "linux", reason="asks the dynamic loader of Linux")
def test_this_machine_has_what_these_tests_run_with():
    assert missing_system_libraries({"QT_QPA_PLATFORM": "offscreen"}) == []


def test_asking_loads_no_qt():
    code = (
        "import sys; from vera_studio.ui.system_libraries import system_problem;"
        "system_problem(); assert not any(name.startswith('PySide6') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
