"""Which classes are fine-tuned, and how many images of the others are mixed in."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QGroupBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from vera_studio.recipe import Recipe, TrainingSettings
from vera_studio.ui.pages.setup.fields import ResetButton, describe
from vera_studio.ui.state.workspace import Measurement, Workspace, shown_part
from vera_studio.ui.widgets.class_list import ClassList
from vera_studio.ui.widgets.marked_slider import MarkedSlider
from vera_studio.ui.widgets.reasons import allow


class TargetsForm(QGroupBox):
    """Edits the draft's target classes and its share of other classes."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__("Target classes", parent)
        self._workspace = workspace
        self._classes = ClassList()
        self._classes.setObjectName("target_classes")
        self._classes.checked_changed.connect(self._edit_targets)
        self._hint = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._hint.setObjectName("accuracy_hint")
        self._keep_label = QLabel()
        self._keep_label.setObjectName("keep_others_text")
        default = round(100 * TrainingSettings().keep_others)
        self._keep = describe(
            MarkedSlider(0, 100, default),
            "keep_others",
            "Keep other classes",
            "Share of the images of the other classes mixed in each epoch. At 0% only the "
            "targets are trained: they gain, and the others collapse. The mark is the default, "
            f"{default}%",
        )
        self._keep.valueChanged.connect(
            lambda percent: workspace.edit_training(keep_others=percent / 100)
        )
        layout = QVBoxLayout(self)
        layout.addWidget(self._hint)
        layout.addWidget(self._classes)
        row = QHBoxLayout()
        title = QLabel("Keep other classes")
        title.setToolTip(self._keep.toolTip())
        title.setBuddy(self._keep)
        row.addWidget(title)
        row.addStretch()
        row.addWidget(self._keep_label)
        layout.addLayout(row)
        row = QHBoxLayout()
        row.addWidget(self._keep)
        row.addWidget(
            ResetButton(workspace, "training", "keep_others", "Keep other classes", f"{default}%")
        )
        layout.addLayout(row)
        workspace.recipe_changed.connect(self._show)
        workspace.model_changed.connect(self._show_classes)
        workspace.adapter_changed.connect(self._show_hint)
        workspace.data_changed.connect(self._show_hint)
        workspace.data_changed.connect(self._show_data)
        workspace.accuracy_changed.connect(self._show_accuracy)
        self._show(workspace.recipe)
        self._show_hint()

    def _edit_targets(self, checked: tuple[int, ...]) -> None:
        names = self._workspace.class_names
        everything = set(checked) >= set(self._there)
        beyond = set(checked) - set(self._there)
        is_default = everything and (not beyond or len(checked) == len(names))
        chosen = None if is_default else tuple(names[index] for index in checked)
        self._workspace.edit_training(target_classes=chosen)

    @property
    def _there(self) -> tuple[int, ...]:
        """The classes that there are images of: those that are trained where none are chosen."""
        workspace = self._workspace
        count = len(workspace.class_names)
        counts = workspace.data.train.counts(count) if workspace.data else ()
        return tuple(i for i, images in enumerate(counts) if images) or tuple(range(count))

    def _show(self, recipe: Recipe) -> None:
        names, targets = self._workspace.class_names, recipe.training.target_classes
        there, wanted = self._there, set(targets or ())
        checked = list(there)
        if targets is not None:
            checked = [i for i, name in enumerate(names) if name in wanted]
        if tuple(checked) != self._classes.checked():
            with QSignalBlocker(self._classes):
                self._classes.set_checked(tuple(checked))
        percent = round(100 * recipe.training.keep_others)
        with QSignalBlocker(self._keep):
            self._keep.setValue(percent)
        has_others = not set(there) <= set(checked)
        allow(self._keep, "" if has_others else "All classes are targets: there are no others.")
        self._keep_label.setText(
            f"{100 * recipe.training.keep_others:.4g}% of their images"
            if has_others
            else "no others"
        )

    def _show_classes(self, _: object) -> None:
        with QSignalBlocker(self._classes):
            self._classes.set_classes(self._workspace.class_names)
        self._show_data()

    def _show_data(self, _: object = None) -> None:
        """List the classes that there are images of, and tick what is trained of these."""
        data, names = self._workspace.data, self._workspace.class_names
        fits = data is not None and data.class_names == names
        self._classes.set_counts(data.train.counts(len(names)) if data and fits else None)
        self._show(self._workspace.recipe)

    def _show_accuracy(self, accuracy: Measurement | None) -> None:
        if accuracy is None:
            self._classes.set_accuracies(None)
        else:
            evaluation = accuracy.evaluation
            self._classes.set_accuracies(evaluation.per_class, evaluation.counts)

    def _show_hint(self, _: object = None) -> None:
        data, adapter = self._workspace.data, self._workspace.adapter
        if data is None:
            is_open = self._workspace.model is not None
            self._hint.setText(
                "No images are open to measure on."
                if is_open
                else "The classes appear once the network is open."
            )
            return
        if self._workspace.is_untrained:
            self._hint.setText("The new last layer is not trained yet: all of these are learnt.")
            return
        what = "with the adapter on" if adapter else "of the base network"
        self._hint.setText(f"Accuracy now, {what}, on the {shown_part(data)} images:")
