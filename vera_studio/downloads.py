"""Fetching a file from the network, with progress, cancel and checks; free of torch."""

import contextlib
import glob
import hashlib
import http.client
import queue
import secrets
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vera_studio.errors import Cancelled, DownloadError
from vera_studio.files import open_regular

_CHUNK = 1 << 16  # bytes
_BLOCK = 1 << 22  # bytes that are digested at once
MOST_BYTES = 1 << 36  # of a file
_LEFT_BEHIND = 3600.0  # seconds without a byte, of a part that nobody writes any more
_TIMEOUT = 15.0  # seconds without a byte
_ASK_SECONDS = 0.1  # between two questions whether to stop
_MOST_WAITING = 16  # chunks that have arrived and are not written yet


def fetch(
    url: str,
    file: Path,
    what: str,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
    most: int = MOST_BYTES,
) -> None:
    """Download `url` to `file`, which is whatever has arrived so far when that fails.

    Args:
        url: where from.
        file: where to; its folder is there.
        what: what a person calls it.
        on_progress: told how many bytes of how many have arrived; the total is 0 as long as the
            server does not say.
        should_stop: asked several times a second, whether bytes arrive or not.
        most: bytes that it may have.

    Raises:
        DownloadError: no network, an answer other than the file, a part of it only, or more.
        OSError: `file` cannot be written.
        Cancelled: `should_stop` said so.
    """
    done = total = 0
    with file.open("wb") as target, _arriving(url, what, should_stop) as chunks:
        for chunk, total in chunks:
            done += len(chunk)
            if max(done, total) > most:
                raise DownloadError(
                    f"The download of {what} was broken off: what {url} sends is more than "
                    f"the {most / 1e6:,.0f} MB that it can be."
                )
            target.write(chunk)
            on_progress(done, total)
    if done < total:
        raise DownloadError(
            f"The download of {what} broke off after {done:,} of {total:,} bytes. Please try again."
        )


@contextmanager
def _arriving(
    url: str, what: str, should_stop: Callable[[], bool]
) -> Iterator[Iterator[tuple[bytes, int]]]:
    """What arrives of `url`, piece by piece, each with the bytes of the whole; 0 if not told.

    A thread of its own reads: it may wait for a silent server while whoever asked has left.
    """
    arrived: queue.Queue[tuple[bytes, int] | Exception] = queue.Queue(_MOST_WAITING)
    gone = threading.Event()

    def give(item: tuple[bytes, int] | Exception) -> None:
        while not gone.is_set():
            with contextlib.suppress(queue.Full):
                return arrived.put(item, timeout=_ASK_SECONDS)

    def read() -> None:
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT) as response:
                total = int(response.headers.get("Content-Length") or 0)
                chunk = b"?"
                while chunk and not gone.is_set():
                    chunk = response.read1(_CHUNK)  # what is there, without waiting for more
                    give((chunk, total))
        except Exception as error:  # raised where the pieces are taken
            give(error)

    def pieces() -> Iterator[tuple[bytes, int]]:
        while True:
            if should_stop():
                raise Cancelled
            try:
                item = arrived.get(timeout=_ASK_SECONDS)
            except queue.Empty:
                continue
            if isinstance(item, Exception):
                with _network_errors(url, what):
                    raise item
            if not item[0]:
                return
            yield item

    threading.Thread(target=read, name="download", daemon=True).start()
    try:
        yield pieces()
    finally:
        gone.set()


def fetch_checked(
    url: str,
    file: Path,
    what: str,
    sha256_start: str,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
    most: int = MOST_BYTES,
) -> None:
    """Download `url` to `file`, whole and with the right digest or not at all.

    Args:
        url, file, what, on_progress, should_stop, most: as for `fetch`; the folder is made if
            need be.
        sha256_start: what the file's SHA-256, in hex, begins with.

    Raises:
        DownloadError: as `fetch`; the file arrived damaged, or there is no room for it.
        Cancelled: `should_stop` said so.
    """
    # Two programs may fetch it at once: neither writes into what the other has.
    part = file.with_name(f"{file.name}.{secrets.token_hex(4)}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _remove_left_behind(file)
        fetch(url, part, what, on_progress, should_stop, most)
        if not has_digest(part, sha256_start, should_stop):
            raise DownloadError(f"{what} arrived damaged and was deleted. Please try again.")
        part.replace(file)
    except OSError as error:
        raise DownloadError(
            f"Cannot store {what} in {file.parent}: {error.strerror or error}."
        ) from error
    finally:
        with contextlib.suppress(OSError):  # it may be in a folder that cannot be
            part.unlink()


def _remove_left_behind(file: Path) -> None:
    """Delete the parts of `file` that nobody writes any more, such as after a crash."""
    for part in file.parent.glob(f"{glob.escape(file.name)}.*.part"):
        with contextlib.suppress(OSError):
            if time.time() - part.stat().st_mtime > _LEFT_BEHIND:
                part.unlink()


def has_digest(
    file: Path, sha256_start: str, should_stop: Callable[[], bool] = lambda: False
) -> bool:
    """Whether `file` is there and its SHA-256, in hex, begins so.

    Raises:
        Cancelled: `should_stop` said so.
    """
    digest = hashlib.sha256()
    try:
        with open_regular(file, MOST_BYTES) as content:
            while block := content.read(_BLOCK):
                if should_stop():
                    raise Cancelled
                digest.update(block)
    except OSError:
        return False
    return digest.hexdigest().startswith(sha256_start)


@contextmanager
def _network_errors(url: str, what: str) -> Iterator[None]:
    """Say in one line which host did not answer as it should, and why."""
    host = urllib.parse.urlsplit(url).hostname
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise DownloadError(f"{host} answered {error.code} {error.reason} for {url}.") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        words = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        raise DownloadError(
            f"Cannot download {what} from {host}: {words}. "
            "Check the network connection and try again."
        ) from error
