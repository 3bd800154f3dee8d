"""Faults of the program itself on the command line: they leave a report beside the log."""

import argparse
import contextlib
import faulthandler
import sys
import traceback
from pathlib import Path

from vera_studio import environment, recipe_file
from vera_studio.cli.terminal import tell
from vera_studio.errors import StudioError
from vera_studio.files import write_atomically
from vera_studio.runs.fault_report import fault_report, recipe_text, versions


def show_stacks() -> None:
    """Have Python's stack printed where the program dies in compiled code."""
    with contextlib.suppress(AttributeError, ValueError, OSError):  # no terminal to print it on
        faulthandler.enable()


def tell_fault(error: Exception, options: argparse.Namespace) -> None:
    """Print where `error` comes from, and write a report of it."""
    tell(*"".join(traceback.format_exception(error)).splitlines())
    path = environment.log_file().with_name("fault.txt")
    summary = traceback.format_exception_only(error)[-1].strip()
    what = f"vera-studio: this is a fault of VeRA Studio: {summary}."
    try:
        write_atomically(path, fault_report(error, _state(options)).encode(errors="replace"))
    except StudioError as problem:
        tell(f"{what} A report of it cannot be written: {problem}")
        return
    tell(f"{what} To have it mended, send the report along: {path}")


def _state(options: argparse.Namespace) -> str:
    lines = [*versions(), f"Device: {_device()}"]
    recipe = getattr(options, "recipe", None)
    folder = getattr(options, "resume", None)
    path = recipe or (folder / "recipe.toml" if folder else None)
    if isinstance(path, Path):
        with contextlib.suppress(StudioError):
            lines += ["", recipe_text(recipe_file.load(path))]
    return "\n".join(lines)


def _device() -> str:
    torch = sys.modules.get("torch")
    if torch is None:
        return "not looked for yet"
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "no CUDA"
