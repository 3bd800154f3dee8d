"""What comes into a layer of a network, image by image: before the last one, what it sees."""

import threading
from collections.abc import Callable

import torch
from torch import nn

from vera_studio.errors import Cancelled
from vera_studio.training.evaluation import on_each
from vera_studio.training.inputs import Inputs

OnProgress = Callable[[int, int], None]  # (done, total)


class _Seen(threading.local):
    """What last came into a layer, for each thread."""

    inputs: torch.Tensor


def layer_inputs(
    layer: nn.Module,
    inputs: Inputs,
    views: torch.Tensor,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: OnProgress = lambda done, total: None,
) -> torch.Tensor:
    """What comes into `layer` for each of `views`.

    Args:
        layer: of the network that `inputs` are computed with. What comes into a convolution is
            averaged over its places.
        inputs: images, or features of them.
        views: (count,) int64, where `inputs` has them.
        should_stop: asked before every batch.
        on_progress: told how many of the views are done.

    Returns:
        (count, width) float32, on the CPU.

    Raises:
        NotEnoughMemoryError: not even one image can be computed.
        Cancelled: `should_stop` said so.
    """
    seen = _Seen()

    def note(_: nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
        seen.inputs = arguments[0]

    def compute(some: torch.Tensor) -> torch.Tensor:
        inputs.logits(some)
        features = seen.inputs
        # (batch, width, h, w) -> (batch, width)
        return (features.mean((2, 3)) if features.ndim == 4 else features).float().cpu()

    handle = layer.register_forward_pre_hook(note)
    rows: list[torch.Tensor] = []
    done = 0
    try:
        for some in on_each(inputs, views, compute):
            if should_stop():
                raise Cancelled
            rows.append(some)
            done += len(some)
            on_progress(done, len(views))
    finally:
        handle.remove()
    return torch.cat(rows)
