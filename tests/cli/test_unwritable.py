"""An --out that cannot be written to is refused in one line, before anything is opened."""

import os
import sys

import pytest

from tests.command_line import run
from vera_studio import environment
from vera_studio.errors import StudioError
from vera_studio.files import check_file, check_folder


@pytest.fixture
def nothing_is_opened(monkeypatch):
    def fail(*_, **__):
        raise AssertionError("something was opened")

    from vera_studio.data import open_data
    from vera_studio.models import model
    from vera_studio.training import comparison, opening

    monkeypatch.setattr(open_data, "open_data", fail)
    monkeypatch.setattr(model, "open_model", fail)
    for module in (opening, comparison):
        monkeypatch.setattr(module, "open_network", fail)


def assert_one_line(capsys, status, text):
    out, err = capsys.readouterr()
    assert (status, out) == (1, "")
    assert err.startswith("vera-studio: ")
    assert len(err.splitlines()) == 1
    assert text in err


def commands(out, recipe):
    return (
        ("train", recipe, "--out", out),
        ("compare", recipe, "--methods", "bias", "--out", out),
        ("pretrain", "--data", "sample", "--out", out),
    )


@pytest.mark.usefixtures("nothing_is_opened")
def test_an_out_within_a_file_is_refused(write_recipe, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "run"
    for arguments in commands(out, write_recipe()):
        assert_one_line(capsys, run(*arguments), f"Cannot write to {tmp_path / 'file'}")


@pytest.mark.usefixtures("nothing_is_opened")
def test_a_file_in_the_place_of_a_folder_is_refused(write_recipe, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    for arguments in commands(tmp_path / "file", write_recipe())[:2]:
        assert_one_line(capsys, run(*arguments), f"{tmp_path / 'file'} is a file")
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.usefixtures("nothing_is_opened")
def test_a_folder_in_the_place_of_a_file_is_refused(write_recipe, tmp_path, capsys):
    recipe = write_recipe()
    status = run("pretrain", "--data", "sample", "--out", tmp_path)
    assert_one_line(capsys, status, "it is a folder")
    compare = ("compare", recipe, "--methods", "bias", "--out", tmp_path / "runs")
    assert_one_line(capsys, run(*compare, "--csv", tmp_path), "it is a folder")


@pytest.mark.usefixtures("nothing_is_opened")
@pytest.mark.skipif(sys.platform != "linux", reason="/proc is of Linux")
def test_a_place_that_takes_no_files_is_refused(write_recipe, capsys):
    for arguments in commands("/proc/self/run", write_recipe()):
        assert_one_line(capsys, run(*arguments), "Cannot write to /proc/self")


@pytest.mark.usefixtures("nothing_is_opened")
@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_name_that_no_adapter_can_have_is_refused(write_recipe, tmp_path, capsys, name):
    status = run("train", write_recipe(), "--out", tmp_path / "run", "--name", name)
    assert_one_line(capsys, status, "A name needs 1 to 100 characters")


@pytest.mark.usefixtures("nothing_is_opened")
def test_a_library_that_cannot_be_written_to_is_told_before(write_recipe, tmp_path, capsys):
    environment.data_folder().mkdir(exist_ok=True)
    environment.library_folder().write_text("in the way")
    status = run("train", write_recipe(), "--out", tmp_path / "run", "--name", "pets")
    assert_one_line(capsys, status, f"Cannot write to {environment.library_folder()}")


@pytest.fixture
def as_nobody():
    """A user who may not enter the test's folders; they are the superuser's, or the user's own."""
    if not hasattr(os, "seteuid") or os.geteuid() != 0:
        pytest.skip("only the superuser can become somebody else")
    os.seteuid(65534)
    yield
    os.seteuid(0)


def test_a_path_that_may_not_be_entered_is_refused(tmp_path, request):
    (tmp_path / "closed").mkdir(mode=0o700)
    request.getfixturevalue("as_nobody")
    with pytest.raises(StudioError, match=r"Cannot write to .*closed.*: Permission denied"):
        check_folder(tmp_path / "closed" / "run")
    with pytest.raises(StudioError, match="Permission denied"):
        check_file(tmp_path / "closed" / "weights.safetensors")


def test_trying_leaves_nothing(tmp_path):
    check_folder(tmp_path / "a" / "b")
    check_file(tmp_path / "c" / "file")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "kept").mkdir()
    check_folder(tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_name_that_is_too_long_for_a_file_is_refused(tmp_path):
    with pytest.raises(StudioError, match="File name too long"):
        check_folder(tmp_path / ("x" * 300))
