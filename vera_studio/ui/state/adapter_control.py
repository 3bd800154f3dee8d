"""What the model has on: switched, combined, imported, exported."""

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from vera_studio.errors import StudioError
from vera_studio.export_targets import EXPORT_TARGETS, Target
from vera_studio.runs.events import RunResult
from vera_studio.runs.run_folder import name_adapter
from vera_studio.ui.jobs import adapters as adapter_jobs
from vera_studio.ui.runner import Function
from vera_studio.ui.state.adapter_names import trained_name
from vera_studio.ui.state.busy import (
    EXPORTING,
    IMPORTING,
    KEEPING,
    KEPT,
    PUTTING_ON,
    SAVING,
    BusyJobs,
)
from vera_studio.ui.state.newest_job import NewestJob
from vera_studio.ui.state.shelf import Shelf
from vera_studio.ui.state.workspace import LoadedAdapter, Workspace
from vera_studio.wording import already_there, first_of

if TYPE_CHECKING:  # these modules import torch, which comes after the window
    from vera_studio.adapters.adapter_file import AdapterFile, AdapterInfo
    from vera_studio.adapters.library import Entry
    from vera_studio.models.model import Model
    from vera_studio.recipe import ModelSettings

_OPENS = "Switching it on opens that."
_NAMED = 5  # classes in a message
_MOST_AT_ONCE = 1_000_000  # numbers of a network: a larger one could hold the window up


