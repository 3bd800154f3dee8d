"""Adapters that look trained, as read from files."""

import copy
import dataclasses
from functools import partial

import pytest
import torch

from vera_studio.adapters import adapter_file
from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.adapters.attach import adapter_parameters, attach
from vera_studio.adapters.projections import digest, make_pair
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.recipe import AdapterSettings


@pytest.fixture
def make_adapter(tmp_path):
    """A function that gives an adapter as from a file, trained on `network`, which stays bare."""
    return partial(made_adapter, tmp_path / "made.safetensors")


def made_adapter(path, network, settings, class_names=CLASS_NAMES, seed=2, base="") -> AdapterFile:
    """An adapter as read from the file `path`, which is written."""
    adapted = copy.deepcopy(network)
    attach(adapted, settings)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _, parameter in adapter_parameters(adapted):
            noise = torch.randn(parameter.shape, generator=generator)
            parameter += 0.1 * noise.to(parameter)
    name = "convnet" if class_names == CLASS_NAMES else ""
    adapter_file.save(path, adapted, class_names, TrainingRecord(), base, name)
    return adapter_file.load(path)


@pytest.fixture
def stored_adapter(convnet, make_adapter):
    """An adapter of `convnet` at rank 4 whose projections no seed makes."""
    adapter = make_adapter(convnet, AdapterSettings(rank=4, sharing="all"))
    pair = make_pair(4, 410, 130, seed=9)
    pair.A.mul_(2)
    info = dataclasses.replace(
        adapter.info, stores_projections=True, projections_digest=digest([pair])
    )
    return dataclasses.replace(adapter, info=info, projections=pair)
