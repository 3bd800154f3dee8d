"""What a file or folder is, told by a quick look at it."""

from pathlib import Path
from typing import Literal

from vera_studio import files
from vera_studio.ui import adapter_jobs, jobs

Kind = Literal["weights", "images", "recipe", "adapter", "peft"]
KIND_TITLES: dict[Kind, str] = {
    "weights": "weights",
    "images": "images",
    "recipe": "recipe",
    "adapter": "adapter",
    "peft": "PEFT adapter",
}
_WEIGHTS = (".pt", ".pth", ".bin", ".ckpt")


def kind_of(path: Path) -> Kind:
    """What `path` is to be opened as; what is nothing known counts as an adapter."""
    suffix = path.suffix.lower()
    if adapter_jobs.is_peft(path):
        return "peft"
    if files.is_folder(path):
        return "images"
    if suffix == ".toml":
        return "recipe"
    if suffix in _WEIGHTS or (suffix == ".safetensors" and jobs.holds_weights(path)):
        return "weights"
    return "adapter"
