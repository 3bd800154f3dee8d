"""The same recipe gives the same bytes on a CPU, with one thread and with several."""

import pytest
import torch

from vera_studio.recipe import AdapterSettings, Recipe, TrainingSettings
from vera_studio.runs.run_folder import load_result
from vera_studio.training import inputs
from vera_studio.training.loop import train

SAME = ("best.safetensors", "last.safetensors", "losses.csv", "predictions-test.csv")


@pytest.fixture(params=[1, 2])
def threads(request, monkeypatch):
    """So many threads of torch, which are used for the smallest batches too."""
    monkeypatch.setattr(inputs, "_NUMBERS_FOR_THREADS", 0)
    monkeypatch.setattr(inputs, "_FEATURES_FOR_THREADS", 0)
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("cache", [True, False])
def test_a_run_and_the_same_again(tiny_data, tmp_path, threads, cache):
    """All weights of all layers: whose sums several threads share."""
    adapter = AdapterSettings(method="full", layers=("conv1", "conv2", "fc*"))
    chosen = TrainingSettings(epochs=2, batch_size=64, device="cpu", feature_cache=cache, shift=2)
    for name in ("a", "b"):
        train(Recipe(adapter=adapter, training=chosen), tmp_path / name, data=tiny_data(train=20))
    for name in SAME:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    assert load_result(tmp_path / "a").threads == threads
