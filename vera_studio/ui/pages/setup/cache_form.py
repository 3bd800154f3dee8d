"""Whether what the frozen layers make of the images is computed once, and kept where."""

from PySide6.QtWidgets import QCheckBox, QFormLayout, QGroupBox, QWidget

from vera_studio.recipe import MAX_CACHE_MEGABYTES, Recipe
from vera_studio.ui.pages.setup.fields import add_row, describe, signals_blocked, whole_number
from vera_studio.ui.workspace import Workspace

_AUTO = -1  # what the field holds for no limit of the user's


class CacheForm(QGroupBox):
    """Edits what the draft's training section says of the feature cache."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__("Feature cache", parent)
        edit = workspace.edit_training
        self._on = describe(
            QCheckBox("Compute frozen layers once"),
            "feature_cache",
            "Compute frozen layers once",
            "What layers in front of the adapter make of an image never changes. Computed once "
            "and kept, it makes training several times as fast, with the same results",
        )
        self._on.toggled.connect(lambda on: edit(feature_cache=on))
        self._memory = describe(
            whole_number(_AUTO, MAX_CACHE_MEGABYTES, "Auto"),
            "cache_megabytes",
            "Memory for the feature cache",
            "How much memory it may take; what is larger is kept in a temporary file. "
            "Auto allows a quarter of the memory that is free",
        )
        self._memory.setSuffix(" MB")
        self._memory.valueChanged.connect(
            lambda value: edit(cache_megabytes=None if value == _AUTO else value)
        )
        form = QFormLayout(self)
        form.addRow(self._on)
        add_row(form, "Memory", self._memory)
        workspace.recipe_changed.connect(self._show)
        self._show(workspace.recipe)

    def _show(self, recipe: Recipe) -> None:
        training = recipe.training
        limit = training.cache_megabytes
        with signals_blocked(self._on, self._memory):
            self._on.setChecked(training.feature_cache)
            self._memory.setValue(_AUTO if limit is None else limit)
        self._memory.setEnabled(training.feature_cache)
