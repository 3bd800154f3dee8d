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
# Parts of GoogLeNet that only its own training used; torchvision takes them off as well.
_TRAINING_ONLY = ("aux1.", "aux2.")


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
    options = _options(name, meta)
    return NetworkKind(
        name=name,
        title=_title(type(weights).__name__),
        build=lambda classes: _build(name, classes, options),
        load=_load,
        own_name=own_name,
        class_names=tuple(meta["categories"]),
        preprocessing=Preprocessing(
            size=transforms.crop_size[0],
            resize=transforms.resize_size[0],
            interpolation=transforms.interpolation.value,
            mean=tuple(transforms.mean),
            std=tuple(transforms.std),
        ),
        parameters=meta["num_params"],
        # SqueezeNet has no linear layer: its last convolution stands for one.
        layers=("classifier.1",) if name.startswith("squeezenet") else None,
        accuracy=meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100,
        gflops=meta["_ops"],
        url=weights.url,
        sha256_start=found.group(1),
        download_megabytes=meta["_file_size"],
    )


def own_name(name: str) -> str | None:
    """What a tensor of one of torchvision's files is called in the network; None for no part."""
    if name.startswith(_TRAINING_ONLY):
        return None
    return _DENSENET.sub(r"\1\2", name)  # the files are from when names could have dots in them


def _options(name: str, meta: dict[str, Any]) -> dict[str, Any]:
    """What torchvision's builder sets where it loads weights; it is part of the network then."""
    if name == "inception_v3":
        return {"transform_input": True, "aux_logits": True, "init_weights": False}
    if name == "googlenet":
        return {"transform_input": True, "aux_logits": False, "init_weights": False}
    if name.startswith("vit_"):
        return {"image_size": meta["min_size"][0]}
    return {}


def _build(name: str, classes: int, options: dict[str, Any]) -> nn.Module:
    from torchvision import models

    with warnings.catch_warnings():
        # Told of changes of its defaults, which do not matter to what is filled afterwards.
        warnings.simplefilter("ignore", FutureWarning)
        network: nn.Module = models.get_model(name, weights=None, num_classes=classes, **options)
    return network


def _load(network: nn.Module, path: Path) -> None:
    """Fill `network` from torchvision's own file, whose digest has been checked."""
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
        state = type(stored)(
            (own, value) for name, value in stored.items() if (own := own_name(name)) is not None
        )
        if hasattr(stored, "_metadata"):  # MNASNet's versions
            state._metadata = stored._metadata
        network.load_state_dict(state)
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise ModelError(
            f"{path.name} arrived whole, but the PyTorch that is installed cannot open it. "
            "Choose another network, or bring VeRA Studio up to date."
        ) from error


def _title(weights: str) -> str:
    """Such as "RegNet-Y-1.6GF" for "RegNet_Y_1_6GF_Weights"; "Wide-ResNet50-2" has no point."""
    name = weights.removesuffix("_Weights")
    return re.sub(r"(?<=\d)(?<!\d\d)_(?=\d)", ".", name).replace("_", "-")
