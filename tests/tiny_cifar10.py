"""A tiny CIFAR-10 that a real server on loopback sends."""

import hashlib
import io
import pickle
import tarfile
from types import SimpleNamespace

import numpy as np
import pytest

from vera_studio.models.convnet import CLASS_NAMES


@pytest.fixture
def class_names():
    return CLASS_NAMES


@pytest.fixture
def tiny_archive(class_names):
    """The bytes of an archive in CIFAR-10's format, 4 images a batch, and its checksums."""
    files = {"batches.meta": pickle.dumps({"label_names": list(class_names)})}
    random = np.random.default_rng(0)
    for name in (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"):
        pixels = random.integers(0, 256, (4, 3072), dtype=np.uint8)
        files[name] = pickle.dumps({"data": pixels, "labels": [3, 3, 0, 0]})
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    sums = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
    return SimpleNamespace(content=packed.getvalue(), sums=sums)


@pytest.fixture
def tiny_cifar10(server, tiny_archive):
    """torchvision's class for a tiny archive, which the server is ready to send."""
    from torchvision.datasets import CIFAR10

    server.body = tiny_archive.content
    sums = tiny_archive.sums

    class TinyCifar10(CIFAR10):
        url = f"{server.url}/cifar-10-python.tar.gz"
        tgz_md5 = hashlib.md5(tiny_archive.content).hexdigest()
        train_list = tuple((f"data_batch_{k}", sums[f"data_batch_{k}"]) for k in range(1, 6))
        test_list = (("test_batch", sums["test_batch"]),)
        meta = {**CIFAR10.meta, "md5": sums["batches.meta"]}  # noqa: RUF012 - as its parent

    return TinyCifar10
