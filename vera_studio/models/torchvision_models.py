"""torchvision's networks for classification, as it lists and describes them itself.

https://docs.pytorch.org/vision/stable/models.html. Their weights come from the network on demand
and are checked against the start of their SHA-256 that torchvision has in the file's name.
"""

import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

from vera_studio.data.preprocessing import Preprocessing
from vera_studio.errors import ModelError
from vera_studio.models.kind import NetworkKind

_DENSENET = re.compile(r"(.*denselayer\d+\.(?:norm|relu|conv))\.([12])(?=\.)")
_HASH = re.compile(r"-([0-9a-f]{8,})\.pth$")
# What torchvision's own builders set where they load weights; it is part of the network then.
_OPTIONS: dict[str, dict[str, Any]] = {
    name: {"transform_input": True, "aux_logits": True, "init_weights": False}
    for name in ("googlenet", "inception_v3")
}


def kinds() -> dict[str, NetworkKind]:
    """Every network that torchvision has weights for, by its name; takes a second."""
    from torchvision import models

    return {
        name: _kind(name, models.get_model_weights(name).DEFAULT)
        for name in models.list_models(module=models)
    }


def _kind(name: str, weights: Any) -> NetworkKind:
    meta, transforms = weights.meta, weights.transforms()
    found = _HASH.search(weights.url)
    assert found, f"{weights.url} does not tell its hash"
    return NetworkKind(
        name=name,
        title=_title(type(weights).__name__),
        build=lambda classes: _build(name, classes),
        load=_load,
        class_names=tuple(meta["categories"]),
        preprocessing=Preprocessing(
            size=transforms.crop_size[0],
            resize=transforms.resize_size[0],
            interpolation=transforms.interpolation.value,
            mean=tuple(transforms.mean),
            std=tuple(transforms.std),
        ),
        parameters=meta["num_params"],
        accuracy=meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100,
        gflops=meta["_ops"],
        url=weights.url,
        sha256_start=found.group(1),
        download_megabytes=meta["_file_size"],
    )


def _build(name: str, classes: int) -> nn.Module:
    from torchvision import models

    with warnings.catch_warnings():
        # Told of changes of its defaults, which do not matter to what is filled afterwards.
        warnings.simplefilter("ignore", FutureWarning)
        network: nn.Module = models.get_model(
            name, weights=None, num_classes=classes, **_OPTIONS.get(name, {})
        )
    return network


def _load(network: nn.Module, path: Path) -> None:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        # DenseNet's files are from when names could have dots in them.
        renamed = type(state)(
            (_DENSENET.sub(r"\1\2", name), value) for name, value in state.items()
        )
        if hasattr(state, "_metadata"):  # MNASNet's versions
            renamed._metadata = state._metadata
        network.load_state_dict(renamed)
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise ModelError(
            f"{path.name} is damaged. Delete it from {path.parent}, and it is downloaded again."
        ) from error


def _title(weights: str) -> str:
    """Such as "RegNet-Y-1.6GF" for "RegNet_Y_1_6GF_Weights"."""
    name = weights.removesuffix("_Weights")
    return re.sub(r"(?<=\d)_(?=\d)", ".", name).replace("_", "-")
