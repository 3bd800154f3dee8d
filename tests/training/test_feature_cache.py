"""Features are the same wherever they are kept, and files of them leave nothing behind."""

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from vera_studio import environment
from vera_studio.adapters.attach import attach
from vera_studio.data.augmentation import Augmentation
from vera_studio.data.store import empty_set
from vera_studio.errors import Cancelled
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings
from vera_studio.training import feature_cache
from vera_studio.training.feature_cache import FeatureCache, NoRoomError
from vera_studio.training.frozen_part import split
from vera_studio.training.inputs import ImageInputs


@pytest.fixture
def sources(tiny_data):
    """Training images in two variants, validation images, and no test images."""
    model = open_model(ModelSettings())
    attach(model.network, AdapterSettings())
    data = tiny_data(train=4, validation=3)
    return (
        ImageInputs(model.network, model.preprocessing, data.train, Augmentation(flips=True)),
        ImageInputs(model.network, model.preprocessing, data.validation),
        ImageInputs(model.network, model.preprocessing, empty_set(32)),
    )


@pytest.fixture
def parts(sources):
    return split(sources[0]._network, sources[0].gather(torch.arange(6)))


@pytest.fixture
def no_memory(monkeypatch):
    """None is free, neither on the device nor on the host."""
    monkeypatch.setattr(feature_cache, "free_bytes", lambda device: 0)


def files():
    folder = environment.cache_folder()
    return list(folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize(
    ("budget", "free", "place"),
    [(None, 10**6, "memory"), (10**6, 10**6, "memory"), (None, 0, "file"), (10**6, 0, "file")],
)
def test_every_view_gives_the_same_logits(parts, sources, budget, free, place, monkeypatch):
    monkeypatch.setattr(feature_cache, "free_bytes", lambda device: free)
    monkeypatch.setitem(feature_cache._CHUNK_NUMBERS, "cpu", 9 * 3072)  # uneven chunks
    progress = []
    with FeatureCache(parts, sources, budget, lambda *now: progress.append(now)) as cache:
        assert cache.place == place
        assert cache.bytes == (80 + 30) * 152 * 4
        for cached, source in zip(cache.inputs, sources, strict=True):
            views = torch.arange(source.views).flip(0)
            assert torch.equal(cached.labels, source.labels)
            found, expected = cached.logits(views), source.logits(views)
            assert found.shape == expected.shape == (source.views, 10)
            torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
            assert not len(found) or found.requires_grad
    assert progress == sorted(progress)
    assert progress[-1] == (110, 110)
    assert [path.name for path in files() if path.is_file()] == []


def test_a_file_can_be_empty(parts, sources, monkeypatch):
    monkeypatch.setattr(feature_cache, "free_bytes", lambda device: -1)
    with FeatureCache(parts, sources[2:]) as cache:
        assert cache.place == "file"
        assert cache.bytes == 0
        assert cache.inputs[0].logits(torch.arange(0)).shape == (0, 10)


def test_memory_that_cannot_be_had_is_made_up_for_by_a_file(parts, sources, monkeypatch):
    def no_memory(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to ...")

    monkeypatch.setattr(feature_cache, "_MemoryStore", no_memory)
    with FeatureCache(parts, sources) as cache:
        assert cache.place == "file"


def test_a_quarter_of_the_free_memory_is_the_budget(parts, sources, monkeypatch):
    size = 110 * 152 * 4
    for free, place in ((4 * size, "memory"), (4 * size - 4, "file")):
        monkeypatch.setattr(feature_cache, "free_bytes", lambda _, free=free: free)
        with FeatureCache(parts, sources) as cache:
            assert cache.place == place


def test_the_budget_bounds_a_file_too(parts, sources, no_memory):
    size = 110 * 152 * 4
    with FeatureCache(parts, sources, size) as cache:
        assert cache.place == "file"
    with pytest.raises(NoRoomError, match=r"would take 66\.9 KB, and 65\.9 KB are"):
        FeatureCache(parts, sources, size - 1000)
    assert files() == []


@pytest.mark.usefixtures("no_memory")
def test_a_full_disk_is_an_error_and_the_file_is_gone(parts, sources, monkeypatch):
    class Full:
        def write(self, content):
            raise OSError(28, "No space left on device")

        def close(self):
            pass

    monkeypatch.setattr(feature_cache.tempfile, "TemporaryFile", lambda **_: Full())
    with pytest.raises(NoRoomError, match="No space left"):
        FeatureCache(parts, sources)
    assert files() == []


@pytest.mark.usefixtures("no_memory")
def test_a_disk_without_room_is_not_filled_first(parts, sources, monkeypatch):
    size = 110 * 152 * 4
    usage = shutil.disk_usage(environment.cache_folder().parent)
    for room in (1000, 2 * size - 1):  # half of what is free, and a gigabyte is never touched
        usage = usage._replace(free=10**9 + room)
        monkeypatch.setattr(shutil, "disk_usage", lambda folder, usage=usage: usage)
        with pytest.raises(NoRoomError, match="No space left"):
            FeatureCache(parts, sources)
        assert files() == []


@pytest.mark.usefixtures("no_memory")
def test_a_disk_that_others_fill_meanwhile_is_left_to_them(parts, sources, monkeypatch):
    monkeypatch.setitem(feature_cache._CHUNK_NUMBERS, "cpu", 9 * 3072)
    usage = shutil.disk_usage(environment.cache_folder().parent)
    left = iter([2 * 10**9, 2 * 10**9, 10**9 - 1])
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=next(left)))
    with pytest.raises(NoRoomError, match="No space left"):
        FeatureCache(parts, sources)
    assert files() == []


