"""What stands in a network in place of a module while an adapter is on."""

from collections.abc import Iterator
from typing import Any

from torch import nn


class Wrapper(nn.Module):
    """Stands in place of a module that reads an adapted weight.

    Attributes:
        base: the module that was there before, the very object; None where another wrapper
            stands in its place.
    """

    base: Any

    def __init__(self, base: nn.Module | None) -> None:
        super().__init__()
        self.base = base
        if base is not None:
            self.train(base.training)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the adapted module computes; a subclass's."""
        raise NotImplementedError


def bare_modules(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Full name and module of all of `network`, once each, as if it had no adapter on."""
    seen: set[nn.Module] = set()

    def walk(name: str, module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
        if isinstance(module, Wrapper) and module.base is not None:
            module = module.base
        if module in seen:
            return
        seen.add(module)
        yield name, module
        for child_name, child in module.named_children():
            yield from walk(f"{name}.{child_name}" if name else child_name, child)

    return walk("", network)
