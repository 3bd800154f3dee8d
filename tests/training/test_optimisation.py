"""Optimizers and schedules do what their names say, for runs of any length."""

import subprocess
import sys

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


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_steps_are_those_of_torch(name):
    def trained(make):
        parameter = nn.Parameter(torch.linspace(-1, 1, 5))
        optimizer = make([parameter])
        for _ in range(5):
            optimizer.zero_grad(set_to_none=True)
            (parameter**3).sum().backward()
            optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())
        return parameter.detach()

    kinds = {
        "adamw": lambda own: torch.optim.AdamW(own, 0.1, weight_decay=0.2, fused=True),
        "sgd": lambda own: torch.optim.SGD(
            own, 0.1, 0.9, weight_decay=0.2, nesterov=True, fused=True
        ),
    }
    assert torch.equal(
        trained(lambda own: make_optimizer(name, own, 0.1, 0.2)), trained(kinds[name])
    )


@pytest.mark.parametrize("name", ["constant", "cosine", "one-cycle"])
def test_a_head_has_a_rate_of_its_own_in_every_schedule(name):
    own, head = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(2))
    optimizer = make_optimizer("adamw", [own], 0.1, head=[head], head_learning_rate=0.001)
    schedule = make_schedule(name, optimizer, 20)
    for _ in range(19):
        first, second = (float(group["lr"]) for group in optimizer.param_groups)
        assert second == pytest.approx(first / 100, rel=1e-3)
        own.grad, head.grad = torch.ones(1), torch.ones(2)
        optimizer.step()
        schedule.step()
    assert own.item() < 50 * head[0].item() < 0


def test_a_head_can_be_all_that_is_trained():
    head = nn.Parameter(torch.zeros(2))
    optimizer = make_optimizer("sgd", [], 0.1, head=[head], head_learning_rate=0.02)
    assert [group["lr"] for group in optimizer.param_groups] == [0.02]


_TRAIN = """
import sys, pathlib
from vera_studio.recipe import Recipe, TrainingSettings
from vera_studio.training.loop import train
for optimizer in ("adamw", "sgd"):
    training = TrainingSettings(epochs=1, optimizer=optimizer, device="cpu")
    train(Recipe(training=training), pathlib.Path(sys.argv[1]) / optimizer)
print([name for name in ("torch._dynamo", "sympy", "triton") if name in sys.modules])
"""


def test_a_run_does_without_torchs_compiler(tmp_path):
    """It takes 165 MB and a second, and nothing of it is used."""
    done = subprocess.run(
        [sys.executable, "-c", _TRAIN, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
