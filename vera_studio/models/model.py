"""A network with its weights loaded and all that is known of it: one value, made once."""

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import safetensors
import torch
from torch import nn

from vera_studio.adapters import attach
from vera_studio.adapters.base_digest import base_digest
from vera_studio.adapters.copies import sharing_copy
from vera_studio.adapters.methods import without_head
from vera_studio.adapters.sites import Site, find_sites, unused_parameters
from vera_studio.data.preprocessing import Preprocessing
from vera_studio.downloads import fetch_checked, has_digest
from vera_studio.errors import AdapterError, ModelError, NotHereError, ShouldStop, never_stop
from vera_studio.models.checkpoint import load_weights, stored_classes
from vera_studio.models.default_layers import default_layers
from vera_studio.models.head import find_head, set_classes
from vera_studio.models.kind import NetworkKind
from vera_studio.models.registry import find
from vera_studio.models.weights_file import told_class_names
from vera_studio.recipe import AdapterSettings, ModelSettings, class_names_problem
from vera_studio.wording import listed


@dataclass(frozen=True, eq=False)
class Model:
    """A network with its weights loaded, and what is known of it."""

    network: nn.Module  # in evaluation mode
    kind: NetworkKind
    class_names: tuple[str, ...]  # in the order of the outputs
    weights: str  # "pretrained", or the name of the user's file
    digest: str  # of the weights, as `adapters.base_digest` has it
    sites: Mapping[str, Site]  # what an adapter can go on
    unused: frozenset[str] = frozenset()  # names of sites that the network does not use
    notes: tuple[str, ...] = ()  # what the user should know of how the weights were taken
    # The one with the network's own last layer, where this has one for classes of the user's.
    known: "Model | None" = None

    @property
    def title(self) -> str:
        """What a person calls it: "the pretrained ConvNet", or the name of the user's file."""
        is_own = self.weights != "pretrained"
        return self.weights if is_own else self.kind.pretrained_title

    @property
    def preprocessing(self) -> Preprocessing:
        """What its images must be."""
        return self.kind.preprocessing

    @cached_property
    def size(self) -> int:
        """How many numbers the network has, without an adapter."""
        return attach.base_size(self.network)

    def with_network(self, network: nn.Module) -> "Model":
        """The same with a copy of its network, which may have an adapter on."""
        return dataclasses.replace(self, network=network)

    @property
    def has_own_classes(self) -> bool:
        """Whether its last layer is a new one, for classes of the user's."""
        return self.known is not None

    @property
    def original(self) -> "Model":
        """The one with the network's own last layer; itself, where that is there."""
        return self.known or self

    def with_classes(self, names: Sequence[str]) -> "Model":
        """The same network with a new last layer for the classes called `names`, all zeros.

        The other numbers are shared. That layer is trained whole, so it is none of the sites, and
        the digest stays that of the original weights: it tells what an adapter goes on.

        Raises:
            ModelError: the classes cannot be called so.
        """
        if problem := class_names_problem(names):
            raise ModelError(problem)
        known = self.original
        network = sharing_copy(known.network)
        attach.detach(network)
        set_classes(network, len(names), zeros=True)
        sites, head = find_sites(network), find_head(network)
        return dataclasses.replace(
            known,
            network=network,
            class_names=tuple(names),
            sites={name: site for name, site in sites.items() if name != head},
            known=known,
        )

    def settings_for(self, settings: AdapterSettings) -> AdapterSettings:
        """`settings` with the full names of the layers that they stand for on this network.

        Without layers they stay as they are where that stands for all linear layers. The last
        layer is trained whole beside them where it is a new one.

        Raises:
            AdapterError: they do not fit the network.
        """
        if self.has_own_classes or settings.method == "head":
            settings = dataclasses.replace(settings, head=find_head(self.network))
        layers = self.layers_for(settings)
        if settings.method == "head":
            return dataclasses.replace(settings, layers=layers)
        linear = tuple(name for name, site in self.sites.items() if site.kind == "linear")
        if settings.layers is None and layers == linear:
            return settings
        return dataclasses.replace(settings, layers=layers)

    def layers_for(self, settings: AdapterSettings) -> tuple[str, ...]:
        """Full names of the layers that `settings` stand for on this network, in its order.

        Without any these are those that it has adapted by default. What the network does not use
        is in no pattern and in no default, nor is the layer that is trained whole beside them.

        Raises:
            AdapterError: the settings do not fit the network.
        """
        if settings.method == "head":
            return ()
        if idle := self.unused.intersection(settings.layers or ()):
            raise AdapterError(f"The network does not use {listed(idle)}. Leave that out.")
        used = {name: site for name, site in self.sites.items() if name not in self.unused}
        if settings.layers is None:
            layers = default_layers(used, self.kind, settings.method, self.has_own_classes)
            if not layers:
                raise AdapterError("Name the layers to adapt: this network has none by default.")
            settings = dataclasses.replace(settings, layers=layers)
        return tuple(without_head(attach.chosen_sites(self.network, settings, used), settings))


