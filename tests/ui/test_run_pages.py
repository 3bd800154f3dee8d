"""What Training, Results, status bar and title show of a run that is told to them."""

import dataclasses
import math
from types import SimpleNamespace

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from tests.ui.run_stories import CIFAR10, SUBJECT, epoch, evaluation, result, started
from vera_studio.recipe import ModelSettings
from vera_studio.runs.events import Notice, StepsDone
from vera_studio.ui.pages.results_page import ResultsPage
from vera_studio.ui.pages.training_page import TrainingPage, class_key
from vera_studio.ui.run_caption import RunCaption
from vera_studio.ui.runner import JobState, Runner
from vera_studio.ui.state.run_control import RunState
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.state.workspace import Workspace


@pytest.fixture
def studio(qapp):
    studio = Studio(Workspace(), Runner())
    studio.workspace.setParent(studio)
    yield studio
    studio.deleteLater()


@pytest.fixture
def training(qtbot, studio):
    page = TrainingPage(studio)
    qtbot.addWidget(page)
    page.resize(680, 600)
    with qtbot.waitExposed(page):
        page.show()
    return page


@pytest.fixture
def results(qtbot, studio):
    from vera_studio.ui.window.actions import make_actions

    page = ResultsPage(studio.workspace, make_actions(studio))
    qtbot.addWidget(page)
    page.resize(680, 600)
    with qtbot.waitExposed(page):
        page.show()
    return page


def go(studio, state=RunState.RUNNING):
    """Have the control be where it is while a job is there."""
    job = SimpleNamespace(state=JobState(state.value)) if state is not RunState.IDLE else None
    studio.run._job = job
    studio.run.state_changed.emit(state)


def tell(studio, *events):
    studio.run.events.emit(list(events))


def steps(first, losses, progress=0.5):
    return StepsDone(1, first, tuple(losses), 8000.0, progress, 3.0)


def text_of(page, name):
    return page.findChild(QLabel, name).text()


def open_other_network(workspace):
    """As `set_model`, without an engine; of a workspace that no studio listens to."""
    other = ModelSettings(weights="/home/me/cifar_net.pth")
    workspace.set_recipe(dataclasses.replace(workspace.recipe, model=other))
    workspace.model_changed.emit(None)


# Training


def test_the_loss_is_drawn_for_targets_and_others_apart(studio, training):
    losses = [3.0] * 10
    losses[2] = losses[3] = 0.4
    go(studio)
    tell(studio, started(), epoch(1, evaluation((0.5,) * 10, losses=losses), is_best=True))
    assert training.losses.points("validation_targets")[1].tolist() == pytest.approx([1.0, 0.4])
    assert training.losses.points("validation_others")[1].tolist() == pytest.approx([1.0, 3.0])
    entry = training.losses.legend.entry("validation_targets")
    assert entry.text() == "validation, target classes"


def test_ten_classes_make_the_page_no_higher_than_a_small_screen(qtbot, studio, training):
    go(studio)
    tell(studio, started(targets=tuple(range(10))), epoch(1, evaluation((0.5,) * 10)))
    training.resize(681, 601)
    for _ in range(3):  # what is shown, where it stands, what it then asks for
        QApplication.processEvents()
    training.grab()
    assert training.minimumSizeHint().height() < 600  # of 700, with menu, tabs, status bar


@pytest.mark.parametrize(
    ("targets", "counts"), [(tuple(range(10)), None), ((2, 3), (0, 0, 9, 9, *[0] * 6))]
)
def test_without_others_there_is_one_loss(studio, training, targets, counts):
    validation = evaluation((0.5,) * 10, counts, losses=(1.0,) * 10)
    go(studio)
    tell(studio, started(targets=targets, validation=validation))
    assert training.losses.legend.entry("validation").text() == "validation"
    for plot, key in ((training.losses, "validation_others"), (training.accuracies, "others")):
        with pytest.raises(KeyError):
            plot.points(key)


@pytest.mark.parametrize(
    ("keep_others", "told"), [(0.0, "the others do not count"), (0.3, "the others by 30%")]
)
def test_it_says_by_what_the_best_is_chosen(studio, training, keep_others, told):
    go(studio)
    tell(studio, started(keep_others=keep_others))
    assert told in text_of(training, "run_notices")


