"""How a network was adapted, which it knows while it has the adapter on."""

from dataclasses import dataclass
from functools import cached_property

from vera_studio.adapters.projections import ProjectionPair, digest
from vera_studio.recipe import AdapterSettings


@dataclass(frozen=True, eq=False)
class Adapted:
    """What an adapter was attached with."""

    settings: AdapterSettings  # with the full names of the layers, in the network's order
    pairs: tuple[ProjectionPair, ...]  # VeRA's, each once, in the order of the layers
    is_stored: bool = False  # whether the pair was given, not made from the seed
    temperature: float = 1.0  # by which logits are divided, so that shares mean what they say

    @cached_property
    def projections_digest(self) -> str:
        """Fingerprint of the pairs, which never change; empty for methods without."""
        return digest(self.pairs) if self.pairs else ""
