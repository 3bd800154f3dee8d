"""What a file or folder is, told by a quick look at it."""

from pathlib import Path
from typing import Literal, get_args

from vera_studio import files
from vera_studio.ui.jobs import adapters as adapter_jobs
from vera_studio.ui.jobs import opening as opening_jobs

Kind = Literal["weights", "images", "recipe", "adapter"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_WEIGHTS = (".pt", ".pth", ".ckpt")


def kind_of(path: Path) -> Kind:
    """What `path` is to be opened as; what is nothing known counts as an adapter."""
    suffix = path.suffix.lower()
    if adapter_jobs.holds_adapter(path):
        return "adapter"
    if files.is_folder(path):
        return "images"
    if suffix == ".toml":
        return "recipe"
    return "weights" if suffix in _WEIGHTS or opening_jobs.holds_weights(path) else "adapter"
