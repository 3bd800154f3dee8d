"""The button that brings all defaults back, and what they replaced."""

from PySide6.QtWidgets import QPushButton

from vera_studio.recipe import Recipe
from vera_studio.ui.icons import icon
from vera_studio.ui.pages.setup.fields import describe
from vera_studio.ui.state.workspace import Workspace
from vera_studio.ui.widgets.reasons import allow

_RESET = (
    "&Reset to Defaults",
    "reset",
    "Bring the defaults of all settings back, but for network and images",
)
_UNDO = ("&Undo Reset", "undo", "Bring the settings back as they were before the reset")


class ResetAllButton(QPushButton):
    """Resets what the draft says of adapter and training, or undoes that right afterwards."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._replaced: Recipe | None = None  # as long as only the reset came after it
        describe(self, "reset_all_button", "Reset to defaults", "")
        self.clicked.connect(self._press)
        workspace.recipe_changed.connect(self._show)
        self._show(workspace.recipe)

    def _press(self) -> None:
        before, replaced = self._workspace.recipe, self._replaced
        if replaced is not None:
            self._put(replaced)
            return
        self._put(Recipe())
        self._replaced = before
        self._show(self._workspace.recipe)

    def _put(self, settings: Recipe) -> None:
        self._workspace.edit_all(settings.adapter, settings.training)

    def _show(self, recipe: Recipe) -> None:
        default = Recipe()
        is_default = (recipe.adapter, recipe.training) == (default.adapter, default.training)
        if not is_default:
            self._replaced = None
        text, picture, tip = _UNDO if self._replaced else _RESET
        self.setText(text)
        self.setAccessibleName(text.replace("&", ""))
        self.setIcon(icon(picture))
        self.setToolTip(tip)
        is_idle = is_default and self._replaced is None
        allow(self, "All settings have their defaults." if is_idle else "")
