"""The frozen part in a faster form that computes the same."""

from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def faster(part: fx.GraphModule) -> fx.GraphModule:
    """`part`, in evaluation mode, with each batch norm folded into the convolution before it.

    Both are linear maps of a channel then, so that one does for the two, with other rounding:
    Jacob et al., CVPR 2018, https://arxiv.org/abs/1712.05877, section 3.2. The network's own
    layers stay as they are.
    """
    for node in part.graph.nodes:
        norm = _module(part, node)
        if not isinstance(norm, nn.BatchNorm2d) or norm.running_mean is None or norm.training:
            continue
        before = node.args[0]
        convolution = _module(part, before)
        if not isinstance(convolution, nn.Conv2d) or len(before.users) > 1:
            continue
        name = f"folded_{node.name}"  # one convolution may go before several norms
        part.add_submodule(name, fuse_conv_bn_eval(convolution, norm).requires_grad_(False))
        before.target = name
        node.replace_all_uses_with(before)
        part.graph.erase_node(node)
    part.delete_all_unused_submodules()  # of the part; the network keeps its own
    part.recompile()
    return part


def _module(part: fx.GraphModule, node: object) -> nn.Module | None:
    """The module that a node calls; None for other nodes."""
    if not isinstance(node, fx.Node) or node.op != "call_module":
        return None
    return part.get_submodule(str(node.target))
