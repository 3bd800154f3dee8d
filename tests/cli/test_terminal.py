"""No name, path or note steers the terminal that it is printed on."""

import io
import os
import sys
from pathlib import Path

import pytest

from tests.command_line import run
from vera_studio.cli.tables import aligned
from vera_studio.cli.terminal import Teller, show, tell
from vera_studio.errors import StudioError
from vera_studio.wording import printable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bad\x1b[31mRED\x1b[2J.jpg", r"bad\x1b[31mRED\x1b[2J.jpg"),
        ("two\nlines\r\tand\x07", r"two\nlines\r\tand\x07"),
        ("\x9b31m", r"\x9b31m"),  # the one-byte form of escape and bracket
        ("exe.\u202egpj", r"exe.\u202egpj"),  # right to left from here
        ("a\u2028b\u00adc", r"a\u2028b\xadc"),
        ("not UTF-8: \udcff", r"not UTF-8: \udcff"),
    ],
)
def test_what_steers_is_spelled_out(text, expected):
    assert printable(text) == expected


@pytest.mark.parametrize(
    "name",
    ["Ünï cödé", "数据　集", "a & b\u00a0c", "#1 50%", "🐈", "👩\u200d🚀", "قطة", "a\u200cb"],
)
def test_names_stay_names(name):
    assert printable(name) == name


def test_show_and_tell_print_a_line_each(capsys):
    show("one\x1b[2J", "two\nthree")
    tell("four\r")
    out, err = capsys.readouterr()
    assert out == "one\\x1b[2J\ntwo\\nthree\n"
    assert err == "four\\r\n"


def test_columns_have_room_for_what_is_spelled_out():
    assert aligned([("a\x1b", "1"), ("b", "22")]) == [r"a\x1b   1", "b      22"]


def test_a_line_moves_only_on_a_terminal(monkeypatch):
    for is_terminal, expected in ((False, "told\n"), (True, "\r\x1b[K50%\\x1b\r\x1b[Ktold\n")):
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        monkeypatch.setattr(sys.stderr, "isatty", lambda yes=is_terminal: yes)
        teller = Teller()
        teller.move("50%\x1b")
        teller.tell("told")
        assert sys.stderr.getvalue() == expected


def test_failures_and_wrong_usage_do_not_steer_either(tmp_path, capsys):
    assert run("train", tmp_path / "gone\x1b[2J.toml", "--out", tmp_path / "run") == 1
    with pytest.raises(SystemExit):
        run("train", "a.toml", "--out", "b", "more\x1b[2J")
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert err.count(r"\x1b[2J") >= 2


def test_whoever_reads_may_stop_reading(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as one, os.fdopen(os.dup(writing), "w") as other:
        monkeypatch.setattr(sys, "stdout", one)
        monkeypatch.setattr(sys, "stderr", other)
        show("one", "two")
        tell("three")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="of Linux")
def test_results_that_cannot_be_written_are_a_failure_and_progress_is_not(monkeypatch):
    with Path("/dev/full").open("w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        tell("one")
    with Path("/dev/full").open("w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        with pytest.raises(StudioError, match="Cannot write the output: No space left"):
            show("one")


def test_closed_streams_are_passed_over(monkeypatch):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    show("one")
    tell("two")
