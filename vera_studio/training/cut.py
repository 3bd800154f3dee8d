"""Where to cut a network for features: by what it saves and how wide they are.

A cut keeps the values that cross it. An early one saves few products; a late one may be wide,
for a layer's outputs can be many more numbers than its inputs.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import fx, nn

# Reading a number of a feature takes as long as so many additions and multiplications.
_COST_OF_A_NUMBER = 100
# And to go over a number once, as a batch norm or an activation does.
_COST_OF_A_STEP = 30


class CannotSplitError(Exception):
    """The network cannot be split; the message, a clause, says why."""


def best_border(
    network: nn.Module,
    graph: fx.Graph,
    trained: set[fx.Node],
    image: torch.Tensor,
    most_width: int,
) -> list[fx.Node]:
    """The nodes whose values are the features, in the order in which they are computed.

    Args:
        network: what the graph is of.
        graph: in the order in which it computes.
        trained: the nodes that are not the same in every epoch.
        image: (1, 3, height, width), to measure on.
        most_width: numbers that the features of an image may have.

    Raises:
        CannotSplitError: no cut saves anything, or all are too wide.
    """
    measured = _Measure(network, graph)
    try:
        with torch.no_grad():
            measured.run(image)
    except Exception as error:
        # The network's own code, step by step: it fails in as many ways as code.
        raise CannotSplitError(f"its steps cannot be run one by one ({error})") from error
    best, most, least = None, 0.0, None
    frozen: set[fx.Node] = set()
    crossing: dict[fx.Node, None] = {}  # the frozen nodes that others use, in order
    saved = 0.0
    for node in graph.nodes:
        if node in trained or node.op == "output":
            continue
        frozen.add(node)
        saved += measured.work.get(node, 0.0)
        for used in node.all_input_nodes:
            if used.users.keys() <= frozen:
                crossing.pop(used, None)
        # Constants are not features: each part takes them from the network.
        if node.op != "get_attr" and not node.users.keys() <= frozen:
            crossing[node] = None
        border = list(crossing)
        if all(one.op == "placeholder" for one in border):
            continue
        widths = [measured.widths.get(one) for one in border]
        if not border or None in widths:
            continue
        width = sum(one or 0 for one in widths)
        least = width if least is None else min(width, least)
        worth = saved + _COST_OF_A_NUMBER * (image.numel() - width)  # the image is not read
        if width <= most_width and worth > most:
            best, most = border, worth
    if best is None:
        if least is None:
            raise CannotSplitError("it is trained from its first layer on")
        raise CannotSplitError(
            f"what its frozen layers make of an image is at least {least:,} numbers, too many "
            "to be worth keeping"
        )
    return best


class _Measure(fx.Interpreter):
    """Runs a graph on one image and notes how much each step computes and how wide it is.

    Attributes:
        work: of each node, in multiplications and additions.
        widths: numbers of each node whose value is a tensor with a row an image.
    """

    def __init__(self, network: nn.Module, graph: fx.Graph) -> None:
        super().__init__(network, graph=graph)
        self.work: dict[fx.Node, float] = {}
        self.widths: dict[fx.Node, int] = {}

    def run_node(self, n: fx.Node) -> Any:
        """The node's value."""
        value = super().run_node(n)
        if isinstance(value, torch.Tensor) and value.ndim >= 2 and len(value) == 1:
            self.widths[n] = value.numel()
            self.work[n] = 2.0 * self._numbers(n) * _positions(value)
            if not self._is_view(n, value):
                self.work[n] += _COST_OF_A_STEP * value.numel()
        return value

    def _is_view(self, node: fx.Node, value: torch.Tensor) -> bool:
        """Whether the value is one that was there before, in another shape."""
        before = (self.env.get(one) for one in node.all_input_nodes)
        storages = [x.untyped_storage().data_ptr() for x in before if isinstance(x, torch.Tensor)]
        return value.untyped_storage().data_ptr() in storages

    def _numbers(self, node: fx.Node) -> int:
        """How many numbers of weights the node applies at each position."""
        if node.op == "call_module":
            module = self.fetch_attr(str(node.target))
            return sum(parameter.numel() for parameter in module.parameters() if parameter.ndim > 1)
        args: Sequence[Any] = node.args
        second = args[1] if node.op == "call_function" and len(args) > 1 else None
        if not isinstance(second, fx.Node) or second.op != "get_attr":
            return 0
        weight = self.env.get(second)
        return weight.numel() if isinstance(weight, torch.Tensor) and weight.ndim > 1 else 0


def _positions(value: torch.Tensor) -> int:
    """Pixels or tokens of an output: images have their channels first, tokens last."""
    channels = value.shape[1] if value.ndim == 4 else value.shape[-1]
    return value.numel() // max(channels, 1)
