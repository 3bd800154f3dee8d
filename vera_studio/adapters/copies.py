"""A copy of a network with an adapter on, for what must leave the network itself bare."""

import copy
from collections.abc import Sequence

from torch import nn

from vera_studio.adapters import adapter_file
from vera_studio.adapters.adapter_file import AdapterFile


def with_adapter(
    adapter: AdapterFile,
    network: nn.Module,
    class_names: Sequence[str] | None = None,
    base: str = "",
) -> nn.Module:
    """A copy of `network`, on the CPU, with `adapter` on in place of what it may have on.

    Args:
        adapter: to put on.
        network: is not changed.
        class_names: the network's classes, in its order; None where they are not known.
        base: digest of the network's weights, where it is known.

    Raises:
        AdapterError: the adapter was made for another network.
    """
    copied = copy.deepcopy(network).cpu()
    adapter_file.apply(adapter, copied, class_names, base)
    return copied
