"""Names in sentences, whichever way they are written."""

from vera_studio.wording import first_of, in_sentence, printable


def test_a_name_from_right_to_left_keeps_the_sentence_in_its_order():
    name = "\u0642\u0637\u0629 2"
    assert in_sentence(name) == f"\u2068{name}\u2069"
    assert in_sentence("cat 2") == "cat 2"
    assert first_of(["cat", name, "dog"]) == f"cat, \u2068{name}\u2069, dog"


def test_a_terminal_gets_the_name_alone():
    name = "\u05d7\u05ea\u05d5\u05dc"
    assert printable(first_of([name])) == name
    assert printable("\u202eevil") == "\\u202eevil"
