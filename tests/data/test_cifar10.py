import socket
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

from vera_studio.data import cifar10
from vera_studio.data.cifar10 import download, is_downloaded, open_cifar10
from vera_studio.errors import Cancelled, DataError, DownloadError


def test_download_open_and_what_is_left(tmp_path, class_names, tiny_cifar10, tiny_archive):
    folder = tmp_path / "new" / "cifar10"
    reports = []
    assert not is_downloaded(folder)
    download(folder, lambda *report: reports.append(report), dataset=tiny_cifar10)
    size = len(tiny_archive.content)
    assert reports[-1] == (size, size)
    assert reports == sorted(reports)
    assert is_downloaded(folder)
    assert [path.name for path in folder.iterdir()] == ["cifar-10-batches-py"]

    data = open_cifar10(folder, class_names, validation_share=0.2, dataset=tiny_cifar10)
    assert (data.source, data.title, data.class_names) == ("cifar10", "CIFAR-10", class_names)
    assert data.train.counts(10)[:4] == (8, 0, 0, 8)
    assert data.validation.counts(10)[:4] == (2, 0, 0, 2)
    first = np.random.default_rng(0).integers(0, 256, (24, 3072), dtype=np.uint8)[20:]
    assert torch.equal(data.test.read(), torch.from_numpy(first).view(4, 3, 32, 32))
    assert data.test.labels.tolist() == [3, 3, 0, 0]


def test_labels_follow_the_order_of_the_network(tmp_path, class_names, tiny_cifar10):
    download(tmp_path, dataset=tiny_cifar10)
    data = open_cifar10(tmp_path, class_names[::-1], dataset=tiny_cifar10)
    assert data.test.labels.tolist() == [6, 6, 9, 9]


def test_cancel_midway_leaves_nothing(tmp_path, server, tiny_cifar10):
    server.go_on.clear()
    arrived = []
    with pytest.raises(Cancelled):
        download(
            tmp_path,
            on_progress=lambda done, total: arrived.append(done),
            should_stop=lambda: bool(arrived),
            dataset=tiny_cifar10,
        )
    server.go_on.set()
    assert 0 < arrived[-1] < len(server.body)
    assert not is_downloaded(tmp_path)
    assert not list(tmp_path.iterdir())


def test_cancel_keeps_what_was_downloaded_before(tmp_path, tiny_cifar10):
    download(tmp_path, dataset=tiny_cifar10)
    with pytest.raises(Cancelled):
        download(tmp_path, should_stop=lambda: True, dataset=tiny_cifar10)
    assert is_downloaded(tmp_path)


def test_a_page_that_is_not_there_then_a_retry(tmp_path, server, tiny_cifar10):
    server.status = 404
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 answered 404") as caught:
        download(tmp_path, dataset=tiny_cifar10)
    assert "\n" not in str(caught.value)
    server.status = 200
    download(tmp_path, dataset=tiny_cifar10)
    assert is_downloaded(tmp_path)


def test_nobody_answers(tmp_path, tiny_cifar10):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # not listening: connections are refused
        tiny_cifar10.url = f"http://127.0.0.1:{unused.getsockname()[1]}/cifar.tar.gz"
        with pytest.raises(
            DownloadError, match=r"from 127\.0\.0\.1: .*refused.*try again"
        ) as caught:
            download(tmp_path, dataset=tiny_cifar10)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_an_unknown_host(tmp_path, tiny_cifar10):
    tiny_cifar10.url = "http://nowhere.invalid/cifar.tar.gz"
    with pytest.raises(DownloadError, match=r"from nowhere\.invalid: .*try again"):
        download(tmp_path, dataset=tiny_cifar10)


def test_a_damaged_archive_is_deleted_and_not_fetched_again_unasked(tmp_path, server, tiny_cifar10):
    whole = server.body
    server.body = whole[:-10] + bytes(10)
    with pytest.raises(DownloadError, match=r"damaged and was deleted. Please try again"):
        download(tmp_path, dataset=tiny_cifar10)
    assert not list(tmp_path.iterdir())
    assert server.requests == 1
    server.body = whole
    download(tmp_path, dataset=tiny_cifar10)
    assert is_downloaded(tmp_path)


def test_a_connection_that_breaks_off(tmp_path, server, tiny_cifar10):
    server.length = len(server.body) + 1000
    with pytest.raises(DownloadError, match=r"broke off after [\d,]+ of [\d,]+ bytes"):
        download(tmp_path, dataset=tiny_cifar10)
    assert not is_downloaded(tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path, tiny_cifar10):
    (tmp_path / "file").touch()
    with pytest.raises(DownloadError, match="Cannot store CIFAR-10"):
        download(tmp_path / "file", dataset=tiny_cifar10)


def test_progress_comes_while_the_rest_is_still_on_its_way(tmp_path, server, tiny_cifar10):
    server.go_on.clear()
    first_bytes = threading.Event()
    worker = threading.Thread(
        target=download,
        args=(tmp_path, lambda done, total: first_bytes.set()),
        kwargs={"dataset": tiny_cifar10},
    )
    worker.start()
    assert first_bytes.wait(10)
    assert not is_downloaded(tmp_path)
    server.go_on.set()
    worker.join()
    assert is_downloaded(tmp_path)


def test_opening_before_downloading(tmp_path, class_names):
    with pytest.raises(DataError, match="has not been downloaded"):
        open_cifar10(tmp_path, class_names)


def test_opening_a_damaged_file_and_repairing_it(tmp_path, class_names, tiny_cifar10):
    download(tmp_path, dataset=tiny_cifar10)
    (tmp_path / "cifar-10-batches-py" / "data_batch_3").write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"is damaged. Please download it again"):
        open_cifar10(tmp_path, class_names, dataset=tiny_cifar10)
    download(tmp_path, dataset=tiny_cifar10)
    assert len(open_cifar10(tmp_path, class_names, dataset=tiny_cifar10).test) == 4


def test_opening_reports_and_stops(tmp_path, class_names, tiny_cifar10):
    download(tmp_path, dataset=tiny_cifar10)
    reports = []
    open_cifar10(
        tmp_path,
        class_names,
        on_progress=lambda *report: reports.append(report),
        dataset=tiny_cifar10,
    )
    assert reports == [(1, 2), (2, 2)]
    with pytest.raises(Cancelled):
        open_cifar10(tmp_path, class_names, should_stop=lambda: True, dataset=tiny_cifar10)


def test_the_files_looked_for_are_those_that_torchvision_unpacks():
    from torchvision.datasets import CIFAR10

    names = [name for name, _ in CIFAR10.train_list + CIFAR10.test_list]
    assert CIFAR10.base_folder == cifar10.UNPACKED_FOLDER
    assert sorted([*names, CIFAR10.meta["filename"]]) == sorted(cifar10.UNPACKED_FILES)


def test_looking_for_it_does_not_import_torchvision():
    code = (
        "import sys; from pathlib import Path; from vera_studio.data.cifar10 import is_downloaded;"
        "is_downloaded(Path('nowhere')); sys.exit('torchvision' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
