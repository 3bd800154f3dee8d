"""What a run gained: test accuracies before and after, a class each."""

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from vera_studio.runs.events import RunResult
from vera_studio.ui.icons import icon
from vera_studio.ui.widgets.empty_state import EmptyState
from vera_studio.ui.widgets.gain_chart import GainChart
from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.workspace import Workspace


class ResultsPage(QWidget):
    """A summary and a chart of the newest run.

    Signals:
        export_requested(): the adapter of the run that is shown is to be exported.
    """

    export_requested = Signal()

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
        self.summary = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.summary.setObjectName("result_summary")
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.chart = GainChart()
        self.chart.setObjectName("gain_chart")
        self._export = export = QToolButton(
            toolButtonStyle=Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        )
        export.setIcon(icon("export"))
        export.setText("Export This Adapter…")
        export.setObjectName("export_button")
        export.setAccessibleName("Export this run's adapter")
        export.clicked.connect(self.export_requested)
        top = QHBoxLayout()
        top.addWidget(self.summary, 1)
        top.addWidget(export, 0, Qt.AlignmentFlag.AlignTop)
        filled = QWidget()
        column = QVBoxLayout(filled)
        column.addLayout(top)
        column.addWidget(self.chart, 1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(filled)
        workspace.result_changed.connect(self._show)

    def _follow_start(self) -> None:
        self._empty.button.setEnabled(self._start.isEnabled())

    def _show(self, result: RunResult | None) -> None:
        self._stack.setCurrentIndex(0 if result is None else 1)
        if result is None:
            return
        name = result.adapter_name or "the adapter of this run"
        self._export.setToolTip(plain_tip(f"Write {name} to one small file, for VeRA Studio"))
        allow(self._export, "" if result.improved else "The run left no adapter to export.")
        self.summary.setText(_summary(result))
        self.chart.set_values(
            result.class_names,
            result.before.per_class,
            result.after.per_class,
            set(result.target_classes),
        )


def _summary(result: RunResult) -> str:
    """The gains in figures."""
    others = [i for i in range(len(result.class_names)) if i not in result.target_classes]
    lines = [_mean_line("Mean of the target classes", result, result.target_classes)]
    if others:
        lines.append(_mean_line("Mean of the others", result, others))
    lines.append(
        f"Epoch {result.best_epoch} of {result.epochs_done} was the best on the validation "
        f"images and is kept. {result.images_per_second:,.0f} images/s on "
        f"{result.device.upper()}, {result.seconds:,.1f} s in all."
    )
    return "<br>".join(lines)


def _mean_line(text: str, result: RunResult, classes: list[int] | tuple[int, ...]) -> str:
    before, after = result.before.mean_over(classes), result.after.mean_over(classes)
    if math.isnan(before):
        return f"{text}: no test images"
    gain = f"{100 * (after - before):+.1f}".replace("-", "\N{MINUS SIGN}")
    return f"{text}: {before:.1%} → {after:.1%}, <b>{gain} points</b>"
