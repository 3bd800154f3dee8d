"""Which menu entries can be used now, why the others cannot, and what they would do."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu

from vera_studio.export_targets import TARGETS
from vera_studio.recipe import AdapterSettings
from vera_studio.ui.icons import icon
from vera_studio.ui.jobs.adapters import plan_export
from vera_studio.ui.state.run_control import RunState
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.window.actions import set_tip, tip_of
from vera_studio.ui.window.menus import export_title

_NO_RUN = {RunState.IDLE: "No run is going on.", RunState.STOPPING: "It is stopping already."}


class ActionStates(QObject):
    """Follows the studio.

    Signals:
        allowed(str, str): why nothing else may be opened now, and what keeps the draft from being
            run; each empty where nothing does.
    """

    allowed = Signal(str, str)

    def __init__(self, studio: Studio, actions: dict[str, QAction], window: QMainWindow) -> None:
        """Follow, from now on; the menus of `window` are in place already."""
        super().__init__(window)
        self._studio, self._actions, self._window = studio, actions, window
        for signal in (
            studio.busy_changed,
            studio.run.state_changed,
            studio.comparison.state_changed,
            studio.workspace.recipe_changed,
            studio.workspace.problems_changed,
            studio.workspace.adapter_changed,
            studio.workspace.data_changed,
        ):
            signal.connect(self._allow)
        for state_changed in (studio.run.state_changed, studio.comparison.state_changed):
            state_changed.connect(self._name_pause)
        studio.workspace.model_changed.connect(self._describe_exports)
        studio.workspace.adapter_changed.connect(self._describe_exports)
        studio.shelf.undo_changed.connect(self._follow_undo)

    def show_all(self) -> None:
        """Show how everything is now."""
        self._allow()
        self._follow_undo("")

    def _allow(self, _: object = None) -> None:
        studio, workspace = self._studio, self._studio.workspace
        busy, found = studio.obstacle, workspace.problems()
        start = studio.start_obstacle
        main = studio.comparison if studio.comparison.is_going else studio.run
        no_run = _NO_RUN.get(main.state, "")
        no_adapter = "" if workspace.adapter else "The model has no adapter on."
        reasons = {
            "start": start or "\n".join(found),
            "pause": no_run,
            "stop": no_run,
            **dict.fromkeys(("add_to_queue", "sweep"), busy or "\n".join(found)),
            "continue_run": start,
            **{f"export_{target}": no_adapter for target in TARGETS},
            "remove_adapter": busy or no_adapter,
            **dict.fromkeys(("open_network", "open_model", "pretrained_model"), busy),
            **dict.fromkeys(("open_recipe", "open_folder", "use_sample", "use_cifar10"), busy),
            **dict.fromkeys(("import_adapter", "import_peft"), busy),
        }
        for name, reason in reasons.items():
            allow(self._actions[name], reason)
        self.allowed.emit(busy, "\n".join(found))

    def _describe_exports(self, _: object = None) -> None:
        """Have the entries say in which form the adapter that is on would be written."""
        adapter = self._studio.workspace.adapter
        settings = adapter.content.info.settings if adapter else AdapterSettings()
        for target in TARGETS:
            plan = plan_export(settings, target, self._studio.workspace.model)
            is_said = adapter is not None or not plan.is_possible
            name = f"export_{target}"
            tip = plan.sentence if is_said and plan.sentence else tip_of(name)
            of = f"{adapter.title}: " if adapter else ""
            set_tip(self._actions[name], of + tip)
        for menu in self._window.menuBar().findChildren(QMenu, "menu_export"):
            menu.setTitle(export_title(adapter.title if adapter else ""))
            menu.menuAction().setToolTip(plain_tip(adapter.title if adapter else ""))

    def _follow_undo(self, text: str) -> None:
        undo = self._actions["undo_delete"]
        allow(undo, "" if text else "Nothing was deleted that could be brought back.")
        set_tip(undo, f"Bring back {text}" if text else tip_of("undo_delete"))

    def _name_pause(self, state: RunState) -> None:
        paused = state is RunState.PAUSED
        pause = self._actions["pause"]
        pause.setText("&Resume" if paused else "&Pause")
        pause.setIcon(icon("resume" if paused else "pause"))