def test_a_class_may_be_called_what_a_curve_is_called(studio, training):
    names = ("others", "validation", "raw", "mean of the others")
    go(studio)
    tell(studio, started(names=names, targets=(0, 1)), epoch(1, evaluation((0.1, 0.2, 0.3, 0.5))))
    assert training.accuracies.points(class_key(0))[1].tolist() == [0.5, 0.1]
    assert training.accuracies.points("others")[1].tolist() == pytest.approx([0.5, 0.4])


def test_of_many_targets_the_weakest_have_curves_and_others_can_be_added(studio, training):
    names, targets = tuple(f"kind {number}" for number in range(200)), tuple(range(100))
    shares = tuple(number / 200 for number in range(200))
    validation = evaluation(shares, (9,) * 200, losses=(1.0,) * 200)
    go(studio)
    tell(studio, started(names=names, targets=targets, validation=validation))
    plot = training.accuracies
    assert [index for index in targets if class_key(index) in plot._curves] == list(range(10))
    assert plot.points("targets")[1].tolist() == pytest.approx([49.5 / 200])
    assert training.more.isVisible()
    assert training.more.itemText(0) == "90 more classes"
    training.more.activated.emit(3)  # kind 12
    assert plot.points(class_key(12))[1].tolist() == pytest.approx([0.06])
    tell(studio, epoch(1, evaluation((0.5,) * 200, (9,) * 200, losses=(1.0,) * 200)))
    assert plot.points(class_key(12))[1].tolist() == pytest.approx([0.06, 0.5])


def test_few_images_are_told_in_the_legend(studio, training):
    validation = evaluation((0.5,) * 10, (100, 100, 1, 6, *[100] * 6), losses=(1.0,) * 10)
    go(studio)
    tell(studio, started(targets=(2, 3, 4), validation=validation))
    labels = [training.accuracies.legend.entry(class_key(i)).text() for i in (2, 3, 4)]
    assert labels == ["bird, 1 image", "cat, 6 images", "deer"]


def test_the_smoothed_loss_begins_with_a_mean(studio, training):
    go(studio)
    tell(studio, started(), steps(1, [9.0, 1.0, 1.0]))
    assert len(training.losses.points("smoothed")[0]) == 0
    tell(studio, steps(4, [1.0] * 7))
    xs, ys = training.losses.points("smoothed")
    assert xs.tolist() == list(range(1, 11))
    assert ys[0] == pytest.approx(2.0)


def test_names_in_the_caption_are_text_not_markup(studio, training):
    studio.workspace.data = SimpleNamespace(title="Folder photos", notes=())
    go(studio)
    tell(studio, started(subject=dataclasses.replace(SUBJECT, data="<b>x</b>")))
    assert "&lt;b&gt;x" in training.caption.text()
    go(studio, RunState.IDLE)
    go(studio)  # the next run
    assert not training.caption.isVisible()


def test_a_run_that_fell_short_puts_the_best_before_training(studio, training):
    same = evaluation((0.5,) * 10)
    go(studio)
    tell(studio, started(), epoch(1, same))
    studio.run.finished.emit(result(same, same, best_epoch=0))
    assert training.losses._marker.value() == 0
    assert "none was better" in text_of(training, "run_progress_text")


@pytest.mark.parametrize(("epochs", "told"), [(1, "after 1 epoch,"), (2, "after 2 epochs,")])
def test_one_epoch_is_told_as_one(studio, training, epochs, told):
    same = evaluation((0.5,) * 10)
    go(studio)
    ended = result(same, same, best_epoch=1)
    studio.run.finished.emit(dataclasses.replace(ended, epochs_done=epochs))
    assert told in text_of(training, "run_progress_text")


def test_live_plots_offer_to_follow_until_the_run_ends(studio, training):
    go(studio)
    tell(studio, started(), steps(1, [1.0] * 20))
    training.losses.bring_up_to_date()
    training.losses.plot.getPlotItem().setXRange(0, 3)
    training.losses.set_live(True)
    assert training.losses.follow_button.isVisible()
    go(studio, RunState.IDLE)
    assert not training.losses.follow_button.isVisible()


