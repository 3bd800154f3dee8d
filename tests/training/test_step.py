"""A step does what the plain lines do, also where memory is short."""

import contextlib

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vera_studio.training.inputs import FeatureInputs
from vera_studio.training.step import GraphedStep, TrainingStep, fastest_step

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


class FakeGraph:
    """Stands for a captured CUDA graph: replaying does once more what was captured."""

    replays = 0

    def replay(self):
        FakeGraph.replays += 1
        self.step()


@pytest.fixture
def fake_cuda(monkeypatch):
    """What `GraphedStep` asks of CUDA, on the CPU; a capture does the step, unlike a real one."""

    class Stream:
        def wait_stream(self, other):
            pass

    monkeypatch.setattr(FakeGraph, "replays", 0)
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "current_stream", Stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "CUDAGraph", FakeGraph)
    monkeypatch.setattr(torch.cuda, "graph", lambda graph: contextlib.nullcontext())


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.SGD])
def test_a_captured_step_takes_the_steps_of_the_plain_one(fake_cuda, kind):
    """Capturing itself needs a GPU; this is about what is around it."""
    one, plain = inputs(), inputs()
    options = {"momentum": 0.9} if kind is torch.optim.SGD else {}
    optimizer, other = (
        kind(parameters(one), 0.1, **options),
        kind(parameters(plain), 0.1, **options),
    )
    before = [parameter.detach().clone() for parameter in parameters(one)]
    eager = TrainingStep(one, optimizer, print)
    graphed = GraphedStep(eager, optimizer, VIEWS, one.labels[VIEWS])
    assert all(torch.equal(a, b) for a, b in zip(parameters(one), before, strict=True))
    graphed._graph.step = lambda: graphed._loss.copy_(eager(graphed._views, graphed._labels))
    reference = TrainingStep(plain, other, print)
    for views in (VIEWS, VIEWS.flip(0), VIEWS[:3], VIEWS):
        found = graphed(views, one.labels[views])
        assert found.item() == pytest.approx(reference(views, plain.labels[views]).item(), rel=1e-5)
        assert found is not graphed._loss
    for a, b in zip(parameters(one), parameters(plain), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)
    assert FakeGraph.replays == 3  # a smaller batch is not replayed


def test_a_capture_that_fails_leaves_everything_as_it_was(fake_cuda, monkeypatch):
    one = inputs()
    optimizer = torch.optim.SGD(parameters(one), 0.1, momentum=0.9)
    before = [parameter.detach().clone() for parameter in parameters(one)]

    def fail(graph):
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing")

    monkeypatch.setattr(torch.cuda, "graph", fail)
    with pytest.raises(RuntimeError, match="not permitted"):
        GraphedStep(TrainingStep(one, optimizer, print), optimizer, VIEWS, one.labels[VIEWS])
    assert all(torch.equal(a, b) for a, b in zip(parameters(one), before, strict=True))
    assert not any(state["momentum_buffer"].any() for state in optimizer.state.values())


def test_a_stop_between_two_parts_leaves_the_step_undone(monkeypatch):
    one, answers = inputs(), iter([False, True])
    monkeypatch.setattr(type(one), "at_once", property(lambda _: 1))
    optimizer = torch.optim.SGD(parameters(one), 0.5)
    before = [value.clone() for value in parameters(one)]
    step = TrainingStep(one, optimizer, print, should_stop=lambda: next(answers))
    assert step(VIEWS, one.labels[VIEWS]) is None
    assert list(answers) == []  # asked between the first and the second, and the third part
    for value, kept in zip(parameters(one), before, strict=True):
        assert torch.equal(value, kept)
        assert value.grad is None
