"""A report is one page with all of a run in it that needs nothing else and believes nothing."""

import dataclasses
import html.parser
import math
import re

import numpy as np
import pytest
from PIL import Image

from tests import audit
from tests.made_runs import NAMES, RECIPE, SUBJECT, evaluation, make_predictions, make_run
from vera_studio.errors import Cancelled, StudioError
from vera_studio.recipe import DataSettings
from vera_studio.reports.line_chart import Line, line_chart
from vera_studio.reports.report import report, write_report
from vera_studio.runs.run_notes import RunNotes, save_notes

EVIL = '<script>alert(1)</script><img src="https://example.org/x">&\x1b'


class Page(html.parser.HTMLParser):
    """The tags with what they have, and the text, of a page."""

    VOID = ("meta", "img", "br", "line")

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.open = [], "", []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def rows_of(page):
    return re.sub(r"\s+", " ", page.text)


@pytest.fixture
def run(tmp_path):
    folder = make_run(tmp_path / "2026-01-02_10-00-00", has_own_classes=False)
    (folder / "best.safetensors").write_bytes(b"not an adapter")
    return folder


def test_all_of_a_run_is_in_it(run):
    save_notes(run, RunNotes("the first", "as\nplanned"))
    make_predictions(run)
    text = rows_of(Page(report(run)))
    for part in (
        "the first",
        "Mean of the target classes37.5%87.5%+50.0",
        "cat *425.0%75.0%+50.0 66.7%80.0%",
        "After training",
        "Before training",
        "Difference, after less before",
        "Training: target classescat, ship",
        "damaged",
        "VeRA Studio",
        "1,234 images/s on cpu",
    ):
        assert part in text


def test_a_page_needs_nothing_and_runs_nothing(run):
    make_predictions(run)
    page = Page(report(run))
    assert not {"script", "link", "iframe", "object", "form"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not {"src", "href", "action", "onload", "onclick"} & attributes.keys()
    assert "url(" not in report(run)
    assert ("meta", "default-src 'none'") in [
        (tag, attributes.get("content", "").partition(";")[0]) for tag, attributes in page.tags
    ]


def test_what_others_wrote_is_shown_letter_by_letter(tmp_path):
    subject = dataclasses.replace(SUBJECT, data=EVIL, network=EVIL, skipped={EVIL: 1})
    names = (EVIL, *NAMES[1:])
    training = dataclasses.replace(RECIPE.training, target_classes=(EVIL[:-1],))
    recipe = dataclasses.replace(RECIPE, training=training)
    run = make_run(tmp_path / "run", recipe=recipe, subject=subject, class_names=names)
    make_predictions(run)
    save_notes(run, RunNotes(EVIL, EVIL))
    (run / "best.safetensors").unlink()
    text = report(run)
    page = Page(text)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "img" not in {tag for tag, _ in page.tags}
    assert "\x1b" not in text
    assert "<script>alert(1)</script>" in page.text


def test_where_things_are_on_this_machine_is_left_out(tmp_path):
    data = DataSettings(source="folder", folder="/home/somebody/secret/pets")
    run = make_run(tmp_path / "run", recipe=dataclasses.replace(RECIPE, data=data))
    assert "somebody" not in report(run)
    assert "pets" in report(run)


def test_mistakes_come_with_their_pictures(tmp_path):
    images = tmp_path / "images"
    (images / "dog").mkdir(parents=True)
    Image.fromarray(np.full((8, 8, 3), 200, np.uint8)).save(images / "dog" / "a.png")
    data = DataSettings(source="folder", folder=str(images))
    run = make_run(tmp_path / "run", recipe=dataclasses.replace(RECIPE, data=data))
    make_predictions(run, "validation", ["x.png", "y.png", "z.png", "dog/a.png", "b", "c"])
    make_predictions(run, "test")
    page = Page(report(run, with_mistakes=True))
    (picture,) = [attributes for tag, attributes in page.tags if tag == "img"]
    assert picture["src"].startswith("data:image/")
    assert "dog, taken for cat by 75.0%; before: catdog/a.png" in rows_of(page)
    assert "Of the validation images" in rows_of(page)
    with pytest.raises(Cancelled):
        report(run, True, lambda: True)


def test_a_table_of_predictions_leads_nowhere_else(tmp_path):
    Image.fromarray(np.full((8, 8, 3), 200, np.uint8)).save(tmp_path / "private.png")
    (tmp_path / "images").mkdir()
    data = DataSettings(source="folder", folder=str(tmp_path / "images"))
    for number, file in enumerate(("../private.png", str(tmp_path / "private.png"))):
        run = make_run(tmp_path / f"{number}", recipe=dataclasses.replace(RECIPE, data=data))
        make_predictions(run, files=[*"abc", file, "e", "f"])
        with audit.recording() as seen:
            text = report(run, with_mistakes=True)
        assert not [path for path in map(str, seen.strays()) if "private" in path]
        assert "cannot be read any more" in text


def test_mistakes_of_the_drawn_sample(tmp_path):
    run = make_run(tmp_path / "run")
    make_predictions(run, files="012345")
    page = Page(report(run, with_mistakes=True))
    assert [a["src"][:15] for tag, a in page.tags if tag == "img"] == ["data:image/png;"]


def test_a_run_without_predictions_has_a_report_too(run):
    assert "taken for what" not in report(run)
    with pytest.raises(StudioError, match="no mistakes can be shown"):
        report(run, with_mistakes=True)


def test_a_run_that_was_stopped_at_once_has_a_report_too(tmp_path):
    nothing = evaluation(math.nan, math.nan, math.nan)
    none = dataclasses.replace(nothing, counts=(0, 0, 0), accuracy=math.nan)
    run = make_run(tmp_path / "run", epochs=0, stopped=True, best_epoch=0, before=none, after=none)
    assert "There were no test images." in report(run)


def test_a_run_that_has_not_ended_has_none(tmp_path):
    run = make_run(tmp_path / "run", ended=False)
    with pytest.raises(StudioError, match="holds no finished run"):
        write_report(run, tmp_path / "report.html")


def test_curves_are_drawn_with_their_gaps():
    line = Line("<b>", "first", [0.5, math.nan, 0.75, 1.0])
    picture = line_chart("Accuracy", [1, 2, 3, 4], [line], marker=4, is_share=True)
    (path,) = re.findall(r' d="([^"]*)"', picture)
    assert path.count("M") == 2
    assert path.count("L") == 1
    assert "&lt;b&gt;" in picture
    assert ">100%<" in picture
    assert line_chart("Nothing", [], [Line("a", "first", [])]) == ""


def test_a_long_curve_has_no_more_points_than_can_be_seen():
    xs = range(1, 10_001)
    picture = line_chart("Loss", xs, [Line("a", "first", [1 / x for x in xs])])
    assert picture.count("L") <= 501
    assert len(picture) < 20_000
