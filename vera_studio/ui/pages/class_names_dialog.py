"""Asking what the classes of the user's own weights are called."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vera_studio.recipe import class_names_problem
from vera_studio.ui.widgets.reasons import allow


class ClassNamesDialog(QDialog):
    """A name a line, in the order of the outputs.

    Signals:
        named(tuple): the names, or the numbers where the user keeps these; always emitted once.
    """

    named = Signal(tuple)

    def __init__(self, weights: str, numbers: tuple[str, ...], parent: QWidget) -> None:
        """Ask.

        Args:
            weights: name of the file.
            numbers: what the classes are called so far.
            parent: what the dialog stands before.
        """
        super().__init__(parent)
        self._numbers = numbers
        self.setObjectName("class_names_dialog")
        self.setWindowTitle("Name the Classes")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        text = QLabel(
            f"{weights} is a network of {len(numbers):,} classes, whose names are not in the "
            "file. Type or paste a name a line, in the order of the outputs: images are matched "
            "to the classes by these names.",
            wordWrap=True,
            textFormat=Qt.TextFormat.PlainText,
        )
        self.names = QPlainTextEdit("\n".join(numbers))
        self.names.setObjectName("class_names")
        self.names.setAccessibleName("Names of the classes")
        self.names.setToolTip("A name a line, in the order of the outputs")
        self.names.textChanged.connect(self._follow)
        self.use = QPushButton("Use These Names")
        self.use.setObjectName("use_class_names")
        self.use.setToolTip("Call the classes so")
        self.use.clicked.connect(self.accept)
        keep = QPushButton("Keep Numbers")
        keep.setObjectName("keep_class_numbers")
        keep.setToolTip(f"Call the classes 0 to {len(numbers) - 1:,}")
        keep.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(keep)
        buttons.addWidget(self.use)
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addWidget(self.names, 1)
        layout.addLayout(buttons)
        self.finished.connect(self._tell)
        self._follow()

    def _typed(self) -> tuple[str, ...]:
        lines = self.names.toPlainText().split("\n")
        return tuple(name for line in lines if (name := line.strip()))

    def _follow(self) -> None:
        names, wanted = self._typed(), len(self._numbers)
        reason = ""
        if len(names) != wanted:
            reason = f"There are {wanted:,} classes, and {len(names):,} names."
        allow(self.use, reason or class_names_problem(names))

    def _tell(self, result: int) -> None:
        accepted = result == QDialog.DialogCode.Accepted
        self.named.emit(self._typed() if accepted else self._numbers)
