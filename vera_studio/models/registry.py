"""The table of networks that the studio knows; each family has a file of its own."""

import difflib

from vera_studio.errors import ModelError
from vera_studio.models import convnet, efficientnet_lite, torchvision_models
from vera_studio.models.kind import NetworkKind

# Made when they are asked for: all but the first need torchvision, which takes a second.
_SHIPPED = {
    "convnet": convnet.kind,
    "efficientnet_lite0": efficientnet_lite.kind,
}


def find(name: str) -> NetworkKind:
    """The network called `name`.

    Raises:
        ModelError: there is none; names those that are called alike.
    """
    if name in _SHIPPED:
        return _SHIPPED[name]()
    known = torchvision_models.kinds()
    if name in known:
        return known[name]
    names = (*_SHIPPED, *known)
    alike = difflib.get_close_matches(name.lower(), names, 3, 0.5)
    hint = f"Is it {' or '.join(alike)}?" if alike else f"There are {', '.join(_SHIPPED)} and more."
    raise ModelError(
        f"There is no network {name!r}. {hint} `vera-studio networks` lists all {len(names)}."
    )


def every() -> dict[str, NetworkKind]:
    """Every network by its name, those that need no download first."""
    shipped = {name: make() for name, make in _SHIPPED.items()}
    return shipped | torchvision_models.kinds()
