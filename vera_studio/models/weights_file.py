"""Opens a file of weights by its content, whatever it is called, and says what others are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from vera_studio.errors import ModelError, ShouldStop
from vera_studio.file_kinds import HEAD_BYTES, other_kind
from vera_studio.files import open_regular, reason
from vera_studio.models import safetensors_file, torch_file

MAX_FILE_BYTES = 2**36  # 64 GiB; only what is wanted of it is read
_SAVE_WEIGHTS = "Save the weights alone: torch.save(model.state_dict(), path)."


@contextmanager
def opened(path: Path, should_stop: ShouldStop) -> Iterator[Any]:
    """What the file holds: tables of `Stored` tensors, to be read while it is open.

    Raises:
        ModelError: says what the file is instead, or that it is damaged.
        Cancelled: `should_stop` said so.
    """
    try:
        file = open_regular(path, MAX_FILE_BYTES)
    except FileNotFoundError as error:
        raise ModelError(f"There is no file {path}.") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {reason(error)}.") from error
    with file:
        try:
            yield _content(file, path.name, should_stop)
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {reason(error)}.") from error


def told_class_names(path: Path) -> tuple[str, ...]:
    """What a file of weights says that its classes are called; empty where it says nothing."""
    try:
        with open_regular(path, MAX_FILE_BYTES) as file:
            if not safetensors_file.looks_like_one(file.read(HEAD_BYTES)):
                return ()
            return safetensors_file.class_names(file, os.fstat(file.fileno()).st_size)
    except (OSError, ModelError):  # told where the weights are read
        return ()


def holds_weights(path: Path) -> bool:
    """Whether a file seems to be one of weights, and no adapter; a quick look, never an error."""
    try:
        with open_regular(path, MAX_FILE_BYTES) as file:
            head = file.read(HEAD_BYTES)
            if not safetensors_file.looks_like_one(head):
                return head.startswith((torch_file.ZIP_HEAD, b"\x80"))
            file.seek(0)
            names = safetensors_file.names(file, os.fstat(file.fileno()).st_size)
    except (OSError, ModelError):
        return False
    if names is None:  # longer than an adapter's may be
        return True
    # PEFT's LoRA has names that end alike: whoever drops its file alone is to be told so.
    return any(name.endswith(".weight") and ".lora_" not in name for name in names)


def _content(file: BinaryIO, name: str, should_stop: ShouldStop) -> Any:
    head = file.read(HEAD_BYTES)
    if other := other_kind(head):
        raise ModelError(f"{name} is no file of weights: it is {other}.")
    try:
        if safetensors_file.looks_like_one(head):
            return safetensors_file.read(file, os.fstat(file.fileno()).st_size)
        if head.startswith(torch_file.ZIP_HEAD):
            return torch_file.read_archive(file, should_stop)
        if head[:1] == b"\x80":  # a pickle's first byte
            return torch_file.read_legacy(file, should_stop)
    except ModelError as error:
        raise ModelError(f"{name} cannot be opened: {error}.") from error
    raise ModelError(
        f"{name} is no file of weights, or is damaged: expected what safetensors or torch.save "
        f"writes. {_SAVE_WEIGHTS}"
    )
