"""A step does what the plain lines do, also where memory is short."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vera_studio.training.inputs import FeatureInputs
from vera_studio.training.step import TrainingStep, fastest_step

VIEWS = torch.tensor([5, 0, 3, 3, 1])


def inputs(room=100, seed=0):
    """Features and a trained layer that takes at most `room` rows at once."""
    generator = torch.Generator().manual_seed(seed)
    layer = nn.Linear(4, 3)
    layer.weight.data = torch.rand(3, 4, generator=generator)
    layer.bias.data = torch.zeros(3)

    class Small(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.sizes = layer, []

        def forward(self, rows):
            if len(rows) > room:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            self.sizes.append(len(rows))
            return self.layer(rows)

    return FeatureInputs(Small(), torch.rand(6, 4, generator=generator), torch.arange(6) % 3)


def parameters(one):
    return list(one._trained.parameters())


def take(one, steps=3):
    """Some steps of SGD; returns their losses and the notices."""
    notices = []
    optimizer = torch.optim.SGD(parameters(one), 0.5, momentum=0.9)
    step = TrainingStep(one, optimizer, notices.append)
    losses = [step(VIEWS, one.labels[VIEWS]) for _ in range(steps)]
    assert not any(loss.requires_grad for loss in losses)
    return [loss.item() for loss in losses], notices


def test_it_is_the_plain_lines():
    one, plain = inputs(), inputs()
    losses, notices = take(one)
    optimizer = torch.optim.SGD(parameters(plain), 0.5, momentum=0.9)
    for found in losses:
        loss = F.cross_entropy(plain.logits(VIEWS), plain.labels[VIEWS])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert found == pytest.approx(loss.item())
    for found, expected in zip(parameters(one), parameters(plain), strict=True):
        torch.testing.assert_close(found, expected)
    assert notices == []


@pytest.mark.parametrize(("room", "sizes"), [(4, [3, 2]), (2, [2, 2, 1]), (1, [1] * 5)])
def test_short_memory_changes_nothing_but_the_parts(room, sizes):
    small, large = inputs(room), inputs()
    losses, notices = take(small)
    expected, _ = take(large)
    assert losses == pytest.approx(expected)
    for found, wanted in zip(parameters(small), parameters(large), strict=True):
        torch.testing.assert_close(found, wanted)
    assert small._trained.sizes[-len(sizes) :] == sizes
    assert f"batches of 5 images are computed in parts of {sizes[0]}." in notices[-1]


def test_it_is_told_once():
    _, notices = take(inputs(room=4), steps=10)
    assert len(notices) == 1


def test_memory_for_not_even_one_image_is_an_error():
    with pytest.raises(torch.OutOfMemoryError):
        take(inputs(room=0))


def test_other_errors_are_not_hidden():
    one = inputs()
    step = TrainingStep(one, torch.optim.SGD(parameters(one), 0.5), print)
    with pytest.raises(IndexError):
        step(VIEWS + 3, one.labels)


def test_off_cuda_nothing_is_captured():
    one = inputs()
    optimizer = torch.optim.SGD(parameters(one), 0.5)
    step = TrainingStep(one, optimizer, print)
    assert fastest_step(step, optimizer, VIEWS, one.labels[VIEWS]) is step
