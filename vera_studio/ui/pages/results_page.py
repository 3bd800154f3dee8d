"""What a run gained: test accuracies before and after, a class each."""

import html
import math
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from vera_studio.runs.events import Evaluation, RunResult
from vera_studio.runs.summary import sentences
from vera_studio.ui.icons import icon
from vera_studio.ui.run_caption import RunCaption
from vera_studio.ui.state.workspace import Workspace
from vera_studio.ui.widgets.empty_state import EmptyState
from vera_studio.ui.widgets.gain_chart import GainChart
from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.reasons import allow, reason_of
from vera_studio.ui.widgets.wrapped_label import WrappedLabel
from vera_studio.wording import of_few


class ResultsPage(QWidget):
    """A summary and a chart of the newest run.

    Signals:
        export_requested(): the adapter of the run that is shown is to be exported.
        layers_requested(): what the run did to each layer is to be shown.
        report_requested(Path): a report of the run in this folder, which is shown, is wanted.
    """

    export_requested = Signal()
    layers_requested = Signal()
    report_requested = Signal(object)

    def __init__(
        self, workspace: Workspace, actions: dict[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._start = actions["start"]
        self._empty = EmptyState(
            icon("results"),
            "No run yet",
            "When a run has ended, the accuracy of every class on the test images stands here, "
            "before and after. Tick the target classes, then press Start.",
            "Start",
        )
        self._empty.action_triggered.connect(self._start.trigger)
        self._start.changed.connect(self._follow_start)
        self._follow_start()
        self.caption = RunCaption("result_caption", workspace)
        self.summary = WrappedLabel("result_summary", "What the run gained", Qt.TextFormat.RichText)
        self.chart = GainChart()
        self.chart.setObjectName("gain_chart")
        self._export = _button(
            "export_button", "Export This Adapter…", "Export this run's adapter", "export"
        )
        self._export.clicked.connect(self.export_requested)
        self._layers = layers = _button(
            "layers_button", "What It Did", "What this run did to each layer", "understand"
        )
        layers.setToolTip("See what the run did to each layer, and what accuracy does without it")
        layers.clicked.connect(self.layers_requested)
        report = _button("report_button", "Report…", "Write a report of this run", "table")
        report.setToolTip("Write a page with all of this run, to be read anywhere")
        report.clicked.connect(self._request_report)
        words = QVBoxLayout()
        words.addWidget(self.caption)
        words.addWidget(self.summary)
        top = QHBoxLayout()
        top.addLayout(words, 1)
        for button in (layers, report, self._export):
            top.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        filled = QWidget()
        column = QVBoxLayout(filled)
        column.addLayout(top)
        column.addWidget(self.chart, 1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(filled)
        self._workspace = workspace
        workspace.result_changed.connect(self._show)

    def _request_report(self) -> None:
        if self._workspace.result is not None:
            self.report_requested.emit(self._workspace.result.folder)

    def _follow_start(self) -> None:
        why = "" if self._start.isEnabled() else reason_of(self._start)
        allow(self._empty.button, why)

    def _show(self, result: RunResult | None) -> None:
        self._stack.setCurrentIndex(0 if result is None else 1)
        if result is None:
            return
        name = result.adapter_name or "the adapter of this run"
        self._export.setToolTip(plain_tip(f"Write {name} to one small file, for VeRA Studio"))
        allow(self._export, "" if result.has_adapter else "The run left no adapter to export.")
        allow(self._layers, "" if result.has_adapter else "The run left no adapter to look at.")
        self.caption.set_run(result.subject)
        self.summary.setText("<br>".join(_summary(result)))
        self.chart.set_values(
            result.class_names,
            result.before.per_class,
            result.after.per_class,
            set(result.target_classes),
            result.before.counts,
            "class means, before training" if result.has_own_classes else "before",
        )


def _button(name: str, text: str, accessible_name: str, icon_name: str) -> QToolButton:
    button = QToolButton(toolButtonStyle=Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setIcon(icon(icon_name))
    button.setText(text)
    button.setObjectName(name)
    button.setAccessibleName(accessible_name)
    return button


def _summary(result: RunResult) -> list[str]:
    """What came of the run, a line each, as rich text."""
    told = [html.escape(text) for text in sentences(result)]
    speed = (
        f"{result.images_per_second:,.0f} images/s on {result.device.upper()}, "
        f"{result.seconds:,.1f} s in all."
    )
    if not result.has_adapter:
        what, _, advice = told[0].partition(". ")
        return [f"<b>{what.removesuffix('.')}.</b>", *filter(None, (advice, *told[1:])), speed]
    has_others = any(result.before.counts[index] for index in result.other_classes)
    of = "target classes" if has_others else "classes"
    lines = [_mean_line(f"Mean of the {of}", result, result.target_classes)]
    if has_others:
        lines.append(_mean_line("Mean of the others", result, result.other_classes))
    if result.has_own_classes:
        lines[0] += "; before is what the means of the classes come to"
    return [*lines, " ".join((told[0], speed)), *(f"<b>{text}</b>" for text in told[1:])]


def _mean_line(text: str, result: RunResult, classes: Sequence[int]) -> str:
    before, after = result.before.mean_over(classes), result.after.mean_over(classes)
    if math.isnan(before):
        return f"{text}: no test images"
    if math.isnan(after):
        return f"{text}: {before:.1%} before"
    gain = f"{100 * (after - before):+.1f}".replace("-", "\N{MINUS SIGN}")
    line = f"{text}: {before:.1%} → {after:.1%}, <b>{gain} points</b>"
    few = [_of_few_in(evaluation, classes) for evaluation in (result.before, result.after)]
    return f"{line}; {few[0]} images right, then {few[1]}: few to go by" if all(few) else line


def _of_few_in(evaluation: Evaluation, classes: Sequence[int]) -> str:
    """How many of the images of `classes` are right, if those are few."""
    known = [i for i in classes if evaluation.counts[i]]
    images = sum(evaluation.counts[i] for i in known)
    right = sum(round(evaluation.per_class[i] * evaluation.counts[i]) for i in known)
    return of_few(right / images, images) if images else ""
