"""The page of parameters: what it inspects, and when."""

import pytest

from tests.ui.adapters import make_adapter
from vera_studio.errors import Cancelled
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings
from vera_studio.ui.jobs import parameters as parameter_jobs
from vera_studio.ui.state.workspace import LoadedAdapter


def inspecting(window):
    return [job for job in window.studio.runner.jobs if job.name == "Inspecting"]


def shows_rank(page, rank):
    infos = page._inspection.tensors if page._inspection else ()
    return any(info.name == "fc1.d" and info.shape == (rank,) for info in infos)


def test_dragging_a_slider_has_one_inspection_going_and_one_waiting(qtbot, window, settle):
    page = window.parameters_page
    window.rooms.show_page("parameters")
    most = 0
    for rank in (2, 4, 8, 16, 24):
        window.studio.workspace.edit_adapter(rank=rank)
        page._timer.timeout.emit()  # as after a rest of the slider
        most = max(most, len(inspecting(window)))
    assert most == 1
    settle()
    assert shows_rank(page, 24)


def test_what_nobody_looks_at_is_not_inspected(qtbot, window, settle):
    page = window.parameters_page
    window.studio.workspace.edit_adapter(rank=3)
    page._timer.timeout.emit()
    assert inspecting(window) == []
    window.rooms.show_page("parameters")
    settle()
    assert shows_rank(page, 3)


@pytest.mark.parametrize("answers", range(4))
def test_an_inspection_ends_when_it_is_told_to(answers):
    """Asked once more than it goes on, at each place where it asks."""
    model = open_model(ModelSettings())
    loaded = LoadedAdapter(None, make_adapter(model), "Birds")
    for inspect, what in (
        (parameter_jobs.inspect_draft, AdapterSettings(rank=2)),
        (parameter_jobs.inspect_adapter, loaded),
    ):
        left = [False] * min(answers, 2 if inspect is parameter_jobs.inspect_draft else 3)
        with pytest.raises(Cancelled):
            inspect(model, what, print, lambda left=left: not left or left.pop())
