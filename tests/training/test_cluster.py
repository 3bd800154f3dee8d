"""Comparing methods on a Dask cluster: two workers, of this process, that talk over loopback."""

import contextlib
import csv
import dataclasses
import json
import sys
import time
from pathlib import Path

import pytest

from tests.command_line import COLOURS, run, write_class
from vera_studio import recipe_file
from vera_studio.errors import StudioError, TrainingError
from vera_studio.recipe import AdapterSettings, DataSettings, Recipe, TrainingSettings
from vera_studio.runs.comparison_results import ComparisonSettings, ComparisonStands
from vera_studio.training import cluster as engine
from vera_studio.training import cluster_worker
from vera_studio.training.cluster import compare_on_cluster
from vera_studio.training.comparison import compare

VERA, BIAS = AdapterSettings(rank=4), AdapterSettings(method="bias")
BOTH = ComparisonSettings((VERA, BIAS), seeds=2)
PATIENCE = 20.0


@contextlib.contextmanager
def started(workers=2, threads=1):
    """A cluster whose threads all run."""
    from distributed import Client, LocalCluster

    with LocalCluster(
        n_workers=workers,
        threads_per_worker=threads,
        processes=False,
        protocol="tcp://",
        dashboard_address=":0",
    ) as cluster:
        with Client(cluster, set_as_default=False) as client:
            done = [
                client.submit(pow, 2, 3, workers=[one], pure=False) for one in client.nthreads()
            ]
            client.gather(done)
        yield cluster


@pytest.fixture(scope="module")
def cluster():
    with started() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """On a small folder of three classes."""
    images = tmp_path_factory.mktemp("images")
    for name in COLOURS:
        write_class(images / "train", name, 8, seed=1)
        write_class(images / "test", name, 4, seed=2)
    data = DataSettings(source="folder", folder=str(images), validation_share=0.25)
    return Recipe(data=data, training=TrainingSettings(epochs=2, batch_size=4, device="cpu"))


@pytest.fixture(scope="module")
def local(recipe, tmp_path_factory):
    """The same comparison without a cluster."""
    return compare(recipe, BOTH, tmp_path_factory.mktemp("local") / "c")


def endless(recipe):
    """A recipe whose runs take minutes."""
    training = dataclasses.replace(recipe.training, epochs=10_000, batch_size=1, patience=0)
    return dataclasses.replace(recipe, training=training)


def figures(path):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: row[name] for name in row if "seconds" not in name} for row in rows]


def assert_the_same(folder, local):
    """Every file of the comparison in `folder` says what that of `local` says."""
    ours, theirs = folder, local.folder
    names = sorted(path.relative_to(ours) for path in ours.rglob("*"))
    assert names == sorted(path.relative_to(theirs) for path in theirs.rglob("*"))
    for name in names:
        if name.suffix in (".safetensors", ".toml") or name.name == "losses.csv":
            assert (ours / name).read_bytes() == (theirs / name).read_bytes()
        elif name.suffix == ".csv":
            assert figures(ours / name) == figures(theirs / name)


def test_it_leaves_what_a_comparison_without_a_cluster_leaves(
    cluster, recipe, local, tmp_path, capsys
):
    recipe_file.save(recipe, tmp_path / "recipe.toml")
    words = ("--methods", "vera:4", "bias", "--seeds", "2", "--out", tmp_path / "c", "--json")
    address = cluster.scheduler_address
    status = run("compare", tmp_path / "recipe.toml", *words, "--scheduler", address)
    out, err = capsys.readouterr()
    assert (status, len(json.loads(out)["runs"])) == (0, 4)
    assert f"The runs go to 2 workers at {address}." in err
    assert "run 4/4" in err
    assert_the_same(tmp_path / "c", local)


def test_results_are_there_as_they_come(cluster, recipe, local, tmp_path):
    stands = []

    def note(event):
        if isinstance(event, ComparisonStands):
            stands.append((len(event.comparison.runs), len(list(tmp_path.glob("c/*/result.json")))))

    done = compare_on_cluster(recipe, BOTH, tmp_path / "c", cluster.scheduler_address, note)
    assert sorted(set(stands)) == [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]
    assert [run.folder.name for run in done.runs] == [run.folder.name for run in local.runs]
    for ours, theirs in zip(done.runs, local.runs, strict=True):
        assert ours.after.targets == theirs.after.targets
    assert done.before.targets == local.before.targets


def test_network_and_images_are_opened_once_a_worker(cluster, recipe, tmp_path, monkeypatch):
    opened, open_images = [], cluster_worker.open_images

    def note(*arguments):
        opened.append(1)
        return open_images(*arguments)

    monkeypatch.setattr(cluster_worker, "open_images", note)
    compare_on_cluster(recipe, BOTH, tmp_path / "c", cluster.scheduler_address)
    assert 1 <= len(opened) <= 2  # both workers are of this process, and share it


