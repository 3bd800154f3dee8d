"""A folder that says what is on pictures without the studio, torch or a connection.

In it are the network with the adapter in it (ONNX), what else a reader needs as JSON, and a script
of a few lines with the reading of pictures beside it, which need onnxruntime and Pillow alone.
"""

import json
from pathlib import Path
from typing import Any

import vera_studio
from vera_studio import environment
from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.errors import ShouldStop, go_on_unless, never_stop
from vera_studio.exchange.onnx_export import onnx_content
from vera_studio.exchange.own_folder import check_own
from vera_studio.export_targets import USE_COMMANDS, USE_FILES
from vera_studio.files import write_together
from vera_studio.models.model import Model

NETWORK_FILE, ABOUT_FILE, *SCRIPTS, README_FILE = USE_FILES


def export_for_use(
    adapter: AdapterFile, model: Model, folder: Path, should_stop: ShouldStop = never_stop
) -> tuple[str, tuple[Path, ...]]:
    """Write such a folder; one that cannot be written whole is left as it was.

    Args:
        adapter: of any method.
        model: the network that it was made for, which is not changed.
        folder: is made; may be empty or hold such an export, which is replaced.
        should_stop: asked before anything is written.

    Returns:
        A sentence for a person on whether the network was checked, and the paths of the files.

    Raises:
        AdapterError: the adapter was made for another network.
        StudioError: `folder` holds something else or cannot be written, or the network cannot be
            exported, as `export_onnx` has it.
        Cancelled: `should_stop` said so.
    """
    check_own(folder, USE_FILES)
    network, sentence = onnx_content(adapter, model)
    scripts = environment.resources_folder() / "take_along"
    contents = {
        NETWORK_FILE: network,
        ABOUT_FILE: json.dumps(_about(adapter, model), indent=2).encode(),
        **{name: (scripts / name).read_bytes() for name in SCRIPTS},
        README_FILE: _readme(adapter, model).encode(),
    }
    paths = {folder / name: content for name, content in contents.items()}
    go_on_unless(should_stop)
    write_together(paths)
    return sentence, tuple(paths)


def _about(adapter: AdapterFile, model: Model) -> dict[str, Any]:
    form = model.preprocessing
    return {
        "made_by": f"VeRA Studio {vera_studio.__version__}",
        "adapter": adapter.info.name,
        "network": model.kind.name,
        "input": "images: float32 (batch, 3, size, size), red first, 0 to 1; not normalised",
        "output": "logits: float32 (batch, classes); their softmax are the shares",
        "class_names": model.class_names,
        "preprocessing": {
            "size": form.size,
            "resize": form.resize,
            "interpolation": form.interpolation,
            "cuts_first": form.cuts_first,
        },
    }


def _readme(adapter: AdapterFile, model: Model) -> str:
    name = adapter.info.name or "an adapter"
    return (
        f"The {model.kind.title} with {name} in it, made with VeRA Studio. It says what is on "
        f"pictures, on any computer with Python:\n\n    "
        + "\n    ".join(USE_COMMANDS)
        + f"\n\n{NETWORK_FILE} runs wherever ONNX Runtime does, on phones and in browsers too; "
        f"{ABOUT_FILE} has the\nnames of the classes and what a picture must become.\n"
    )
