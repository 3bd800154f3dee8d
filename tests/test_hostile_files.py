"""Damaged files for every reader, some hundred; `tests.soak.hostile_files` tries any number."""

import os

import pytest

if os.name == "nt":
    pytest.skip("the soak command needs a POSIX system", allow_module_level=True)

from tests.soak.hostile_files import FORMATS, try_some

EXAMPLES = 40


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_is_refused_and_nothing_else(name, tmp_path):
    tally = try_some(FORMATS[name](), tmp_path, EXAMPLES)
    assert tally.files >= EXAMPLES
