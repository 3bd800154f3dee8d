"""A network that the studio knows, before it is opened."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from torch import nn

from vera_studio import environment
from vera_studio.data.preprocessing import Preprocessing


@dataclass(frozen=True)
class NetworkKind:
    """How a network is built, what its images must be, and where its weights come from."""

    name: str  # as recipes and the command line have it
    title: str  # for a person
    build: Callable[[int], nn.Module]  # takes how many classes; the values are random
    load: Callable[[nn.Module, Path], None]  # fills it from `weights_file`
    class_names: tuple[str, ...] = field(repr=False)  # of those weights, as the outputs come
    preprocessing: Preprocessing
    parameters: int  # numbers
    # What a tensor of a file of weights is called in the network; None for what is no part of it.
    own_name: Callable[[str], str | None] = lambda name: name
    layers: tuple[str, ...] | None = None  # adapted by default: names or patterns; None: linear
    # The same beside a last layer of one's own; None: linear ones, else the last convolutions.
    own_layers: tuple[str, ...] | None = None
    accuracy: float | None = None  # share of ImageNet's validation images, 0 to 1
    gflops: float | None = None  # billions of multiplications and additions an image
    shipped: Path | None = None  # the file of weights that is here with the studio
    url: str = ""  # where the weights come from otherwise
    sha256_start: str = ""  # of that file, in hex
    download_megabytes: float = 0

    @property
    def weights_file(self) -> Path:
        """Where the pretrained weights are, or will be once they have come."""
        if self.shipped is not None:
            return self.shipped
        return environment.weights_folder() / self.url.rpartition("/")[2]

    @property
    def pretrained_title(self) -> str:
        """What a person calls it with these weights."""
        return f"the pretrained {self.title}"

    @property
    def is_here(self) -> bool:
        """Whether the pretrained weights are on this machine."""
        return self.weights_file.is_file()
