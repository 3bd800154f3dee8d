"""Every menu entry: its text, shortcut, icon, role and what its tip says."""

import sys
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

from vera_studio.export_targets import EXPORT_TARGETS
from vera_studio.ui.icons import icon
from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.reasons import show_reason

_Shortcut = QKeySequence.StandardKey | str | None


@dataclass(frozen=True)
class _Entry:
    text: str
    tip: str
    shortcut: _Shortcut = None
    icon: str = ""
    role: QAction.MenuRole = QAction.MenuRole.NoRole
    short: str = ""  # text on a button, where the menu's needs the menu around it


_KEY = QKeySequence.StandardKey
_ENTRIES = {
    "open_network": _Entry(
        "Open &Network…",
        "Choose among all networks, with pretrained weights or with your own",
        "Ctrl+Shift+N",
        "open",
    ),
    "open_model": _Entry(
        "&Open Weights…", "Load your own weights for the network that is open", _KEY.Open
    ),
    "pretrained_model": _Entry(
        "Use &Pretrained Weights", "Go back to the pretrained weights of the network that is open"
    ),
    "open_folder": _Entry(
        "Open Image &Folder…",
        "Use a folder of images with one subfolder for each class",
        "Ctrl+Shift+O",
        "folder",
    ),
    "use_sample": _Entry(
        "Use Built-in &Sample", "Use the drawings that come with the studio", "", "sample"
    ),
    "use_cifar10": _Entry(
        "Use &CIFAR-10",
        "Use the CIFAR-10 images, downloading them first if need be",
        "",
        "download",
    ),
    "open_recipe": _Entry("Open &Recipe…", "Load all settings from a TOML file"),
    "save_recipe": _Entry(
        "&Save Recipe…",
        "Write all settings to a TOML file that vera-studio train can run",
        _KEY.Save,
        "save-recipe",
    ),
    "import_adapter": _Entry(
        "&Import Adapter…",
        "Put an adapter from a file on the model and keep it in the library",
        "Ctrl+I",
        "import",
    ),
    "import_peft": _Entry(
        "Import PEFT Fol&der…",
        "Take over a VeRA or LoRA adapter from a folder that PEFT wrote",
    ),
    **{
        f"export_{target}": _Entry(form.entry, form.tip)
        for target, form in EXPORT_TARGETS.items()
        if target != "file"
    },
    "export_file": _Entry(
        EXPORT_TARGETS["file"].entry,
        EXPORT_TARGETS["file"].tip,
        "Ctrl+E",
        "export",
        short="Export Adapter",
    ),
    "remove_adapter": _Entry("&Remove Adapter", "Go back to the base network"),
    "quit": _Entry("&Quit", "Close VeRA Studio", _KEY.Quit, "", QAction.MenuRole.QuitRole),
    "undo_delete": _Entry(
        "&Undo Delete", "Bring back the adapters that were deleted last", _KEY.Undo, "undo"
    ),
    "start": _Entry(
        "&Start",
        "Fine-tune a new adapter from the base network with these settings",
        "Ctrl+R",
        "start",
    ),
    "add_to_queue": _Entry(
        "Add to &Queue",
        "Have a run with these settings wait for its turn; it begins when nothing else goes on",
        "Ctrl+Shift+R",
        "queue",
    ),
    "sweep": _Entry(
        "S&weep…",
        "Have many runs wait in the queue: all combinations of ranks, learning rates and seeds",
        icon="table",
    ),
    "pause": _Entry("&Pause", "Hold the run; Resume lets it go on", "Ctrl+P", "pause"),
    "stop": _Entry("S&top", "End the run and keep what was trained so far", "Ctrl+.", "stop"),
    "continue_run": _Entry(
        "Continue a &Run…",
        "Go on with a run that was stopped or broken off, or give a finished one more epochs",
    ),
    "compare": _Entry(
        "&Compare Methods", "Show the page that runs methods side by side", None, "comparison"
    ),
    "open_runs": _Entry("Open Runs &Folder", "Show the folder in which every run is kept"),
    "event_files": _Entry(
        "Write &TensorBoard Files",
        "Have runs write files for TensorBoard too, in their folders; those of comparisons do not",
    ),
    "full_screen": _Entry("&Full Screen", "Use the whole screen, or only the window again", "F11"),
    "copy_diagnostics": _Entry(
        "&Copy Diagnostics",
        "Put versions, device and set-up on the clipboard, without names of files and folders",
    ),
    "image_cache": _Entry(
        "&Image Cache…", "See how much the images kept on the disk take, and empty that"
    ),
    "open_log": _Entry("Open &Log Folder", "Show the folder with the studio's log"),
    "help": _Entry("&Getting Started", "How to fine-tune in six steps", _KEY.HelpContents),
    "about": _Entry(
        "&About VeRA Studio", "Versions, device and licences", None, "", QAction.MenuRole.AboutRole
    ),
}


def tip_of(name: str) -> str:
    """What the tip of the entry `name` says as long as there is nothing more to say."""
    return _ENTRIES[name].tip


def make_actions(parent: QObject) -> dict[str, QAction]:
    """One action for each entry, by its name; nothing is connected yet."""
    return {name: _make(name, entry, parent) for name, entry in _ENTRIES.items()}


def _make(name: str, entry: _Entry, parent: QObject) -> QAction:
    action = QAction(entry.text, parent)
    action.setObjectName(f"action_{name}")
    action.setMenuRole(entry.role)
    if entry.shortcut:
        action.setShortcut(QKeySequence(entry.shortcut))
    if name == "full_screen" and sys.platform == "darwin":  # where F11 shows the desktop
        action.setShortcut(QKeySequence(_KEY.FullScreen))
    if entry.icon:
        action.setIcon(icon(entry.icon))
    if entry.short:
        action.setIconText(entry.short)
    set_tip(action, entry.tip)
    return action


def set_tip(action: QAction, tip: str) -> None:
    """Have `action` say `tip` in the status bar and, with its keys, beside the pointer."""
    action.setStatusTip(tip)
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    action.setToolTip(plain_tip(f"{tip} ({keys})" if keys else tip))
    show_reason(action)