def test_the_runs_of_a_worker_that_is_lost_are_done_again(recipe, local, tmp_path, monkeypatch):
    from distributed import get_worker

    begun, train = [], cluster_worker.train

    def train_and_lose_the_first(recipe, folder, *others):
        worker = get_worker()
        begun.append(worker.address)
        if len(begun) == 1:
            worker.loop.add_callback(worker.close, executor_wait=False)
            while True:  # the worker is lost in the middle of the run
                others[1]()
        return train(recipe, folder, *others)

    monkeypatch.setattr(cluster_worker, "train", train_and_lose_the_first)
    with started() as cluster:
        done = compare_on_cluster(recipe, BOTH, tmp_path / "c", cluster.scheduler_address)
    assert len(begun) == 5
    assert begun.count(begun[0]) == 1
    assert [run.problem for run in done.runs] == [""] * 4
    assert_the_same(tmp_path / "c", local)


def test_a_run_that_costs_every_worker_is_given_up():
    from distributed import KilledWorker

    assert "were lost" in engine._without_loss(KilledWorker("run", None, 3)).problem


def test_stopping_keeps_what_is_finished_and_frees_the_workers(cluster, recipe, tmp_path):
    def stop():
        return any(one.processing for one in cluster.scheduler.workers.values()) and stood

    stood = []

    def note(event):
        if isinstance(event, ComparisonStands):
            stood.append(event)

    settings, address = dataclasses.replace(BOTH, seeds=1), cluster.scheduler_address
    done = compare_on_cluster(endless(recipe), settings, tmp_path / "c", address, note, stop)
    assert done.stopped
    assert done.runs == ()
    assert list(tmp_path.glob("c/*/*")) == []
    end = time.monotonic() + PATIENCE
    while any(worker.state.executing_count for worker in cluster.workers.values()):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_scheduler_that_is_lost_is_told_with_what_is_kept(recipe, tmp_path):
    def lose(event):
        if isinstance(event, ComparisonStands) and len(event.comparison.runs) == 1 and event.now:
            cluster.close()

    text = r"was lost\. The runs that had ended, [123] of 4, are in"
    with started(1) as cluster, pytest.raises(TrainingError, match=text):
        compare_on_cluster(recipe, BOTH, tmp_path / "c", cluster.scheduler_address, lose)
    assert len(figures(tmp_path / "c" / "comparison.csv")) < 4


def test_workers_that_cannot_do_the_runs_are_told(cluster, recipe, tmp_path, monkeypatch):
    def refused(recipe=recipe, cluster=cluster):
        with pytest.raises(StudioError) as caught:
            compare_on_cluster(recipe, BOTH, tmp_path / "c", cluster.scheduler_address)
        assert not (tmp_path / "c").exists()
        return str(caught.value)

    with started(1, 2) as other:
        assert "has 2 threads" in refused(cluster=other)
    with started(0) as other:
        assert "has no workers" in refused(cluster=other)
    gone = dataclasses.replace(recipe.data, folder=str(tmp_path / "gone"))
    text = refused(dataclasses.replace(recipe, data=gone))
    assert "cannot do the runs: " in text
    assert str(tmp_path / "gone") in text
    with monkeypatch.context() as patched:
        patched.setattr(engine.vera_studio, "__version__", "0.0.1")
        patched.setattr(cluster_worker, "vera_studio", Path)
        patched.setattr(Path, "__version__", "0.0.2", raising=False)
        assert "it has VeRA Studio 0.0.2, not 0.0.1" in refused()
    with monkeypatch.context() as patched:
        patched.setattr(cluster_worker, "look", missing)
        assert "has no VeRA Studio 0.1.0: No module named 'vera_studio'" in refused()
    with monkeypatch.context() as patched:
        patched.setattr(cluster_worker, "_opened", other_images)
        assert "finds other images than tcp://" in refused()


def missing(order):
    raise ModuleNotFoundError("No module named 'vera_studio'")


def other_images(order):
    """What a worker would find whose folder is another than that of the rest."""
    from distributed import get_worker

    return (cluster_worker.Ground(order.recipe, None, "network", get_worker().address),)


def test_no_scheduler_is_told(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "_CONNECT_SECONDS", 0.1)
    with pytest.raises(StudioError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1: "):
        compare_on_cluster(recipe, BOTH, tmp_path / "c", "tcp://127.0.0.1:1")
    with pytest.raises(StudioError, match=r"No Dask scheduler answers at nowhere://"):
        compare_on_cluster(recipe, BOTH, tmp_path / "c", "nowhere://x")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(StudioError, match="pip install distributed"):
        compare_on_cluster(recipe, BOTH, tmp_path / "c", "tcp://127.0.0.1:1")