@pytest.mark.usefixtures("no_memory")
def test_a_folder_that_cannot_be_made_is_told(parts, sources):
    environment.set_data_folder(Path(__file__))  # a file, not a folder
    with pytest.raises(NoRoomError, match=r"exists|directory"):
        FeatureCache(parts, sources)


def test_errors_of_those_who_are_told_are_not_hidden(parts, sources):
    def broken(done, total):
        raise BrokenPipeError("of the one who is told")

    with pytest.raises(BrokenPipeError, match="of the one who is told"):
        FeatureCache(parts, sources, None, broken)


@pytest.mark.parametrize("free", [10**6, 0])
def test_it_stops_when_asked(parts, sources, free, monkeypatch):
    monkeypatch.setattr(feature_cache, "free_bytes", lambda device: free)
    monkeypatch.setitem(feature_cache._CHUNK_NUMBERS, "cpu", 9 * 3072)
    answers = iter([False, False, True])
    with pytest.raises(Cancelled):
        FeatureCache(parts, sources, should_stop=lambda: next(answers))
    assert files() == []


def test_a_crash_leaves_no_file(tmp_path):
    """A process that is killed while it trains from a file."""
    script = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        import torch
        from vera_studio import environment
        from vera_studio.adapters.attach import attach
        from vera_studio.data.store import ImageSet
        from vera_studio.models.model import open_model
        from vera_studio.recipe import AdapterSettings, ModelSettings
        from vera_studio.training import feature_cache
        from vera_studio.training.feature_cache import FeatureCache
        from vera_studio.training.frozen_part import split
        from vera_studio.training.inputs import ImageInputs

        environment.set_data_folder(Path(sys.argv[1]))
        model = open_model(ModelSettings())
        attach(model.network, AdapterSettings())
        images = ImageSet(torch.zeros((6, 3, 32, 32), dtype=torch.uint8), torch.arange(6))
        source = ImageInputs(model.network, model.preprocessing, images)
        feature_cache.free_bytes = lambda device: 0
        cache = FeatureCache(split(model.network, source.gather(torch.arange(6))), [source])
        print(cache.place, cache.inputs[0].logits(torch.arange(6)).shape, flush=True)
        os._exit(9)  # as abruptly as a crash: nothing is cleaned up
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True
    )
    assert done.stdout.strip() == "file torch.Size([6, 10])", done.stderr
    assert done.returncode == 9
    assert list(tmp_path.iterdir()) == []
