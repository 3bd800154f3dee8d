"""Fetching files from a real server on loopback."""

import hashlib
import os
import socket
import time

import pytest

from vera_studio.downloads import fetch_checked, has_digest
from vera_studio.errors import Cancelled, DownloadError

BODY = b"weights of a network" * 10_000
DIGEST = hashlib.sha256(BODY).hexdigest()


def fetch(server, file, **options):
    server.body = server.body or BODY
    fetch_checked(f"{server.url}/{file.name}", file, "the weights of A", DIGEST[:8], **options)


def test_it_comes_whole_and_says_how_far_it_is(server, tmp_path):
    reports = []
    fetch(server, tmp_path / "new" / "a.pth", on_progress=lambda *report: reports.append(report))
    assert (tmp_path / "new" / "a.pth").read_bytes() == BODY
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["a.pth"]
    assert reports[-1] == (len(BODY), len(BODY))
    assert reports == sorted(reports)


def test_cancelled_midway_nothing_is_left(server, tmp_path):
    server.go_on.clear()
    with pytest.raises(Cancelled):
        fetch(server, tmp_path / "a.pth", should_stop=server.half_sent.is_set)
    assert list(tmp_path.iterdir()) == []


def test_a_silent_server_holds_nobody_who_wants_to_stop(server, tmp_path):
    server.go_on.clear()
    asked = []

    def should_stop():
        asked.append(server.half_sent.is_set())
        return asked.count(True) > 20  # by then nothing has arrived for a while

    with pytest.raises(Cancelled):
        fetch(server, tmp_path / "a.pth", should_stop=should_stop)
    assert list(tmp_path.iterdir()) == []
    server.go_on.set()


def test_broken_off_then_a_retry(server, tmp_path):
    server.length = len(BODY) + 1000
    with pytest.raises(DownloadError, match=r"the weights of A broke off after 200,000 of 201,000"):
        fetch(server, tmp_path / "a.pth")
    assert list(tmp_path.iterdir()) == []
    server.length = None
    fetch(server, tmp_path / "a.pth")
    assert (tmp_path / "a.pth").read_bytes() == BODY


def test_damaged_on_its_way_what_was_there_stays(server, tmp_path):
    (tmp_path / "a.pth").write_bytes(b"older")
    server.body = BODY[:-1] + b"?"
    with pytest.raises(DownloadError, match="the weights of A arrived damaged and was deleted"):
        fetch(server, tmp_path / "a.pth")
    assert (tmp_path / "a.pth").read_bytes() == b"older"


def test_what_a_server_answers_instead_is_told(server, tmp_path):
    server.status = 404
    with pytest.raises(DownloadError, match=r"^127\.0\.0\.1 answered 404 Not Found for http://"):
        fetch(server, tmp_path / "a.pth")


def test_nobody_answers(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/a.pth"
        with pytest.raises(DownloadError, match=r"Cannot download the weights of A from 127\.0"):
            fetch_checked(url, tmp_path / "a.pth", "the weights of A", DIGEST[:8])


def test_a_folder_that_cannot_be(server, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DownloadError, match="Cannot store the weights of A in "):
        fetch(server, tmp_path / "file" / "a.pth")
    assert server.requests == 0


def test_more_than_it_can_be_is_broken_off(server, tmp_path):
    with pytest.raises(DownloadError, match=r"weights of A was broken off: what .* is more"):
        fetch(server, tmp_path / "a.pth", most=len(BODY) - 1)
    assert list(tmp_path.iterdir()) == []
    fetch(server, tmp_path / "a.pth", most=len(BODY))


def test_what_a_crash_left_is_taken_away(server, tmp_path):
    for name, age in (("a.pth.00.part", 7200), ("a.pth.11.part", 60), ("b.pth.00.part", 7200)):
        (tmp_path / name).write_bytes(b"part")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    fetch(server, tmp_path / "a.pth")
    left = sorted(file.name for file in tmp_path.iterdir())
    assert left == ["a.pth", "a.pth.11.part", "b.pth.00.part"]


def test_two_programs_fetch_one_file(server, tmp_path):
    """The second comes, whole, while the first is on its way; then the first is broken off."""

    def second():
        server.go_on.set()
        fetch(server, tmp_path / "a.pth")
        return True

    server.go_on.clear()
    with pytest.raises(Cancelled):
        fetch(
            server, tmp_path / "a.pth", should_stop=lambda: server.half_sent.is_set() and second()
        )
    assert [file.name for file in tmp_path.iterdir()] == ["a.pth"]
    assert (tmp_path / "a.pth").read_bytes() == BODY


def test_a_digest_is_that_of_a_regular_file(tmp_path):
    (tmp_path / "a.pth").write_bytes(BODY)
    assert has_digest(tmp_path / "a.pth", DIGEST)
    assert has_digest(tmp_path / "a.pth", DIGEST[:8])
    assert not has_digest(tmp_path / "a.pth", "0" * 8)
    assert not has_digest(tmp_path, DIGEST)
    assert not has_digest(tmp_path / "none.pth", DIGEST)
    with pytest.raises(Cancelled):
        has_digest(tmp_path / "a.pth", DIGEST, lambda: True)
