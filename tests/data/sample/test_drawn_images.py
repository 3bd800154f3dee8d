import pytest
import torch

from vera_studio.data.sample import drawn_images as sample
from vera_studio.data.sample.drawn_images import make_sample
from vera_studio.errors import Cancelled, DataError


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(sample, "TRAIN_PER_CLASS", 10)
    monkeypatch.setattr(sample, "TEST_PER_CLASS", 5)


def test_counts_and_shapes_of_the_whole_sample(class_names):
    data = make_sample(class_names)
    assert (data.source, data.title, data.class_names) == ("sample", "Built-in sample", class_names)
    assert data.train.counts(10) == (180,) * 10
    assert data.validation.counts(10) == (20,) * 10
    assert data.test.counts(10) == (100,) * 10
    assert data.train.read().shape == (1800, 3, 32, 32)
    assert data.train.read().dtype == torch.uint8


@pytest.mark.usefixtures("few")
def test_the_seed_decides_every_pixel(class_names):
    first, again, other = (make_sample(class_names, seed=seed) for seed in (5, 5, 6))
    for part in ("train", "validation", "test"):
        assert torch.equal(getattr(first, part).read(), getattr(again, part).read())
        assert torch.equal(getattr(first, part).labels, getattr(again, part).labels)
        assert not torch.equal(getattr(first, part).read(), getattr(other, part).read())


@pytest.mark.usefixtures("few")
def test_no_drawing_is_there_twice(class_names):
    data = make_sample(class_names)
    drawings = torch.cat([data.train.read(), data.validation.read(), data.test.read()])
    assert len({drawing.numpy().tobytes() for drawing in drawings}) == 150


@pytest.mark.usefixtures("few")
def test_drawings_of_a_class_differ_from_each_other_and_from_the_background(class_names):
    data = make_sample(class_names)
    for label in range(10):
        drawings = data.train.read()[data.train.labels == label].float()
        assert drawings.std(dim=0).mean() > 20  # between drawings of a class
        assert drawings.flatten(1).std(dim=1).min() > 10  # within each drawing


@pytest.mark.usefixtures("few")
def test_labels_follow_the_order_of_the_network(class_names):
    forward = make_sample(class_names)
    backward = make_sample(class_names[::-1])
    assert torch.equal(forward.test.read(), backward.test.read())
    assert torch.equal(forward.test.labels, 9 - backward.test.labels)


def test_a_network_of_other_classes_is_refused():
    with pytest.raises(DataError, match="airplane"):
        make_sample(["cat", "dog"])


@pytest.mark.usefixtures("few")
def test_progress_and_stopping(class_names):
    reports = []
    make_sample(class_names, on_progress=lambda *report: reports.append(report))
    assert reports == [(done, 150) for done in range(25, 151, 25)]
    with pytest.raises(Cancelled):
        make_sample(class_names, should_stop=lambda: len(reports) > 0)