def open_model(
    settings: ModelSettings,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: ShouldStop = never_stop,
    may_download: bool = True,
) -> Model:
    """Build the network that `settings` names and load its weights, on the CPU.

    Pretrained weights that are not here yet are downloaded. A file of the user's may have another
    number of classes than the network was made with: it then gets a last layer of that size.

    Args:
        settings: the network's name, the file of weights, the class names.
        on_progress: told how many bytes of how many have been downloaded.
        should_stop: asked again and again.
        may_download: not where it is only a file that names the network: to open a file must
            open no connection.

    Raises:
        NotHereError: the pretrained weights are not here, and must not be downloaded.
        ModelError: the name is unknown, or the file of weights or the class names do not fit.
        DownloadError: the weights did not come.
        Cancelled: `should_stop` said so.
    """
    kind = find(settings.name)
    if problem := class_names_problem(settings.class_names or ()):
        raise ModelError(problem)
    notes: tuple[str, ...] = ()
    if settings.weights:
        path = Path(settings.weights).expanduser()
        network, notes = _own_weights(kind, path, should_stop)
    else:
        network = _pretrained(kind, on_progress, should_stop, may_download)
    network.eval()
    sites = find_sites(network)
    return Model(
        network=network,
        kind=kind,
        class_names=_class_names(settings, kind, network),
        weights=path.name if settings.weights else "pretrained",
        digest=base_digest(network),
        sites=sites,
        unused=_unused_sites(network, kind, sites),
        notes=notes,
    )


def example(kind: NetworkKind, count: int = 1) -> torch.Tensor:
    """Images of noise (count, 3, size, size), the same every time, as the network takes them."""
    size = kind.preprocessing.size
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(0))


def pretrained_facts(kind: NetworkKind) -> dict[str, object]:
    """What the pretrained weights say of how they were made; empty if they say nothing.

    Raises:
        ModelError: there are no pretrained weights.
    """
    try:
        with safetensors.safe_open(kind.weights_file, framework="numpy") as file:
            metadata = file.metadata() or {}
    except (OSError, safetensors.SafetensorError) as error:
        raise ModelError(f"The pretrained weights cannot be read: {error}") from error
    return {key: json.loads(value) for key, value in metadata.items()}


def _pretrained(
    kind: NetworkKind,
    on_progress: Callable[[int, int], None],
    should_stop: ShouldStop,
    may_download: bool,
) -> nn.Module:
    """The network with its own weights, which are fetched if they are not here."""
    path = kind.weights_file
    # What is damaged, such as by a full disk, comes anew: nobody has to know where it is kept.
    if kind.url and not has_digest(path, kind.sha256_start, should_stop):
        if not may_download:
            raise NotHereError(
                f"The weights of {kind.title} are not on this machine; they are "
                f"{kind.download_megabytes:,.0f} MB to download."
            )
        what = f"the weights of {kind.title}"
        most = _bytes_of(kind)
        fetch_checked(kind.url, path, what, kind.sha256_start, on_progress, should_stop, most)
    network = kind.build(len(kind.class_names))
    kind.load(network, path)
    return network


def _bytes_of(kind: NetworkKind) -> int:
    """What its weights may have: some more than is told of them, which is rounded."""
    return int((2 * kind.download_megabytes + 10) * 1e6)


def _own_weights(
    kind: NetworkKind, path: Path, should_stop: ShouldStop
) -> tuple[nn.Module, tuple[str, ...]]:
    """The network with the weights of a file, and what the user should know of these."""
    network = kind.build(len(kind.class_names)).eval()
    classes = stored_classes(path, network, find_head(network), should_stop, kind.own_name)
    if classes is not None and classes != len(kind.class_names):
        set_classes(network, classes)

    def unused() -> frozenset[str]:
        return unused_parameters(network, example(kind))

    return network, load_weights(network, path, unused, should_stop, kind.own_name)


def _unused_sites(
    network: nn.Module, kind: NetworkKind, sites: Mapping[str, Site]
) -> frozenset[str]:
    """Names of the sites whose weight has no part in what `network` computes."""
    names = unused_parameters(network, example(kind))
    idle = {network.get_parameter(name) for name in names}
    return frozenset(name for name, site in sites.items() if site.weight in idle)


def _class_names(settings: ModelSettings, kind: NetworkKind, network: nn.Module) -> tuple[str, ...]:
    """A name for each output of `network`: as given, as its file says, as usual, or numbers."""
    outputs = len(network.get_submodule(find_head(network)).get_parameter("weight"))
    names = settings.class_names
    if names is None:
        told = told_class_names(Path(settings.weights).expanduser()) if settings.weights else ()
        if len(told) == outputs and not class_names_problem(told):
            return told
        is_own = outputs == len(kind.class_names)
        return kind.class_names if is_own else tuple(str(number) for number in range(outputs))
    if len(names) != outputs:
        given = "1 class name is" if len(names) == 1 else f"{len(names):,} class names are"
        raise ModelError(f"{given} given for a network of {outputs:,} classes.")
    return names
