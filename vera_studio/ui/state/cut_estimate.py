"""Where the network would be cut for the feature cache, found as the draft is edited."""

from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from vera_studio.errors import AdapterError
from vera_studio.ui.jobs import parameters as parameter_jobs
from vera_studio.ui.jobs.parameters import Cut
from vera_studio.ui.runner import Runner
from vera_studio.ui.state.automatic import planned_course
from vera_studio.ui.state.newest_job import NewestJob
from vera_studio.ui.state.workspace import Workspace

_SETTLING_MILLISECONDS = 300  # of rest after an edit: it takes some forward passes
_VIEWS_OF_A_FLIP = 2
_BYTES_OF_A_NUMBER = 4


class CutEstimate(QObject):
    """Follows the draft; one job goes at a time, and what is out of date is not told.

    Signals:
        changed(str): what the feature cache would be, for a person; empty while it is not known.
        failed(Exception): it could not be found.
    """

    changed = Signal(str)
    failed = Signal(object)

    def __init__(self, workspace: Workspace, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._looking = NewestJob("Looking where to cut the network", runner, self)
        self._looking.failed.connect(self.failed)
        self._cut: Cut | None = None
        self._asked: object = None  # the network, layers and room that the cut is of
        self._is_possible = False  # else the set-up panel says what is wrong with the layers
        self.text = ""
        self._timer = QTimer(self, singleShot=True, interval=_SETTLING_MILLISECONDS)
        self._timer.timeout.connect(self._find)
        workspace.recipe_changed.connect(self._follow)
        workspace.model_changed.connect(self._follow)
        workspace.data_changed.connect(self._follow)

    def _follow(self, _: object = None) -> None:
        model, adapter = self._workspace.model, self._workspace.recipe.adapter
        if model is None:
            return
        try:
            layers = model.layers_for(adapter)
        except AdapterError:
            layers = ()
        megabytes = self._workspace.recipe.training.cache_megabytes
        asked = (model, adapter.method, layers, self._views(), megabytes)
        if asked != self._asked:
            is_possible = bool(layers) or adapter.method == "head"
            self._asked, self._cut, self._is_possible = asked, None, is_possible
            self._timer.start()
        self._tell()

    def _find(self) -> None:
        model, asked = self._workspace.model, self._asked
        if model is None or not self._is_possible:
            self._looking.forget()
            return
        recipe = self._workspace.recipe
        megabytes = recipe.training.cache_megabytes
        function = partial(parameter_jobs.find_cut, model, recipe.adapter, self._views(), megabytes)
        self._looking.start(function, partial(self._take, asked))

    def _take(self, asked: object, cut: Cut) -> None:
        if asked == self._asked:
            self._cut = cut
            self._tell()

    def _tell(self) -> None:
        training, cut = self._workspace.recipe.training, self._cut
        course = planned_course(self._workspace)
        shifts = training.shift and not (course and course.views)
        is_off = not training.feature_cache or shifts
        text = "" if cut is None or is_off else self._text(cut)
        if text != self.text:
            self.text = text
            self.changed.emit(text)

    def _text(self, cut: Cut) -> str:
        if cut.problem:
            return f"Nothing can be computed once: {cut.problem}."
        where = f"up to {cut.place}" if cut.place else "in front of the adapter"
        size = f"{cut.width:,} numbers an image, {cut.share:.1%} of its pixels"
        return f"Computed once: what is {where}. {size}{self._memory(cut)}."

    def _views(self) -> int:
        """How many views of all images would be kept; 0 without images."""
        data = self._workspace.data
        if data is None:
            return 0
        course = planned_course(self._workspace)
        anew = _VIEWS_OF_A_FLIP if self._workspace.recipe.training.flips else 1
        views = course.views if course and course.views else anew
        return len(data.train) * views + len(data.validation) + len(data.test)

    def _memory(self, cut: Cut) -> str:
        views = self._views()
        if not views:
            return ""
        megabytes = cut.width * views * _BYTES_OF_A_NUMBER / 10**6
        return f"; about {megabytes:,.0f} MB" if megabytes >= 1 else "; less than 1 MB"
