"""Splitting a network into the part that training cannot change and the rest.

What a value depends on is read off the network's graph (torch.fx, Reed et al. 2022,
arXiv 2112.08429): a value that no trained parameter has a part in is the same in every epoch.
The values at the border, computed without training and used by what is trained, are the
*features*. With an adapter on its first linear layer a network's features are that layer's own
output and A x, for these two products are frozen as well.
"""

import logging
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import torch
from torch import fx, nn

from vera_studio.adapters.layer import AdapterLayer, Reader
from vera_studio.training.cut import CannotSplitError as CannotSplitError
from vera_studio.training.cut import best_border
from vera_studio.training.folding import faster
from vera_studio.training.memory import halve_when_out_of_memory

# Relative and absolute: rounding differs with the size of a batch, most where CUDA takes TF32.
_TOLERANCE = 1e-3
WIDEST = 2  # times as many numbers as an image has that its features may have
_SHAKE = 0.1  # standard deviation of what is added to trained values for a trial
_MEASURED_AT_ONCE = 512  # images
_ACCURACY_LOST = 0.001  # share of images, at most, that bfloat16 may cost
_Value = TypeVar("_Value")
# While it traces, fx replaces methods of all modules; two at once would put back the wrong ones.
_one_trace = threading.Lock()
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Split:
    """A network in two parts that share its layers; trained(frozen(x)) is network(x)."""

    frozen: nn.Module  # images (batch, 3, h, w) -> features (batch, width)
    trained: nn.Module  # features (batch, width) -> logits (batch, classes)
    width: int  # numbers an image
    dtype: torch.dtype  # of the features
    place: str = ""  # full name of the last layer whose outputs are features; empty if unknown
    in_bfloat16: bool = False  # whether the frozen part computes in it


def split(network: nn.Module, images: torch.Tensor, most_width: int | None = None) -> Split:
    """Split `network`, in evaluation mode, where keeping features saves most.

    Args:
        network: some of its parameters require gradients.
        images: (batch, 3, h, w), at least one, to try the parts on, on the network's device;
            with several it shows as well whether images are computed independently.
        most_width: numbers that the features of an image may have; None for twice as many
            as the image itself has. Wider ones take more memory than they are worth.

    Raises:
        CannotSplitError: the network cannot be traced, or its parts do not compute what it
            does, or features are not tensors with a row an image, or too wide everywhere.
    """
    graph, border = _cut(network, images[:1], most_width)
    frozen = _Frozen(faster(fx.GraphModule(network, _frozen_graph(graph, border))))
    values = _try(lambda: frozen.values(images))
    _check_values(values, len(images))
    trained = fx.GraphModule(network, _trained_graph(graph, border))
    shapes = [value.shape[1:] for value in values]
    result = Split(
        frozen.eval(),
        _Trained(trained, shapes).eval(),
        width=sum(math.prod(shape) for shape in shapes),
        dtype=values[0].dtype,
        place=_place(border),
    )
    with _shaken(network):
        _prove(result, network, images)
    return result


def planned_cut(network: nn.Module, image: torch.Tensor, most_width: int) -> tuple[int, str]:
    """Width and place of the features that `split` would have, without proving its parts.

    Args:
        network: as `split` takes it.
        image: (1, 3, h, w), to measure on.
        most_width: numbers that the features of an image may have.

    Raises:
        CannotSplitError: as `split`, but for what only a proof shows.
    """
    graph, border = _cut(network, image, most_width)
    frozen = _Frozen(fx.GraphModule(network, _frozen_graph(graph, border)))
    values = _try(lambda: frozen.values(image))
    return sum(value[0].numel() for value in values), _place(border)


def _cut(
    network: nn.Module, image: torch.Tensor, most_width: int | None
) -> tuple[fx.Graph, list[fx.Node]]:
    """The network's graph, and the nodes whose values are the features."""
    try:
        with _one_trace:
            graph = _Tracer().trace(network)
    except Exception as error:
        # Tracing runs the network's own code on stand-ins, which fails in as many ways as code.
        raise CannotSplitError(f"its code cannot be traced ({_first_line(error)})") from error
    most = WIDEST * image[0].numel() if most_width is None else most_width
    return graph, best_border(network, graph, _trained_nodes(network, graph), image, most)


