"""Files of weights that mean harm: told at once, in little memory, and nothing of theirs is run."""

import io
import json
import pickle
import tracemalloc
import zipfile

import pytest
import torch
from torch import nn

from vera_studio.errors import ModelError
from vera_studio.models import pickle_reader
from vera_studio.models.checkpoint import load_weights

pytestmark = pytest.mark.timeout(60)
_MOST_BYTES = 200 * 2**20


def archive(path, content, **records):
    """A file such as torch.save makes, with `content` as its pickle."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("w/data.pkl", content)
        for name, record in records.items():
            file.writestr(f"w/data/{name}", record)


def refused(path, expected=None):
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=expected) as caught:
            load_weights(nn.Linear(2, 2), path)
        assert tracemalloc.get_traced_memory()[1] < _MOST_BYTES
    finally:
        tracemalloc.stop()
    assert len(str(caught.value)) < 2000


def tensor_pickle(elements, size, stride, offset=0, kind="FloatStorage"):
    """A pickle of {"weight": a tensor}, as torch writes it."""

    class Persistent:
        pass

    class Rebuild:
        def __reduce__(self):
            arguments = (Persistent(), offset, size, stride, False, {})
            return (torch._utils._rebuild_tensor_v2, arguments)

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            storage = ("storage", getattr(torch, kind), "0", "cpu", elements)
            return storage if isinstance(value, Persistent) else None

    buffer = io.BytesIO()
    Pickler(buffer, protocol=2).dump({"weight": Rebuild()})
    return buffer.getvalue()


def test_nothing_that_a_pickle_names_is_called(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    archive(tmp_path / "w.pt", pickle.dumps({"a": Harmful()}, protocol=2))
    refused(tmp_path / "w.pt", "not a state dict")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    "content",
    {
        "a number of bytes": b"\x80\x02cbuiltins\nbytearray\n\x8a\x05\0\0\0\0\x01\x85R.",
        # a key whose hash is that of tuples in tuples: 2 ** 60 steps
        "hash": b"\x80\x02})q\0" + b"h\0h\0\x86q\0" * 60 + b"K\1s.",
        "set": b"\x80\x02cbuiltins\nset\n](q\0" + b"h\0h\0\x86q\0" * 60 + b"e\x85R.",
        # names made of one long text, again and again
        "names": b"\x80\x04\x8c\xff" + b"n" * 255 + b"\x94" + b"h\0h\0\x930" * 200_000 + b".",
        "memo": b"\x80\x02}r\xff\xff\xff\x7f.",
        "marks": b"\x80\x02" + b"(" * 3_000_000 + b".",
        "tables": b"\x80\x02" + b"}" * 3_000_000 + b".",
        "deep": b"\x80\x02]" + b"\x85" * 500_000 + b".",
        "within itself": b"\x80\x02}q\0(X\1\0\0\0ah\0X\1\0\0\0bh\0u.",
        "long text": b"\x80\x02X\xff\xff\xff\xff.",
        "long number": b"\x80\x02\x8b\xff\xff\xff\x7f.",
        "negative": b"\x80\x02\x8b\xff\xff\xff\xff.",
        "no end": b"\x80\x02}",
        "nothing": b"",
        "unknown": b"\x80\x02\xff.",
        "empty stack": b"\x80\x02.",
        "reference": b"\x80\x02NQ.",
        "storage": b"\x80\x02(X\7\0\0\0storageNNNN" + b"tQ.",
    }.items(),
    ids=lambda item: item[0],
)
def test_pickles_that_mean_harm(tmp_path, monkeypatch, content):
    monkeypatch.setattr(pickle_reader, "MAX_STEPS", 50_000)  # for looking at memory takes time
    archive(tmp_path / "w.pt", content[1])
    refused(tmp_path / "w.pt")
    (tmp_path / "old.pt").write_bytes(content[1])
    refused(tmp_path / "old.pt")


def test_zeros_packed_small_are_not_unpacked(tmp_path):
    """4 MB in the file, 4 GB unpacked, which a tensor at the end of them would have to wait for."""
    piece = bytes(2**24)
    with zipfile.ZipFile(tmp_path / "w.pt", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("w/data.pkl", tensor_pickle(2**26, (2, 2), (2, 1), 2**26 - 4))
        with file.open("w/data/0", "w") as entry:
            for _ in range(16):
                entry.write(piece)
    refused(tmp_path / "w.pt", "it was compressed, which torch.save does not do")
    archive(tmp_path / "w.pt", b"".join([piece] * 5))
    refused(tmp_path / "w.pt", "more parts than any file of weights")


@pytest.mark.parametrize(
    ("elements", "size", "stride", "offset"),
    [
        (4, (2, 2), (2, 1), 1),
        (4, (2, 2), (2**40, 1), 0),
        (4, (2, 2), (3, 1), 0),
        (2**40, (2, 2), (2, 1), 2**39),
        (4, (2, 2), (2, 1), -1),
        (4, (2, 2), (-1, 1), 0),
        (4, (2, 2), (1,), 0),
        (4, (2.0, 2), (2, 1), 0),
        (-4, (2, 2), (2, 1), 0),
    ],
)
def test_tensors_that_reach_beyond_their_numbers(tmp_path, elements, size, stride, offset):
    archive(tmp_path / "w.pt", tensor_pickle(elements, size, stride, offset), **{"0": bytes(16)})
    refused(tmp_path / "w.pt", "damaged|was cut off")


def test_a_storage_that_is_shorter_than_it_says(tmp_path):
    archive(tmp_path / "w.pt", tensor_pickle(4, (2, 2), (2, 1)), **{"0": bytes(12)})
    refused(tmp_path / "w.pt", "its numbers are not all in the file")
    archive(tmp_path / "w.pt", tensor_pickle(4, (2, 2), (2, 1)))
    refused(tmp_path / "w.pt", "was cut off")


def test_a_list_of_files_without_end(tmp_path):
    with zipfile.ZipFile(tmp_path / "w.pt", "w") as file:
        for number in range(30_000):
            file.writestr(f"{number}{'x' * 300}", b"")
    refused(tmp_path / "w.pt", "was cut off")


def test_calls_that_lie_too_deep_in_each_other(tmp_path):
    """What makes a tensor of a subclass names another that makes it, and so on."""
    start = b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\nq\0)q\1"
    content = start + b"h\0Nh\1\x87q\1" * 20_000 + b"h\0h\1R."
    archive(tmp_path / "w.pt", content)
    refused(tmp_path / "w.pt", "was cut off or changed")


@pytest.mark.parametrize(
    ("order", "expected"),
    [("big", "another order of bytes"), ("little" * 10, "was cut off or changed")],
)
def test_another_order_of_bytes(tmp_path, order, expected):
    with zipfile.ZipFile(tmp_path / "w.pt", "w") as file:
        file.writestr("w/data.pkl", b"\x80\x02}.")
        file.writestr("w/byteorder", order)
    refused(tmp_path / "w.pt", expected)


def test_a_thing_without_a_name(tmp_path):
    archive(tmp_path / "w.pt", b"\x80\x02N)R.")
    refused(tmp_path / "w.pt", "more than tensors: a whole object, which")


def header_of(dtype, shape, *offsets):
    return json.dumps(
        {"weight": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}
    ).encode()


HEADERS = {
    "deep": b'{"a":' + b"[" * 100_000,
    "no table": b"[1, 2]  ",
    "numbers": b'{"weight": 3}',
    "digits": b'{"weight": ' + b"9" * 5000 + b"}",
    "kinds": header_of([1], [2, 2], 0, 16),
    "shape": header_of("F32", [-2], 0, 16),
    "large": header_of("F32", [2**40, 2**40], 0, 16),
    "beyond": header_of("F32", [2, 2], 16, 32),
    "turned": header_of("F32", [2, 2], 16, 0),
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_safetensors_headers_that_mean_harm(tmp_path, header):
    path = tmp_path / "w.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(16))
    refused(path)


def test_a_header_that_says_it_has_no_end(tmp_path):
    (tmp_path / "w.safetensors").write_bytes((2**39).to_bytes(8, "little") + b"{" + bytes(100))
    refused(tmp_path / "w.safetensors", "it was cut off, or its table of contents is wrong")
