"""One image of those that are open, large, with what is known of it."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.reasons import allow

SIDE = 320  # of the picture, on screen


class PictureView(QDialog):
    """Shows a picture; stays open while others are chosen.

    Signals:
        step_requested(int): the user wants the next (1) or the previous (-1) one.
    """

    step_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("picture_view")
        self.setWindowTitle("Image")
        self._pixels = QImage()  # as the network gets them
        self._photograph: QImage | None = None  # as the file has it
        self.raw = QCheckBox("As the network gets it")
        self.raw.setObjectName("raw_picture")
        self.raw.setAccessibleName("Show the picture as the network gets it")
        self.raw.setToolTip("Show the pixels that the network gets, or the picture in the file")
        self.raw.toggled.connect(self._draw)
        self.picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.picture.setObjectName("large_picture")
        self.picture.setFixedSize(SIDE, SIDE)
        self._texts = {}
        facts = QFormLayout()
        for name, title in (
            ("class", "Class"),
            ("part", "Part"),
            ("file", "File"),
            ("size", "Size"),
        ):
            text = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
            text.setObjectName(f"picture_{name}")
            text.setAccessibleName(title)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            facts.addRow(title, text)
            self._texts[name] = text
        buttons = QHBoxLayout()
        self.previous = self._button("previous", "Previous", -1)
        self.next = self._button("next", "Next", 1)
        close = QPushButton("Close")
        close.setObjectName("close_picture_button")
        close.setAccessibleName("Close")
        close.setToolTip("Close the picture (Esc)")
        close.clicked.connect(self.close)
        for button in (self.previous, self.next):
            buttons.addWidget(button)
        buttons.addStretch()
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self.raw, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addLayout(facts)
        layout.addStretch()
        layout.addLayout(buttons)
        self.setMinimumWidth(SIDE + 80)

    def show_picture(self, image: QImage, facts: dict[str, str]) -> None:
        """Show `image`, and of `facts` the texts for "class", "part", "file" and "size"."""
        self._pixels, self._photograph = image, None
        allow(self.raw, "It is what is shown: there is no other picture of it.")
        self.picture.setAccessibleName(f"Image of {facts['class']}")
        for name, text in self._texts.items():
            text.setText(facts[name])
            text.setToolTip(plain_tip(facts[name]))
        self._draw()

    def show_photograph(self, image: QImage) -> None:
        """Show the picture that the file has in place of what the network makes of it."""
        self._photograph = image
        allow(self.raw)
        self._draw()

    def _draw(self) -> None:
        image = self._pixels
        if self._photograph is not None and not self.raw.isChecked():
            image = self._photograph
        ratio = self.devicePixelRatioF()
        side = round(SIDE * ratio)
        # Single pixels stay as sharp as the network gets them.
        mode = Qt.TransformationMode.FastTransformation
        if max(image.width(), image.height()) > SIDE // 2:
            mode = Qt.TransformationMode.SmoothTransformation
        scaled = image.scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio, mode)
        pixmap = QPixmap.fromImage(scaled)
        pixmap.setDevicePixelRatio(ratio)
        self.picture.setPixmap(pixmap)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() in steps:
            self.step_requested.emit(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def _button(self, name: str, text: str, step: int) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(f"{name}_picture_button")
        button.setAccessibleName(f"{text} image of the class")
        button.setToolTip(f"{text} image of this class")
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self.step_requested.emit(step))
        return button