def in_bfloat16(parts: Split, images: torch.Tensor, labels: torch.Tensor) -> Split:
    """The parts with the frozen one in bfloat16 where that costs no accuracy, else as they are.

    They stay as they are where the device cannot compute in bfloat16, too.

    Args:
        parts: of a network on the device of `images`.
        images: (count, 3, h, w) to measure on; some thousand, or the measure is a coarse one.
        labels: (count,), their classes.
    """
    assert isinstance(parts.frozen, _Frozen)
    frozen = _Frozen(parts.frozen.part, bfloat16=True).eval()
    lower = replace(parts, frozen=frozen, in_bfloat16=True)

    def correct(candidate: Split) -> int:
        def count(some: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                predicted = candidate.trained(candidate.frozen(images[some])).argmax(dim=1)
            return torch.sum(predicted == labels[some])

        every = torch.arange(len(images), device=images.device)
        return int(sum(halve_when_out_of_memory(count, every, _MEASURED_AT_ONCE)))

    try:
        with _shaken(parts.trained):
            lost = correct(parts) - correct(lower)
    except RuntimeError as error:
        _log.warning("not computing in bfloat16: %s", error)
        return parts
    return lower if lost <= _ACCURACY_LOST * len(images) else parts


class _Tracer(fx.Tracer):
    """Leaves other threads alone: while tracing, fx has every module of the process call it."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether `m` is one step: what swaps weights for a call cannot be traced into.

        The head is one as well, so that its inputs are the features where it alone is trained.
        """
        is_step = isinstance(m, Reader) or (
            isinstance(m, AdapterLayer) and (m.is_head or not m.is_factored)
        )
        return is_step or super().is_leaf_module(m, module_qualified_name)

    def call_module(
        self,
        m: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        if threading.get_ident() != self._thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        if threading.get_ident() != self._thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)


@contextmanager
def _shaken(network: nn.Module) -> Iterator[None]:
    """Give what is trained other values for a while: a vector of zeros hides what it scales."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    before = [parameter.detach().clone() for parameter in trained]
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in trained:
            noise = torch.randn(parameter.shape, generator=generator).to(parameter)
            parameter.add_(noise, alpha=_SHAKE)
    try:
        yield
    finally:
        with torch.no_grad():
            for parameter, value in zip(trained, before, strict=True):
                parameter.copy_(value)


class _Frozen(nn.Module):
    """Lays the features of each image side by side in one row."""

    def __init__(self, part: nn.Module, bfloat16: bool = False) -> None:
        super().__init__()
        self.part = part
        self._bfloat16 = bfloat16

    def values(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        with torch.no_grad():
            values: tuple[torch.Tensor, ...] = self.part(images)
        return values

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if not self._bfloat16:
            return self._rows(images)
        with torch.autocast(images.device.type, torch.bfloat16):
            rows = self._rows(images)
        return rows.to(images.dtype)

    def _rows(self, images: torch.Tensor) -> torch.Tensor:
        return torch.cat([_row(value) for value in self.values(images)], dim=1)  # (batch, width)


class _Trained(nn.Module):
    """Takes rows of features apart again."""

    def __init__(self, part: nn.Module, shapes: Sequence[torch.Size]) -> None:
        super().__init__()
        self.part = part
        self._sizes = [math.prod(shape) for shape in shapes]
        # None where the row holds the value as it is.
        self._shapes = [shape if len(shape) != 1 else None for shape in shapes]

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        parts = torch.split(rows, self._sizes, dim=1)
        logits: torch.Tensor = self.part(*map(_from_row, parts, self._shapes))
        return logits


def _row(value: torch.Tensor) -> torch.Tensor:
    """A value (batch, ...) as rows (batch, width); of images with the channels last."""
    # So that they lie in memory as convolutions are fastest: half as fast again on a CPU.
    return (value.permute(0, 2, 3, 1) if value.ndim == 4 else value).flatten(1)


def _from_row(row: torch.Tensor, shape: torch.Size | None) -> torch.Tensor:
    """What `_row` made a row (batch, width) of; `shape` is that of an image's value."""
    if shape is None:
        return row
    if len(shape) != 3:
        return row.reshape(-1, *shape)
    channels, height, width = shape
    return row.reshape(-1, height, width, channels).permute(0, 3, 1, 2)


def _trained_nodes(network: nn.Module, graph: fx.Graph) -> set[fx.Node]:
    """Those that a trained parameter has a part in."""
    trained: set[fx.Node] = set()
    for node in graph.nodes:
        if _has_trained_parameter(network, node) or trained & set(node.all_input_nodes):
            trained.add(node)
    if not trained:
        raise CannotSplitError("nothing in it is trained")
    return trained


def _place(border: Sequence[fx.Node]) -> str:
    """The layer that features come from, as a person knows it."""
    waiting = list(border)
    while waiting:
        node = waiting.pop(0)
        if node.op == "call_module":
            return str(node.target).removesuffix(".base")
        waiting += node.all_input_nodes
    return ""


def _has_trained_parameter(network: nn.Module, node: fx.Node) -> bool:
    if node.op == "call_module":
        module = network.get_submodule(str(node.target))
        return any(parameter.requires_grad for parameter in module.parameters())
    if node.op == "get_attr":
        value: object = network
        for name in str(node.target).split("."):
            value = getattr(value, name)
        return isinstance(value, torch.Tensor) and value.requires_grad
    return False


def _frozen_graph(graph: fx.Graph, border: Sequence[fx.Node]) -> fx.Graph:
    """From the network's inputs to the values of `border`, as a tuple."""
    part = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    for node in graph.nodes:
        if node.op != "output":
            copies[node] = part.node_copy(node, lambda used: copies[used])
    part.output(tuple(copies[node] for node in border))
    _drop_unused(part)
    return part


def _trained_graph(graph: fx.Graph, border: Sequence[fx.Node]) -> fx.Graph:
    """From the values of `border`, one argument each, to the network's output."""
    part = fx.Graph()
    copies = {node: part.placeholder(f"feature_{number}") for number, node in enumerate(border)}
    for node in graph.nodes:
        is_computable = all(used in copies for used in node.all_input_nodes)
        if is_computable and node not in copies and node.op != "placeholder":
            copies[node] = part.node_copy(node, lambda used: copies[used])
    _drop_unused(part)
    return part


def _drop_unused(graph: fx.Graph) -> None:
    """Take out what the output does not depend on."""
    for node in reversed(graph.nodes):
        if not node.users and node.op not in ("output", "placeholder"):
            graph.erase_node(node)


def _check_values(values: Sequence[object], images: int) -> None:
    for value in values:
        if not isinstance(value, torch.Tensor) or value.ndim < 2 or len(value) != images:
            raise CannotSplitError("its frozen part gives more than a tensor with a row an image")
    if len({value.dtype for value in values if isinstance(value, torch.Tensor)}) > 1:
        raise CannotSplitError("its frozen part gives numbers of several types")


def _prove(parts: Split, network: nn.Module, images: torch.Tensor) -> None:
    """Raise unless the parts compute what the whole does, in batches of any size."""

    def together() -> torch.Tensor:
        rows = [parts.frozen(half) for half in images.tensor_split(2) if len(half)]
        logits: torch.Tensor = parts.trained(torch.cat(rows))
        return logits

    with torch.no_grad():
        expected, found = _try(lambda: network(images)), _try(together)
    if not isinstance(expected, torch.Tensor):
        raise CannotSplitError(f"it gives {type(expected).__name__}, not a tensor of logits")
    same = found.shape == expected.shape
    if not same or not torch.allclose(found, expected, rtol=_TOLERANCE, atol=_TOLERANCE):
        raise CannotSplitError("its parts do not compute what the whole does")


def _try(compute: Callable[[], _Value]) -> _Value:
    try:
        return compute()
    except Exception as error:
        raise CannotSplitError(f"its parts cannot be run ({_first_line(error)})") from error


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
