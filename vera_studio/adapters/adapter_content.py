"""An adapter in memory, as a file of it holds it."""

from dataclasses import dataclass

import torch

from vera_studio.adapters.adapter_metadata import AdapterInfo
from vera_studio.adapters.projections import ProjectionPair


@dataclass(frozen=True, eq=False)
class AdapterFile:
    """What an adapter file holds."""

    info: AdapterInfo
    parameters: dict[str, torch.Tensor]  # by full name, such as "fc1.d"; on the CPU
    projections: ProjectionPair | None = None  # where the seed does not make them; on the CPU
