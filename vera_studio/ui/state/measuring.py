"""How model and adapter do on the images that are open, measured whenever one of them changes."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from vera_studio.ui.jobs import training as training_jobs
from vera_studio.ui.runner import Job, Runner
from vera_studio.ui.state.workspace import LoadedAdapter, Measurement, Workspace, shown_part


class Measuring(QObject):
    """Gives the workspace its accuracies; a measurement that is out of date is given up.

    Signals:
        failed(Exception): something was not measured.
    """

    failed = Signal(object)

    def __init__(self, workspace: Workspace, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._runner = workspace, runner
        self._job: Job | None = None  # of the part that is shown all along
        self._job_of_test: Job | None = None
        self._parameters: Mapping[str, Any] | None = None  # of the adapter that was measured
        workspace.model_changed.connect(self._measure)
        workspace.data_changed.connect(self._measure)
        workspace.adapter_changed.connect(self._follow_adapter)

    @property
    def is_going(self) -> bool:
        """Whether the accuracy that is shown all along is to come."""
        return self._job is not None

    @property
    def is_measuring_test(self) -> bool:
        """Whether what `measure_test` began goes on."""
        return self._job_of_test is not None

    def measure_test(self) -> None:
        """Measure model and adapter as they are now on the test images."""
        workspace = self._workspace
        if workspace.model is None or workspace.data is None or workspace.is_untrained:
            return
        if self.is_measuring_test:
            return
        function = partial(
            training_jobs.measure, workspace.model, workspace.adapter, workspace.data, "test"
        )
        name = "Measuring the test images"
        self._job_of_test = job = self._runner.start(function, name=name)

        def ended(accuracy: Measurement | None = None) -> None:
            if job is self._job_of_test:
                self._job_of_test = None
                workspace.set_test_accuracy(accuracy)

        job.finished.connect(ended)
        job.failed.connect(lambda _: ended())
        job.cancelled.connect(ended)
        job.failed.connect(self.failed)

    def _follow_adapter(self, adapter: LoadedAdapter | None) -> None:
        """Measure anew, unless the adapter only got another name."""
        parameters = adapter.content.parameters if adapter else None
        if parameters is not self._parameters:
            self._measure()

    def _measure(self, _: object = None) -> None:
        """Measure model and adapter as they are now."""
        workspace = self._workspace
        for job in (self._job, self._job_of_test):
            if job:
                job.cancel()
        self._job = self._job_of_test = None
        self._parameters = workspace.adapter.content.parameters if workspace.adapter else None
        if workspace.model and workspace.data and not workspace.is_untrained:
            self._begin()
        workspace.set_accuracy(None)
        workspace.set_test_accuracy(None)

    def _begin(self) -> None:
        workspace = self._workspace
        model, data = workspace.model, workspace.data
        assert model is not None
        assert data is not None
        function = partial(training_jobs.measure, model, workspace.adapter, data, shown_part(data))
        self._job = job = self._runner.start(function, name="Measuring")

        def measured(accuracy: Measurement) -> None:
            if job is self._job:
                workspace.set_accuracy(accuracy)
                if accuracy.part == "test":
                    workspace.set_test_accuracy(accuracy)

        def ended() -> None:
            if job is self._job:
                self._job = None
                if workspace.accuracy is None:  # stopped, or it failed: say that it is not coming
                    workspace.set_accuracy(None)

        job.finished.connect(measured)
        job.failed.connect(self.failed)
        job.ended.connect(ended)
