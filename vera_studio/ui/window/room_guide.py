"""Says in each room what the page is about, and leads on to the next."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, SignalInstance
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton

from vera_studio.runs.events import RunStarted, RunSubject
from vera_studio.ui.state.run_control import RunState
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.reasons import allow, reason_of
from vera_studio.ui.widgets.stand_out import make_stand_out
from vera_studio.ui.window.rooms import Rooms

_DOT = " \N{MIDDLE DOT} "
_GOES_ON = "The run goes on: it can be seen when it has ended."


@dataclass(frozen=True)
class _Way:
    """Where the button leads, and why it does not, if so."""

    text: str
    tip: str
    go: Callable[[], object]
    reason: str = ""


class RoomGuide(QObject):
    """Fills the line and the button above the pages.

    Args:
        studio: what it is told of.
        rooms: whose line and button these are.
        start: starts a run.
        start_button: does so in the set-up; while it is seen, it is the way forward itself.
        seen_changed: it came, or went.
    """

    def __init__(
        self,
        studio: Studio,
        rooms: Rooms,
        start: QAction,
        start_button: QPushButton,
        seen_changed: SignalInstance,
    ) -> None:
        super().__init__(rooms)
        self._studio, self._rooms, self._start = studio, rooms, start
        self._start_button, self._start_stands_out = start_button, False
        self._subject = RunSubject()  # of the newest run of this session
        self._has_ended = False  # that run, with a result
        self._told: dict[str, str] = {}  # by pages themselves
        self._go: Callable[[], object] = lambda: None
        rooms.forward.clicked.connect(lambda: self._go())
        studio.run.events.connect(self._take_events)
        studio.run.state_changed.connect(self._follow_run)
        workspace = studio.workspace
        for signal in (
            rooms.page_changed,
            workspace.model_changed,
            workspace.data_changed,
            workspace.adapter_changed,
            start.changed,
            seen_changed,
        ):
            signal.connect(self._show)
        workspace.result_changed.connect(self._follow_result)
        workspace.recipe_changed.connect(self._show)

    def tell_about(self, page: str, text: str) -> None:
        """Say that the page called `page` is about `text`; empty for what its room is about."""
        self._told[page] = text
        self._show()

    def _take_events(self, events: list[object]) -> None:
        for event in events:
            if isinstance(event, RunStarted):
                self._subject = event.subject
                self._show()

    def _follow_run(self, state: RunState) -> None:
        if state is RunState.RUNNING:
            self._has_ended = False
        elif state is RunState.IDLE and not self._has_ended:
            self._subject = RunSubject()
        self._show()

    def _follow_result(self, result: object) -> None:
        self._has_ended = result is not None
        self._show()

    def _show(self, _: object = None) -> None:
        if not self._rooms.page:
            return
        text = self._about()
        if text != self._rooms.subject.text():  # else the window would be laid out anew
            self._rooms.subject.setText(text)
        way, button = self._way(), self._rooms.forward
        self._have_start_stand_out(way is None and self._rooms.room == "train")
        button.setVisible(way is not None)
        if way is not None:
            self._go = way.go
            if way.text != button.text():
                button.setText(way.text)
                button.setAccessibleName(way.text.rstrip(" \N{RIGHTWARDS ARROW}"))
            button.setToolTip(plain_tip(way.tip))
            allow(button, way.reason)

    def _have_start_stand_out(self, stands_out: bool) -> None:
        if stands_out != self._start_stands_out:
            self._start_stands_out = stands_out
            make_stand_out(self._start_button, stands_out)

    # What a page is about

    def _about(self) -> str:
        workspace = self._studio.workspace
        if told := self._told.get(self._rooms.page):
            return told
        match self._rooms.room:
            case "train" if self._subject != RunSubject():
                return _run_text(self._subject)
            case "understand" if workspace.result is not None:
                return _run_text(workspace.result.subject)
            case "images" | "train":
                return _DOT.join((self._network(), self._images()))
        adapter = workspace.adapter
        return _DOT.join((self._network(), adapter.title if adapter else "no adapter on"))

    def _network(self) -> str:
        model = self._studio.workspace.model
        return f"{model.kind.title}, {model.weights}" if model else "No network yet"

    def _images(self) -> str:
        data = self._studio.workspace.data
        return data.title if data else "no images"

    # The way forward

    def _way(self) -> _Way | None:
        match self._rooms.room:
            case "images":
                return self._to("training", "Train", "Go to the room where these are trained on")
            case "train":
                return self._from_train()
            case "understand" | "adapters":
                uses = (page for page in ("try", "classify", "take") if page in self._rooms.pages)
                tip = "Put what is on the network to work on other pictures"
                return self._to(next(uses, ""), "Try It", tip)
            case "use" if self._rooms.page != "take":
                return self._to("take", "Take It Along", "Write the classifier to files")
        return None

    def _from_train(self) -> _Way | None:
        if self._studio.run.state is not RunState.IDLE:
            way = self._to("results", "See Results", "See what the run came to")
            return way and _Way(way.text, way.tip, way.go, _GOES_ON)
        if self._has_ended:
            return self._to("results", "See Results", "See what the run came to")
        if self._start_button.isVisibleTo(self._rooms.window()):
            return None
        start = self._start
        reason = "" if start.isEnabled() else reason_of(start)
        return _Way("Start", start.statusTip(), start.trigger, reason)

    def _to(self, page: str, text: str, tip: str) -> _Way | None:
        if page not in self._rooms.pages:
            return None
        go = partial(self._rooms.show_page, page)
        return _Way(f"{text} \N{RIGHTWARDS ARROW}", tip, go)


def _run_text(subject: RunSubject) -> str:
    run = f"Run {subject.run}" if subject.run else ""
    network = ", ".join(filter(None, (subject.network, subject.weights)))
    return _DOT.join(filter(None, (run, network, subject.data, subject.adapter)))
