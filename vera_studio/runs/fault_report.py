"""What is known where the program itself is at fault: versions, recipe, traceback; nobody's names.

Text for a person to read and to send along: the user's folders and name are left out of it.
"""

import dataclasses
import getpass
import platform
import re
import sys
import traceback
from pathlib import Path

import vera_studio
from vera_studio import environment, recipe_file
from vera_studio.recipe import Recipe

_PACKAGES = ("torch", "torchvision", "numpy", "safetensors", "pillow", "pyqtgraph", "onnx")


def versions() -> list[str]:
    """The studio, what it runs on, and the system; a line each."""
    return [
        f"VeRA Studio {vera_studio.__version__}",
        f"Python {platform.python_version()}",
        *(f"{package} {version_of(package)}" for package in _PACKAGES),
        *([] if "torch" in sys.modules else ["torch not loaded"]),
        f"{platform.platform()}, {platform.machine()}",
    ]


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


def recipe_text(recipe: Recipe) -> str:
    """A recipe as TOML without names of files, folders and classes, of which numbers are told."""
    data, model, training = recipe.data, recipe.model, recipe.training
    hidden = dataclasses.replace(
        recipe,
        data=dataclasses.replace(
            data,
            folder="left out" if data.folder else "",
            left_out=_counted(data.left_out or None) or (),
        ),
        model=dataclasses.replace(
            model,
            weights="left out" if model.weights else "",
            class_names=_counted(model.class_names),
        ),
        training=dataclasses.replace(training, target_classes=_counted(training.target_classes)),
    )
    return recipe_file.to_toml(hidden)


def _counted(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if names is None else (f"{len(names)} left out",)


def fault_report(error: BaseException, state: str) -> str:
    """What to send along with `error`; `state` says what was going on, versions among it."""
    lines = (state, f"Log: {environment.log_file()}", "", *traceback.format_exception(error))
    return without_names("\n".join(line.rstrip("\n") for line in lines) + "\n")


def without_names(text: str) -> str:
    """`text` without the home folder and without the user's name where it is part of a path."""
    home = str(Path.home())
    if len(home) > 1:
        for written in (home, home.replace("\\", "\\\\")):
            text = re.sub(rf"{re.escape(written)}(?![\w-])", "~", text)  # not /home/adam for ada
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # Windows without a name in the environment
        return text
    return re.sub(rf"(?<=[\\/]){re.escape(user)}(?![\w.-])", "USER", text) if user else text
