"""Optimizers and schedules do what their names say, for runs of any length."""

import pytest
import torch
from torch import nn

from vera_studio.training.optimisation import (
    automatic_batch_size,
    make_optimizer,
    make_schedule,
)


def rates(schedule_name, steps):
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = make_optimizer("sgd", [parameter], 0.1)
    schedule = make_schedule(schedule_name, optimizer, steps)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        parameter.grad = torch.zeros(1)
        optimizer.step()
        schedule.step()
    return found


def test_constant_stays():
    assert rates("constant", 5) == [0.1] * 5


def test_cosine_only_falls():
    found = rates("cosine", 20)
    assert found[0] == pytest.approx(0.1)
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.002


def test_one_cycle_rises_to_the_rate_and_falls():
    found = rates("one-cycle", 100)
    peak = found.index(max(found))
    assert max(found) == pytest.approx(0.1, rel=1e-3)
    assert 25 <= peak <= 35
    assert found[:peak] == sorted(found[:peak])
    assert found[peak:] == sorted(found[peak:], reverse=True)
    assert found[-1] < 1e-4


@pytest.mark.parametrize("name", ["constant", "cosine", "one-cycle"])
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 10])
def test_short_runs_have_a_schedule_too(name, steps):
    assert all(0 <= rate <= 0.1 + 1e-9 for rate in rates(name, steps))


@pytest.mark.parametrize(("name", "kind"), [("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)])
def test_an_optimizer_brings_a_loss_down(name, kind):
    parameter = nn.Parameter(torch.tensor([3.0]))
    optimizer = make_optimizer(name, [parameter], 0.1)
    assert isinstance(optimizer, kind)
    for _ in range(50):
        optimizer.zero_grad()
        (parameter**2).sum().backward()
        optimizer.step()
    assert abs(parameter.item()) < 1


@pytest.mark.parametrize(
    ("images", "cpu", "cuda"),
    [
        (1, 8, 8),
        (100, 8, 8),
        (500, 8, 8),
        (1800, 16, 16),
        (5000, 128, 128),
        (15_000, 512, 512),
        (50_000, 512, 2048),
        (10**7, 512, 2048),
    ],
)
def test_a_batch_size_suits_images_and_device(images, cpu, cuda):
    assert automatic_batch_size(images, torch.device("cpu")) == cpu
    assert automatic_batch_size(images, torch.device("cuda")) == cuda
