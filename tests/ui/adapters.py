"""Adapters for tests of the window, as if they had been trained."""

import copy
import dataclasses
from datetime import datetime, timedelta, timezone

import torch

from vera_studio import environment
from vera_studio.adapters import adapter_file
from vera_studio.adapters.adapter_metadata import AdapterInfo
from vera_studio.adapters.attach import adapter_parameters, attach, attached_layers, pairs_of
from vera_studio.adapters.classes import Classes
from vera_studio.adapters.library import Library
from vera_studio.adapters.projections import digest
from vera_studio.adapters.training_record import Accuracies, TrainingRecord
from vera_studio.recipe import AdapterSettings

NOON = datetime(2026, 11, 24, 12, tzinfo=timezone(timedelta(hours=1)))


def make_adapter(model, seed=0, targets=("bird", "cat"), **settings):
    """An adapter for `model` with seeded numbers, and figures of a training."""
    chosen = AdapterSettings(**({"rank": 4} | settings))
    network = copy.deepcopy(model.network)
    attach(network, chosen)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _, parameter in adapter_parameters(network):
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    classes = len(model.class_names)
    layers = tuple(name for name in attached_layers(network) if name != chosen.head)
    info = AdapterInfo(
        dataclasses.replace(chosen, layers=layers),
        Classes.of(model.class_names),
        model.digest,
        digest(pairs_of(network)) if pairs_of(network) else "",
        TrainingRecord(
            data="Built-in sample",
            targets=tuple(targets),
            epoch=2,
            before=Accuracies.of([0.5] * classes, ()),
            after=Accuracies.of([0.75] * classes, ()),
        ),
        has_own_classes=model.has_own_classes,
    )
    return adapter_file.AdapterFile(info, adapter_file.parameters(network))


def put_in_library(adapter, name, minutes=0):
    """Puts an adapter in the library's folder; returns its file."""
    library = Library(environment.library_folder())
    return library.add(adapter, name, NOON + timedelta(minutes=minutes)).path
