"""The one way in for the window and the command line: the studio's own file or a PEFT folder."""

from pathlib import Path

from vera_studio.adapters import adapter_file
from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.exchange.peft_import import import_peft
from vera_studio.exchange.peft_names import CONFIG_FILE, TENSORS_FILE
from vera_studio.models.model import Model


def read_adapter(path: Path, model: Model) -> AdapterFile:
    """Read an adapter, whoever wrote it.

    Args:
        path: a file of the studio, a PEFT folder, or one of the two files in one.
        model: what a PEFT folder, which does not say what it was trained on, is taken to be
            for. Whether a file of the studio is for it shows where the adapter is put on.

    Raises:
        AdapterError: it is neither, is damaged, or cannot be had in the studio; gives the
            reason.
    """
    folder = peft_folder(path)
    if folder is None:
        return adapter_file.load(path)
    return import_peft(folder, model.network, model.class_names)


def peft_folder(path: Path) -> Path | None:
    """The PEFT folder that `path` is or lies in; None where it must be a file of the studio."""
    if path.is_dir():
        return path
    if path.name in (CONFIG_FILE, TENSORS_FILE) and (path.parent / CONFIG_FILE).is_file():
        return path.parent
    return None
