"""What the run of the draft would choose by itself, for the fields to show."""

import dataclasses
from typing import TYPE_CHECKING

from vera_studio.recipe import TrainingSettings
from vera_studio.ui.state.workspace import Workspace

if TYPE_CHECKING:  # the engine comes after the window
    from vera_studio.training.automatic import Course

_OPEN = ("epochs", "patience", "views", "balance", "learning_rate", "head_learning_rate")


def automatic_course(workspace: Workspace) -> "Course | None":
    """How a run of the draft goes where nothing is set by hand; None before the network is open."""
    return _course(workspace, is_automatic=True)


def planned_course(workspace: Workspace) -> "Course | None":
    """How a run of the draft goes; None before the network is open."""
    return _course(workspace, is_automatic=False)


def _course(workspace: Workspace, is_automatic: bool) -> "Course | None":
    if workspace.model is None:
        return None
    from vera_studio.training.automatic import decide

    training, method = workspace.recipe.training, workspace.recipe.adapter.method
    if is_automatic:
        default = TrainingSettings()
        left_open = {name: getattr(default, name) for name in _OPEN}
        training = dataclasses.replace(training, **left_open)
    return decide(training, method, workspace.model.has_own_classes, target_counts(workspace))


def target_counts(workspace: Workspace) -> tuple[int, ...]:
    """Training images of each target class that there are any of."""
    names, data = workspace.class_names, workspace.data
    if data is None or data.class_names != names:
        return ()
    counts = data.train.counts(len(names))
    targets = workspace.recipe.training.targets_among(names)
    return tuple(counts[index] for index in targets if counts[index])
