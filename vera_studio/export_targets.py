"""The forms in which an adapter can be exported: menus, dialogs, help and parsers go by it."""

from dataclasses import dataclass
from typing import Literal, get_args

Target = Literal["use", "file", "peft", "lora", "merged", "onnx"]
TARGETS: tuple[Target, ...] = get_args(Target)


@dataclass(frozen=True)
class ExportTarget:
    """A form, as a person meets it."""

    entry: str  # in a menu, with "&" before the letter that chooses it
    tip: str
    dialog: str  # title of the one that asks where to, with {} for the adapter's name
    ending: str  # of the name that it proposes
    name_filter: str  # of that dialog; empty for a folder
    opens_as: Literal["adapter", "weights", ""]  # what the studio takes it for; empty: it does not
    command: str = ""  # what the command line's --to says of it; empty where that has it not
    begins_group: bool = False  # of entries in a menu

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, not a file."""
        return not self.name_filter


EXPORT_TARGETS: dict[Target, ExportTarget] = {
    "use": ExportTarget(
        "For &Use…",
        "Write a folder that classifies pictures without VeRA Studio: the network, and a script",
        "Export {} for Use: New Folder",
        "-use",
        "",
        "",
        "a folder that classifies pictures with onnxruntime and Pillow alone",
    ),
    "file": ExportTarget(
        "VeRA Studio &File…",
        "Write the adapter to one small file, for VeRA Studio",
        "Export {}",
        ".safetensors",
        "Adapters (*.safetensors)",
        "adapter",
        begins_group=True,
    ),
    "peft": ExportTarget(
        "&PEFT Folder…",
        "Write the adapter as a folder for PEFT",
        "Export {} to PEFT: New Folder",
        "-peft",
        "",
        "adapter",
        "the PEFT folder that is truest to the adapter",
        begins_group=True,
    ),
    "lora": ExportTarget(
        "&LoRA (PEFT) Folder…",
        "Write the LoRA that equals the adapter, for PEFT",
        "Export {} to PEFT: New Folder",
        "-peft",
        "",
        "adapter",
        "the PEFT folder of the equal LoRA",
    ),
    "merged": ExportTarget(
        "&Merged Weights…",
        "Write the network's weights with the adapter in them, for PyTorch",
        "Export {} as Merged Weights",
        "-merged.safetensors",
        "Safetensors (*.safetensors);;PyTorch (*.pt)",
        "weights",
        "the network's weights with the adapter in them, as .safetensors or .pt",
        begins_group=True,
    ),
    "onnx": ExportTarget(
        "&ONNX…",
        "Write the network with the adapter in it, for programs that run ONNX",
        "Export {} to ONNX",
        ".onnx",
        "ONNX (*.onnx)",
        "",
        "the whole network as one .onnx file",
    ),
}
# The files in the folder of "use", with what each is, and what a person types there.
USE_FILES = {
    "network.onnx": "the network with the adapter in it",
    "network.json": "the names of the classes, and what a picture must become",
    "classify.py": "some twenty lines that classify pictures, to start from",
    "preprocessing.py": "reads a picture to the pixel as VeRA Studio does",
    "README.txt": "how to use it",
}
USE_COMMANDS = ("pip install onnxruntime pillow", "python classify.py picture.jpg")
# Those for other programs, which the command line writes; the studio's own file is there already.
FOREIGN_TARGETS = tuple(name for name in TARGETS if EXPORT_TARGETS[name].command)
