"""PEFT's file of tensors, read without believing anything in it."""

from pathlib import Path

import safetensors
import torch

from vera_studio.adapters.adapter_file import MAX_FILE_BYTES
from vera_studio.errors import AdapterError
from vera_studio.exchange.peft_names import PICKLED_FILE, TENSORS_FILE
from vera_studio.file_kinds import HEAD_BYTES, other_kind
from vera_studio.files import is_regular, open_regular, reason
from vera_studio.wording import listed

_MAX_HEADER_BYTES = 8 * 2**20  # some 50,000 tensors
_DTYPES = ("F32", "F64", "F16", "BF16")


def read_tensors(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors, under PEFT's names, on the CPU, and what the file says of itself.

    Raises:
        AdapterError: there is no such file, or it is damaged, or of another kind.
    """
    path = folder / TENSORS_FILE
    try:
        _check_file(path)
        with safetensors.safe_open(path, framework="pt") as file:
            kinds = {name: file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118
            if wrong := [name for name, kind in kinds.items() if kind not in _DTYPES]:
                raise AdapterError(
                    f"{path.name} cannot be used: expected {', '.join(_DTYPES)}, found other "
                    f"types in {listed(wrong)}."
                )
            # Copies: what safetensors gives may be the file itself, mapped into memory.
            tensors = {name: file.get_tensor(name).clone() for name in kinds}
            return tensors, file.metadata() or {}
    except safetensors.SafetensorError as error:
        raise AdapterError(f"{path.name} is no whole safetensors file.") from error
    except OSError as error:
        raise AdapterError(f"{path.name} cannot be read: {reason(error)}.") from error


def _check_file(path: Path) -> None:
    """Raise an AdapterError unless there is a file of tensors of reasonable size."""
    try:
        with open_regular(path, MAX_FILE_BYTES) as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        if is_regular(path.parent / PICKLED_FILE):
            raise AdapterError(
                f"{PICKLED_FILE} was not opened: files of that kind can run code. Save the "
                "adapter again with a newer PEFT, whose save_pretrained writes safetensors."
            ) from error
        raise AdapterError(
            f"{path.parent.name or path.parent} is not a whole PEFT folder: there is no "
            f"{path.name} in it."
        ) from error
    if other := other_kind(head):
        raise AdapterError(f"{path.name} holds no adapter: it is {other}.")
    if int.from_bytes(head[:8], "little") > _MAX_HEADER_BYTES:
        raise AdapterError(f"{path.name} is no whole safetensors file.")