# Results


def test_a_target_that_falls_is_named(studio, results):
    before, after = [0.5] * 10, [0.5] * 10
    after[2], after[3] = 0.8, 0.4
    studio.workspace.set_result(result(evaluation(before), evaluation(after)))
    assert "cat, 50.0% to 40.0%" in results.summary.text()
    assert "bird" not in results.summary.text()


def test_a_run_that_fell_short_says_what_happened_and_what_to_try(studio, results):
    same = evaluation([0.5] * 10)
    studio.workspace.set_result(result(same, same, best_epoch=0))
    text = results.summary.text()
    assert "No epoch did better" in text
    assert "the network stays as it was" in text
    assert "0.0004" in text  # the rate to try
    assert "Mean of" not in text


def test_a_run_stopped_before_it_was_measured_shows_what_is_known(studio, results):
    before = evaluation([0.5] * 10)
    nothing = evaluation([math.nan] * 10, [0] * 10)
    studio.workspace.set_result(result(before, nothing, stopped=True))
    assert "50.0% before" in results.summary.text()
    assert "nan" not in results.summary.text()
    assert {figure.toPlainText() for figure in results.chart._figures} == {""}
    assert "not measured after" in results.chart.describe(2, 0.1)[1]


def test_what_few_images_can_show_is_said(studio, results):
    counts = (100, 100, 1, 2, *[100] * 6)
    before = evaluation((*[0.5] * 2, 0.0, 0.5, *[0.5] * 6), counts)
    after = evaluation((*[0.5] * 2, 1.0, 0.5, *[0.5] * 6), counts)
    studio.workspace.set_result(result(before, after))
    assert "1 of 3 images right, then 2 of 3" in results.summary.text()
    assert results.chart._figures[2].toPlainText().endswith("1 of 1")


def test_figures_are_marked_once_other_things_are_open(qtbot):
    workspace = Workspace()
    caption = RunCaption("caption", workspace)
    qtbot.addWidget(caption)
    caption.set_run(SUBJECT)
    assert not caption.isVisibleTo(None)
    open_other_network(workspace)
    workspace.data = SimpleNamespace(title="Folder photos")
    workspace.data_changed.emit(workspace.data)
    text = caption.text()
    assert "Another network is open now; these figures are of ConvNet, pretrained." in text
    assert "Other images are open now; these figures are of Built-in sample." in text
    caption.set_run(dataclasses.replace(SUBJECT, data="Folder photos"))  # a run on those
    assert "open now" not in caption.text()


def test_long_names_make_no_page_wider(studio, training, results):
    widths = [page.minimumSizeHint().width() for page in (training, results)]
    subject = dataclasses.replace(SUBJECT, data="Folder " + "x" * 400)
    names = ("y" * 400, *CIFAR10[1:])
    before, after = evaluation([0.5] * 10), evaluation([0.1] * 10)
    go(studio)
    tell(studio, started(names=names, subject=subject), Notice("z" * 400))
    studio.workspace.set_result(result(before, after, (0, 1), names=names, subject=subject))
    for page, width in zip((training, results), widths, strict=True):
        QApplication.processEvents()
        assert page.minimumSizeHint().width() <= max(width, 640)


def test_what_cannot_be_used_says_why(studio, training, results):
    assert "The plot is empty." in training.losses.png_action.toolTip()
    go(studio)
    tell(studio, started(), steps(1, [1.0]))
    assert "empty" not in training.losses.png_action.toolTip()


def test_a_run_of_a_million_steps_stays_small(studio, training, monkeypatch):
    monkeypatch.setattr("vera_studio.ui.widgets.series._MOST", 4096)
    go(studio)
    tell(studio, started(epochs=100, steps_per_epoch=10_000))
    for number in range(100):
        same = evaluation([0.5] * 10)
        tell(studio, steps(10_000 * number + 1, [0.5] * 10_000), epoch(number + 1, same))
    for key in ("raw", "smoothed"):
        assert len(training.losses.points(key)[0]) <= 4096
        assert training.losses.points(key)[0][-1] == 1_000_000
    assert len(training.accuracies.points(class_key(2))[0]) == 101
