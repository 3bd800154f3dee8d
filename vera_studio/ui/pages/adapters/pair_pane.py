"""Two adapters that are selected: combined, compared."""

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QWidget

from vera_studio.ui.jobs import adapters as adapter_jobs
from vera_studio.ui.jobs.adapters import PairComparison
from vera_studio.ui.pages.adapters.combine_form import CombineForm
from vera_studio.ui.pages.adapters.compare_view import CompareView
from vera_studio.ui.runner import Job
from vera_studio.ui.state.studio import Studio

_Pair = tuple[Path, Path]


class PairPane(QWidget):
    """Shows the forms to combine and to compare the selected two."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._pair: _Pair | None = None
        self._job: Job | None = None
        self.combine_form = CombineForm()
        self.combine_form.setMinimumWidth(250)
        self.combine_form.weights_chosen.connect(self._put_on)
        self.combine_form.keep_requested.connect(studio.adapters.keep_combination)
        self.compare_view = CompareView()
        self.compare_view.compare_requested.connect(self.compare)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.combine_form, 2)
        layout.addWidget(self.compare_view, 5)
        studio.workspace.data_changed.connect(self._forget)
        studio.workspace.model_changed.connect(self._forget)
        studio.shelf.deleted.connect(self._follow_deletion)

    def show_pair(self, pair: _Pair) -> None:
        """Show these two, which are in the library."""
        if pair != self._pair:
            self._pair = pair
            self._forget()
            self.combine_form.show_pair(self._names(pair), self._weights_on(pair) or (1.0, 1.0))
        self.follow_state()

    def follow_state(self) -> None:
        """Show what can be done now, and whether the two are on."""
        if self._pair is not None:
            is_on = self._weights_on(self._pair) == self.combine_form.weights
            self.combine_form.set_state(is_on, self._studio.obstacle)

    def _weights_on(self, pair: _Pair) -> tuple[float, float] | None:
        """The weights with which the model has the two on; None where it has not."""
        adapter = self._studio.workspace.adapter
        if adapter is None or adapter.path is not None or set(adapter.parts) != set(pair):
            return None
        combined = adapter.content.info.training.combined
        weights = {path: weight for path, (_, weight) in zip(adapter.parts, combined, strict=True)}
        return weights[pair[0]], weights[pair[1]]

    def _follow_deletion(self, paths: tuple[Path, ...]) -> None:
        """Let go of a pair that is no more: another adapter may get the name of its file."""
        if self._pair is not None and set(paths) & set(self._pair):
            self._pair = None
            self._forget()

    def compare(self) -> None:
        """Measure the two in the background."""
        model, data, pair = self._studio.workspace.model, self._studio.workspace.data, self._pair
        if pair is None or model is None or data is None:
            return
        first, second = (self._studio.shelf.content(path) for path in pair)
        if first is None or second is None:
            return
        self._give_up()
        function = partial(adapter_jobs.compare, (first, second), model, data)
        self._job = job = self._studio.runner.start(function, name="Comparing two adapters")
        self.compare_view.wait()

        def compared(found: PairComparison) -> None:
            if job is self._job:
                self.compare_view.show_comparison(self._names(pair), found)

        def failed(error: Exception) -> None:
            if job is self._job:
                self._forget()
            self._studio.failed.emit(error)

        job.finished.connect(compared)
        job.failed.connect(failed)
        job.cancelled.connect(lambda: self._forget() if job is self._job else None)

    def _put_on(self, weights: tuple[float, float]) -> None:
        if self._pair is not None and self._studio.is_free:
            self._studio.adapters.combine(self._pair, weights)

    def _names(self, pair: _Pair) -> tuple[str, str]:
        first, second = (self._studio.shelf.entry(path) for path in pair)
        return first.name if first else "", second.name if second else ""

    def _forget(self, _: object = None) -> None:
        """Take away what was measured: it was on other images, or of other adapters."""
        self._give_up()
        self.compare_view.invite(True)

    def _give_up(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None
