"""Whether what the frozen layers make of the images is computed once, and kept where."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QGroupBox, QLabel, QWidget

from vera_studio.recipe import MAX_CACHE_MEGABYTES, Recipe
from vera_studio.ui.pages.setup.fields import SettingRow, Tick, add_row, describe
from vera_studio.ui.state.cut_estimate import CutEstimate
from vera_studio.ui.state.workspace import Workspace
from vera_studio.ui.widgets.number_boxes import WholeNumberBox
from vera_studio.ui.widgets.reasons import allow

_AUTO = -1  # what the field holds for no limit of the user's


class CacheForm(QGroupBox):
    """Edits what the draft's training section says of the feature cache."""

    def __init__(
        self, workspace: Workspace, estimate: CutEstimate, parent: QWidget | None = None
    ) -> None:
        super().__init__("Feature cache", parent)
        on = describe(
            Tick("Compute frozen layers once"),
            "feature_cache",
            "Compute frozen layers once",
            "What layers in front of the adapter make of an image never changes. Computed once "
            "and kept, it makes training several times as fast, with the same results",
        )
        self._memory = describe(
            WholeNumberBox(0, MAX_CACHE_MEGABYTES, _AUTO, "Auto"),
            "cache_megabytes",
            "Memory for the feature cache",
            "How much room it may take; a larger one is done without. Auto allows a quarter of "
            "the memory that is free, and beyond that a temporary file of at most half of the "
            "free disk",
        )
        self._memory.setSuffix(" MB")
        form = QFormLayout(self)
        form.addRow(SettingRow(workspace, "training", "feature_cache", on))
        add_row(form, "Memory", SettingRow(workspace, "training", "cache_megabytes", self._memory))
        self._estimate = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._estimate.setObjectName("cache_estimate")
        self._estimate.setAccessibleName("Size of the feature cache")
        self._estimate.hide()
        form.addRow(self._estimate)
        estimate.changed.connect(self._show_estimate)
        workspace.recipe_changed.connect(self._show)
        self._show(workspace.recipe)

    def _show_estimate(self, text: str) -> None:
        self._estimate.setText(text)
        self._estimate.setVisible(bool(text))

    def _show(self, recipe: Recipe) -> None:
        is_on = recipe.training.feature_cache
        allow(self._memory, "" if is_on else "Frozen layers are not computed once: tick it above.")
