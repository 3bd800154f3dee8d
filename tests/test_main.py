"""The program as a process of its own: subcommands without Qt, failures in one line."""

import json
import os
import subprocess
import sys

import vera_studio
from vera_studio import recipe_file
from vera_studio.recipe import Recipe, TrainingSettings
from vera_studio.runs.run_folder import load_result

WITHOUT_QT = """
import sys

class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("PySide6", "shiboken6", "pyqtgraph"):
            raise ImportError(f"{name} is not installed")

sys.meta_path.insert(0, NoQt())
from vera_studio.__main__ import main
sys.exit(main())
"""


def python(*arguments):
    environment_ = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        env=environment_,
    )


def test_subcommands_run_without_qt(tmp_path):
    training = TrainingSettings(target_classes=("cat",), keep_others=0.0, epochs=1, device="cpu")
    recipe_file.save(Recipe(training=training), tmp_path / "recipe.toml")
    folder = tmp_path / "run"
    done = python("-c", WITHOUT_QT, "train", tmp_path / "recipe.toml", "--out", folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"Run folder: {folder}"
    result = load_result(folder)
    options = ("--data", "sample", "--device", "cpu", "--json")
    done = python("-c", WITHOUT_QT, "evaluate", result.best_adapter, *options)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["accuracy"] == result.after.accuracy


def test_the_block_on_qt_works():
    done = python("-c", WITHOUT_QT.replace("from vera_studio", "import PySide6\nfrom vera_studio"))
    assert done.returncode == 1
    assert "PySide6 is not installed" in done.stderr


def test_a_failure_of_the_program_itself_is_one_line(tmp_path):
    done = python("-m", "vera_studio", "evaluate", tmp_path / "none", "--data", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_the_version_comes_without_torch_or_qt():
    code = (
        "import sys; from vera_studio.__main__ import main\n"
        "sys.argv = ['vera-studio', '--version']\n"
        "try: main()\n"
        "finally: print(*sorted({'torch', 'PySide6', 'pyqtgraph'} & set(sys.modules)))"
    )
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [vera_studio.__version__]
