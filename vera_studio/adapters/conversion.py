"""The LoRA that computes exactly what a VeRA adapter does.

VeRA's dW = diag(b) B diag(d) A (Kopiczko, Blankevoort and Asano, ICLR 2024,
https://arxiv.org/abs/2310.11454) is a LoRA's dW = B' A' with A' = diag(d) A and B' = diag(b) B.
The way back does not exist: a LoRA's A and B are no multiples of a shared pair.
"""

import dataclasses
from collections.abc import Mapping

import torch
from torch import nn

from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.adapters.adapter_metadata import FORMAT_VERSION
from vera_studio.adapters.attach import attached_layers
from vera_studio.adapters.copies import with_adapter
from vera_studio.adapters.lora import LoraLayer
from vera_studio.adapters.vera import VeraLayer
from vera_studio.errors import AdapterError
from vera_studio.methods import METHOD_FACTS
from vera_studio.recipe import AdapterSettings, Method
from vera_studio.wording import listed

_NO_LORA: dict[Method, str] = {
    "full": "it changes every number of a weight, which no product of two small matrices does",
    "bias": "it changes biases, which LoRA leaves as they are",
    "head": "it is on no other layer, and the last one is trained whole",
}


def to_lora(adapter: AdapterFile, network: nn.Module, base: str = "") -> AdapterFile:
    """The LoRA equal to a VeRA adapter, with alpha = rank; a LoRA comes back as it is.

    A layer that is trained whole beside it stays as it is. Computed in float64 and rounded once to
    the dtype of the layer's weight.

    Args:
        adapter: of the method VeRA or LoRA.
        network: the one that the adapter was made for; it is not changed.
        base: digest of the network's weights, where it is known.

    Raises:
        AdapterError: the adapter is of a method without an equal LoRA, was made for another
            network, or has an equal LoRA whose numbers the dtype cannot hold.
    """
    settings = adapter.info.settings
    if settings.method == "lora":
        return adapter
    check_low_rank(adapter)
    parameters: dict[str, torch.Tensor] = {}
    for name, layer in attached_layers(with_adapter(adapter, network, base=base)).items():
        if layer.is_head:  # which is no change of low rank, and stays whole
            kept = {f"{name}.{own}" for own in layer.adapter_parameter_names}
            parameters |= {key: adapter.parameters[key] for key in kept}
            continue
        dtype = layer.site.weight.dtype
        A, B = factors(layer)  # noqa: N806 - the paper's
        parameters |= {f"{name}.A": A.to(dtype), f"{name}.B": B.to(dtype)}
    check_finite(parameters)
    info = dataclasses.replace(
        adapter.info,
        settings=AdapterSettings(
            method="lora",
            rank=settings.rank,
            seed=settings.seed,
            layers=settings.layers,
            head=settings.head,
        ),
        projections_digest="",
        stores_projections=False,
        format_version=FORMAT_VERSION,
    )
    return AdapterFile(info, parameters)


def check_finite(parameters: Mapping[str, torch.Tensor]) -> None:
    """Refuse an adapter that came out with numbers that its dtype cannot hold.

    Raises:
        AdapterError: names the parameters.
    """
    wrong = [name for name, value in parameters.items() if not bool(value.isfinite().all())]
    if wrong:
        raise AdapterError(
            f"The adapter's numbers become too large for its dtype: {listed(wrong)}."
        )


def check_low_rank(adapter: AdapterFile) -> None:
    """Refuse an adapter that is no product of two small matrices.

    Raises:
        AdapterError: it is; gives the reason.
    """
    method = adapter.info.settings.method
    if reason := _NO_LORA.get(method):
        raise AdapterError(f"{METHOD_FACTS[method].title} cannot become a LoRA: {reason}.")


def factors(layer: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    """A (rank, in) and B (out, rank) in float64 on the CPU, with dW = B A.

    Args:
        layer: an adapted layer of VeRA or LoRA.
    """
    if isinstance(layer, LoraLayer):
        return _double(layer.A), layer.scale * _double(layer.B)
    assert isinstance(layer, VeraLayer)
    A, B = (_double(part) for part in layer.sliced())  # noqa: N806 - the paper's
    return _double(layer.d)[:, None] * A, _double(layer.b)[:, None] * B


def _double(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().cpu().double()
