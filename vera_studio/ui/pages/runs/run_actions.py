"""What can be done with the runs that are selected: entries of a tool strip and a menu."""

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QWidget

from vera_studio.runs.run_list import ComparisonEntry, RunEntry
from vera_studio.ui.state.run_history import Entry
from vera_studio.ui.widgets.flow_layout import FlowLayout
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.strip_actions import StripEntry, strip_action, strip_button

_ENTRIES = {
    "evaluate": StripEntry("Evaluate", "See what it learned, and every mistake", "results"),
    "open": StripEntry("Open Comparison", "Show it on the page Compare, as it was", "comparison"),
    "set_up": StripEntry(
        "Set Up as It Was", "Open its network and its images, and take its settings", "setup"
    ),
    "again": StripEntry("Run Again", "Set up as it was, and start", "start"),
    "continue": StripEntry(
        "Continue…", "Go on where it was broken off or stopped, or give it more epochs", "resume"
    ),
    "adapter": StripEntry(
        "Use Its Adapter", "Put its best adapter on the model, and into the library", "adapters"
    ),
    "report": StripEntry("Report…", "Write a page with all of it, to be read anywhere", "export"),
    "show": StripEntry("Show in Folder", "Open the folder that it is in", "folder"),
    "rename": StripEntry("Rename", "Call it something", "rename", "F2"),
    "delete": StripEntry("Delete", "Move what is selected to the trash", "delete", "Del"),
}
_ONE, _SOME = "Select one run for that.", "Select a run for that."
_OF_A_RUN = "That is for a run, not for a comparison."
_NO_ADAPTER = "It left no best adapter."
_GOING_ON = "Not while it is going on."


class RunActions(QWidget):
    """A strip of buttons; its actions are also for the table's context menu."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("run_actions")
        self.by_name = {
            name: strip_action(f"run_{name}", entry, self) for name, entry in _ENTRIES.items()
        }
        row = FlowLayout(self, spacing=2, line_spacing=2)
        for action in self.by_name.values():
            row.addWidget(strip_button(action))

    def follow(self, chosen: Sequence[Entry], obstacle: str, start_obstacle: str) -> None:
        """Allow what can be done with what is selected; the rest says why not.

        Args:
            chosen: what is selected.
            obstacle: why nothing may be opened now; empty when it may.
            start_obstacle: why no run may be started now, likewise.
        """
        for name, reason in _reasons(chosen, obstacle, start_obstacle).items():
            allow(self.by_name[name], reason)


def _reasons(chosen: Sequence[Entry], obstacle: str, start_obstacle: str) -> Mapping[str, str]:
    """Why each cannot be done, by its name; empty where it can."""
    one = chosen[0] if len(chosen) == 1 else None
    of_run = _OF_A_RUN if isinstance(one, ComparisonEntry) else "" if one else _ONE
    is_going = any(entry.state == "going on" for entry in chosen)
    reasons = {"set_up": of_run or obstacle, "again": of_run or start_obstacle}
    reasons |= dict.fromkeys(("evaluate", "adapter", "continue", "report"), of_run)
    reasons |= dict.fromkeys(("show", "rename"), "" if one else _ONE)
    reasons["open"] = _why_not_open(one)
    reasons["delete"] = (_GOING_ON if is_going else "") if chosen else _SOME
    if isinstance(one, RunEntry):
        without = "" if one.has_adapter else _NO_ADAPTER
        reasons["adapter"] = without or obstacle
        going = _GOING_ON if is_going else ""
        why = "" if one.can_continue else "It left nothing that it could go on from."
        reasons["continue"] = going or why or start_obstacle
        unknown = "" if one.result else "It has not come to an end."
        reasons["report"] = unknown
        reasons["evaluate"] = unknown
    return reasons


def _why_not_open(entry: Entry | None) -> str:
    if not isinstance(entry, ComparisonEntry):
        return "That is for a comparison." if entry else _ONE
    return "" if entry.comparison else entry.problem
