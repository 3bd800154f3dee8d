"""The memory that is free is that which the tightest limit leaves."""

import subprocess
import sys

import psutil
import pytest

from vera_studio import memory


def test_without_limits_it_is_the_machines(monkeypatch):
    monkeypatch.setattr(memory, "_of_containers", lambda: iter(()))
    monkeypatch.setattr(memory, "_of_own_limit", lambda: iter(()))
    assert memory.free_memory() == pytest.approx(psutil.virtual_memory().available, rel=0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="macOS keeps no such limit")
def test_a_limit_of_the_process_counts():
    code = (
        "import resource; from vera_studio import memory;"
        "resource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9)); print(memory.free_memory())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 10**8 < int(done.stdout) < 10**9


def test_a_limit_of_the_container_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_CGROUPS", tmp_path)
    for name, content in (
        ("memory.max", "5000\n"),
        ("memory.current", "4000\n"),
        ("memory.stat", "anon 1\ninactive_file 700\nactive_file 9\n"),
    ):
        (tmp_path / name).write_text(content)
    found = list(memory._of_containers())
    assert found in ([1700], [])  # none where there are no control groups of version 2
    if found:
        assert memory.free_memory() == 1700


def test_never_less_than_nothing(monkeypatch):
    monkeypatch.setattr(memory, "_of_own_limit", lambda: iter([-5]))
    assert memory.free_memory() == 0


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (MemoryError(), True),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("CUBLAS_STATUS_ALLOC_FAILED when calling"), True),
        (RuntimeError("shapes do not fit"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_errors_of_memory_are_known(error, is_it):
    assert memory.is_out_of_memory(error) is is_it