class AdapterControl(QObject):
    """Puts adapters on the model and takes them off.

    Switching and combining take milliseconds on a small network and are done at once; on others,
    and for reading foreign files and exporting, there are jobs. The one that combines keeps nothing
    else from being done: the weights may be on their way still.

    Signals:
        taken(Path): an adapter that was trained, imported or combined is on the model, and this
            is its file in the library.
        message(str): something was done, in a sentence.
        failed(Exception): something was not done.
        path_opened(Kind, Path): a file or folder of the user's was read or written, and as what.
        exported(Target, Path): an adapter was written in this form, to this file or folder.
        network_needed(str, ModelSettings, callable): an adapter, which is called that, is of
            another network, which is to be opened; then it is called.
    """

    taken = Signal(object)
    message = Signal(str)
    failed = Signal(object)
    path_opened = Signal(str, object)
    exported = Signal(str, object)
    network_needed = Signal(str, object, object)

    def __init__(
        self, workspace: Workspace, shelf: Shelf, busy: BusyJobs, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._shelf = shelf
        self._busy = busy
        self._combining = NewestJob("Combining two adapters", busy.runner, self)
        self._combining.failed.connect(self._forget_combining)
        self._combining.failed.connect(self.failed)
        self._name_of_next = ""  # to keep the combination under that is being made
        self._of_runs: dict[Path, Path] = {}  # folder of a run to its adapter in the library
        shelf.entry_changed.connect(self._follow_entry)
        shelf.deleted.connect(self._follow_deletion)
        workspace.adapter_changed.connect(self._forget_combining)

    @property
    def active(self) -> tuple[Path, ...]:
        """Files of what the model has on: none, one, or the two that are combined."""
        adapter = self._workspace.adapter
        if adapter is None:
            return ()
        return adapter.parts if adapter.path is None else (adapter.path,)

    def obstacle(self, entry: "Entry") -> str:
        """Why an adapter cannot go on the present network; empty where nothing is known."""
        from vera_studio.models.own_classes import obstacle

        model = self._workspace.model
        reason = "" if model is None else obstacle(model, entry.info)
        return f"{reason} {_OPENS}" if reason and self.opens_network(entry) else reason

    def opens_network(self, entry: "Entry") -> bool:
        """Whether switching an adapter on opens another network, which it was trained on."""
        return self._other_network(entry.info) is not None

    # On and off

    def switch_on(self, path: Path) -> None:
        """Put an adapter of the library on the model, in place of what is on."""
        content = self._shelf.content(path)
        if self._workspace.model is None or content is None:
            return

        def put_on(fitting: "AdapterFile") -> None:
            self._put_on(LoadedAdapter(path, fitting, fitting.info.name or path.stem))

        def make_ready(model: "Model") -> None:
            self._make_ready(model, partial(adapter_jobs.fitting, content, model), put_on)

        self._on_its_network(content.info, path, make_ready)

    def switch_off(self) -> None:
        """Take off what is on; the model then is the base network again."""
        self._workspace.set_adapter(None)
        left = "the model is the base network again"
        if self._workspace.own_classes:
            left = "the last layer is as before training again"
        self.message.emit(f"Took the adapter off; {left}.")

    def combine(self, paths: tuple[Path, Path], weights: tuple[float, float]) -> None:
        """Put two adapters of the library on, their changes multiplied by `weights`."""
        model, first, second = self._workspace.model, *map(self._shelf.entry, paths)
        if model is None or first is None or second is None:
            return
        names = first.name, second.name
        title = " + ".join(
            f"{weight:.4g} \N{MULTIPLICATION SIGN} {name}"
            for weight, name in zip(weights, names, strict=True)
        )

        def put_on(both: "AdapterFile") -> None:
            if not all(map(self._shelf.entry, paths)):
                return  # deleted meanwhile
            name = self._name_of_next
            self._give_classes(both)
            self._workspace.set_adapter(LoadedAdapter(None, both, title, paths))
            if name:
                self.keep_combination(name)

        function = partial(adapter_jobs.combined, paths, names, weights, model)
        if _is_slow(model):
            self._combining.start(function, put_on)
        else:
            self._at_once(function, put_on)

    def _forget_combining(self, _: object) -> None:
        """Let go of what is being combined: something else was put on, or it cannot be."""
        self._combining.forget()
        self._name_of_next = ""

    def _other_network(self, info: "AdapterInfo | None") -> "ModelSettings | None":
        model = self._workspace.model
        return adapter_jobs.other_network(info, model) if info and model else None

    def _on_its_network(
        self, info: "AdapterInfo | None", path: Path, then: Callable[["Model"], None]
    ) -> None:
        """Call `then` with the network that is open, once it is the one of the adapter."""

        def go_on() -> None:
            if model := self._workspace.model:
                then(model)

        if settings := self._other_network(info):
            name = (info.name if info else "") or path.stem
            self.network_needed.emit(name, settings, go_on)
        else:
            go_on()

    def _make_ready(self, model: "Model", function: Function, then: Callable[[Any], None]) -> None:
        """Have `function` make an adapter of `model`, and give it to `then`."""
        if _is_slow(model):
            self._busy.start(PUTTING_ON, function, then, handling=SAVING)
        else:
            self._at_once(function, then)

    def _at_once(self, function: Function, then: Callable[[Any], None]) -> None:
        try:
            made = function(lambda event: None, lambda: False)
        except StudioError as error:
            self.failed.emit(error)
        else:
            then(made)

    def keep_combination(self, name: str) -> None:
        """Keep the two adapters that are combined, or are just being, as one of its own."""
        if self._combining.is_going:
            self._name_of_next = name.strip() or "Combination"
            return
        adapter = self._workspace.adapter
        if adapter is not None and adapter.parts:
            self._take(adapter.content, name.strip() or adapter.title)

    # Into the library

    def import_adapter(self, path: Path) -> None:
        """Read an adapter from a file or a PEFT folder, keep a copy, and put it on."""

        def read(model: "Model") -> None:
            def imported(adapter: LoadedAdapter) -> None:
                if self._workspace.model is model:
                    self._take(adapter.content, adapter.title, f"Imported {path.name}.")
                    self.path_opened.emit("adapter", path)

            function = partial(adapter_jobs.read_adapter, path, model)
            self._busy.start(IMPORTING, function, imported, handling=SAVING)

        if self._workspace.model is not None:
            self._on_its_network(adapter_jobs.info_of(path), path, read)

    def take_trained(self, result: RunResult) -> None:
        """Keep the best adapter of a run that has ended with one, and put it on."""

        def read(adapter: LoadedAdapter) -> None:
            self._take(adapter.content, trained_name(adapter.content.info))
            self._note_name(result)

        # Without one nothing was trained, or nothing that beats the network as it is.
        if result.has_adapter and (model := self._workspace.model):
            function = partial(adapter_jobs.read_adapter, result.best_adapter, model)
            self._busy.start(PUTTING_ON, function, read, handling=KEPT)

    def put_run_on(self, result: RunResult) -> None:
        """Put the best adapter of a run of whenever on, unless it alone is on already."""
        if self.active == (self.of_run(result)[0],) or self._workspace.model is None:
            return
        path = result.best_adapter
        info = adapter_jobs.info_of(path) if result.has_adapter else None
        self._on_its_network(info, path, lambda _: self.take_trained(result))

    def keep_trained(self, result: RunResult) -> None:
        """Keep the best adapter of a run that has ended with one; what is on stays on."""

        def read(content: "AdapterFile") -> None:
            if kept := self._shelf.keep(content, trained_name(content.info)):
                self._of_runs[result.folder] = kept.entry.path
                self._name_run(result, kept.entry.name)
                self.message.emit(f"Kept the adapter {kept.entry.name} in the library.")

        if result.has_adapter:
            function = partial(adapter_jobs.load_adapter, result.best_adapter)
            self._busy.start(KEEPING, function, read, handling=KEPT)

    def _take(self, content: "AdapterFile", name: str, done: str = "") -> None:
        """Put an adapter on and keep it; if it cannot be kept it can be used all the same.

        Args:
            content: the adapter.
            name: to keep it under, unless an equal one is there already.
            done: what led to this, in a sentence.
        """
        kept = self._shelf.keep(content, name)
        if kept is None:
            self._put_on(LoadedAdapter(None, content, name), done)
            return
        entry = kept.entry
        if not kept.is_new:
            done = f"{done} {already_there(entry.name)}".strip()
        content = dataclasses.replace(content, info=entry.info)
        self._put_on(LoadedAdapter(entry.path, content, entry.name), done)
        self.taken.emit(entry.path)

    def _note_name(self, result: RunResult) -> None:
        """Have the run and its folder tell what its adapter, which is on now, is called."""
        adapter = self._workspace.adapter
        if adapter is not None and adapter.path is not None:
            self._of_runs[result.folder] = adapter.path
            self._name_run(result, adapter.title)

    def _name_run(self, result: RunResult, name: str) -> None:
        try:
            named = name_adapter(result, name)
        except StudioError as error:
            self.failed.emit(error)
            return
        shown = self._workspace.result
        if shown is not None and shown.folder == result.folder:
            self._workspace.set_result(named)

    def _put_on(self, adapter: LoadedAdapter, done: str = "") -> None:
        had_images = self._workspace.data is not None
        self._give_classes(adapter.content)
        self._workspace.set_adapter(adapter)
        told = f"{done} The model has {adapter.title} on."
        if had_images and self._workspace.data is None:
            told += f" Open images of {first_of(self._workspace.class_names, _NAMED)} for it."
        self.message.emit(told.strip())

    def _give_classes(self, content: "AdapterFile") -> None:
        """Give the network the last layer that an adapter is for; images of others go."""
        from vera_studio.models.own_classes import for_adapter

        workspace = self._workspace
        if (model := workspace.model) is None:
            return
        fitting = for_adapter(model, content.info)
        if fitting is not model:
            workspace.set_model(fitting, workspace.recipe.model)

    # Out of the library

    def of_run(self, result: RunResult) -> tuple[Path, str]:
        """File and name of the adapter of a run: in the library, or what lies in its folder."""
        path = self._of_runs.get(result.folder)
        if path and (entry := self._shelf.entry(path)):
            return entry.path, entry.name
        return result.best_adapter, result.adapter_name or result.folder.name

    def export(self, content: "AdapterFile", target: Target, destination: Path) -> None:
        """Write an adapter for the studio or for another program."""

        def exported(sentence: str) -> None:
            self.message.emit(f"Exported {destination.name}: {sentence}")
            self.exported.emit(target, destination)
            if kind := EXPORT_TARGETS[target].opens_as:
                self.path_opened.emit(kind, destination)

        if model := self._workspace.model:
            function = partial(adapter_jobs.export, content, model, target, destination)
            self._busy.start(EXPORTING, function, exported, handling=SAVING)

    def _follow_entry(self, entry: "Entry") -> None:
        """Give the adapter that is on the name and the notes that it has now."""
        adapter = self._workspace.adapter
        if adapter is not None and adapter.path == entry.path:
            content = dataclasses.replace(adapter.content, info=entry.info)
            named = dataclasses.replace(adapter, content=content, title=entry.name)
            self._workspace.set_adapter(named)
        result = self._workspace.result
        is_of_run = result is not None and self._of_runs.get(result.folder) == entry.path
        if result is not None and is_of_run and result.adapter_name != entry.name:
            self._name_run(result, entry.name)

    def _follow_deletion(self, paths: tuple[Path, ...]) -> None:
        if set(paths) & set(self.active):
            self._workspace.set_adapter(None)


def _is_slow(model: "Model") -> bool:
    return model.kind.parameters > _MOST_AT_ONCE
