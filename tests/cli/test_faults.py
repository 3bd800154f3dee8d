"""A fault of the program itself on the command line: told, with a report to send along."""

import os
import signal
import subprocess
import sys

import pytest

from tests import broken_disk
from tests.command_line import run
from vera_studio import environment
from vera_studio.training import loop


@pytest.fixture
def faulty(monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(loop, "open_plan", fail)


@pytest.mark.usefixtures("faulty")
def test_a_fault_leaves_a_report(write_recipe, images, tmp_path, capsys):
    recipe = write_recipe(epochs=7)
    assert run("train", recipe, "--out", tmp_path / "run") == 1
    out, err = capsys.readouterr()
    path = environment.log_file().with_name("fault.txt")
    assert out == ""
    assert 'raise ZeroDivisionError("a fault")' in err
    assert err.splitlines()[-1] == (
        "vera-studio: this is a fault of VeRA Studio: ZeroDivisionError: a fault. To have it "
        f"mended, send the report along: {path}"
    )
    report = path.read_text()
    for part in ("VeRA Studio ", "torch ", "Device: ", "epochs = 7", "ZeroDivisionError: a fault"):
        assert part in report
    assert str(images) not in report


@pytest.mark.usefixtures("faulty")
def test_a_fault_on_a_full_disk_is_told_all_the_same(write_recipe, tmp_path, capsys):
    recipe = write_recipe()
    with broken_disk.full(environment.data_folder()):
        assert run("train", recipe, "--out", tmp_path / "run") == 1
    assert "A report of it cannot be written: " in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.skipif(os.name == "nt", reason="has signals of its own")
def test_a_death_in_compiled_code_shows_where_it_was():
    code = (
        "import faulthandler, sys\n"
        "from vera_studio import cli\n"
        "from vera_studio.cli import networks\n"
        "networks.show = lambda *lines: faulthandler._sigsegv()\n"
        "cli.run(['networks'], None)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in done.stderr
