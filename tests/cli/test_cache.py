import json

import pytest

from tests.command_line import run, write_class
from vera_studio.data.folder import open_folder
from vera_studio.data.image_cache import cache_bytes, cache_limit
from vera_studio.data.preprocessing import square


@pytest.fixture
def filled(tmp_path):
    write_class(tmp_path / "pets", "cat", 5, seed=1)
    open_folder(tmp_path / "pets", ("cat",), square(32))


@pytest.mark.usefixtures("filled")
def test_the_cache_is_shown_and_emptied(capsys):
    assert run("cache", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["bytes"] == cache_bytes() > 5 * 3 * 32**2
    assert (shown["limit"], shown["freed"]) == (cache_limit(), 0)
    assert run("cache", "--empty") == 0
    text = capsys.readouterr().out
    assert "KB are free again.\nCache of images: 0 bytes, of at most 20.0 GB, in " in text
    assert cache_bytes() == 0


@pytest.mark.usefixtures("filled")
def test_the_limit_is_kept_and_what_is_beyond_it_goes(capsys):
    assert run("cache", "--limit", "1.5") == 0
    assert "at most 1.5 GB" in capsys.readouterr().out
    assert (cache_limit(), cache_bytes() > 0) == (1_500_000_000, True)
    assert run("cache", "--limit", "0") == 0
    assert "0 bytes, switched off" in capsys.readouterr().out
    assert cache_bytes() == 0
    for wrong in ("-1", "much", "nan", "1e30"):
        with pytest.raises(SystemExit):
            run("cache", "--limit", wrong)
    assert cache_limit() == 0
