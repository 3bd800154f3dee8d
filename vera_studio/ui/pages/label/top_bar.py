"""Which pictures are named, in how many groups, and what looks at them."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QWidget,
)

from vera_studio.recipe import ModelSettings
from vera_studio.ui.icons import icon
from vera_studio.ui.jobs.progress import Progress
from vera_studio.ui.widgets.elided_label import ElidedLabel
from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.reasons import allow

MOST_GROUPS = 999


class TopBar(QWidget):
    """One line.

    Signals:
        folder_requested(): other pictures are to be looked through.
        stop_requested(): what goes on is to end.
        groups_changed(int): the pictures are to be in so many groups.
        network_changed(): another network is to see.
    """

    folder_requested = Signal()
    stop_requested = Signal()
    groups_changed = Signal(int)
    network_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.subject = ElidedLabel()
        self.subject.setObjectName("label_subject")
        self.subject.setAccessibleName("The pictures that are named")
        self.bar = QProgressBar(textVisible=False)
        self.bar.setObjectName("label_progress")
        self.bar.setAccessibleName("How many pictures have been looked through")
        self.bar.setFixedWidth(120)
        self.stop = QPushButton(icon("stop"), "Stop")
        self.stop.setObjectName("stop_label_button")
        self.stop.setAccessibleName("Stop looking through the pictures")
        self.stop.setToolTip("Break it off; pictures that were opened stay in the image cache")
        self.stop.clicked.connect(self.stop_requested)
        self.folder = QPushButton(icon("folder"), "Folder…")
        self.folder.setObjectName("label_folder_button")
        self.folder.setAccessibleName("Look through the pictures in another folder")
        self.folder.setToolTip("Look through the pictures in another folder, and below it")
        self.folder.clicked.connect(self.folder_requested)
        self._groups_label = QLabel("Groups")
        self.groups = QSpinBox(minimum=1, maximum=MOST_GROUPS)
        self.groups.setKeyboardTracking(False)
        self.groups.setObjectName("label_groups")
        self.groups.setAccessibleName("Number of groups")
        self.groups.setToolTip(
            "More groups are purer, and take more keys. Only pictures without a name move"
        )
        self.groups.valueChanged.connect(self.groups_changed)
        self._network_label = QLabel("Seen by")
        self.network = QComboBox()
        self.network.setObjectName("label_network")
        self.network.setAccessibleName("The network that sees the pictures")
        self.network.setToolTip("Which network groups the pictures; names that were given stay")
        self.network.activated.connect(lambda _: self.network_changed.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.subject, 1)
        for widget in (
            self.bar,
            self.stop,
            self._groups_label,
            self.groups,
            self._network_label,
            self.network,
            self.folder,
        ):
            row.addWidget(widget)

    def show_subject(self, folder: str, pictures: int, remarks: Sequence[str]) -> None:
        """Say which pictures are named; empty for none."""
        count = "1 picture" if pictures == 1 else f"{pictures:,} pictures"
        text = f"{folder}: {count}" if folder else ""
        if remarks:
            text += f". {remarks[0]}"
        self.subject.setText(text)
        self.subject.setToolTip(plain_tip("\n".join((text, *remarks[1:]))))

    def show_groups(self, count: int, pictures: int) -> None:
        """Show how many groups there are."""
        self.groups.blockSignals(True)
        self.groups.setMaximum(max(1, min(MOST_GROUPS, pictures)))
        self.groups.setValue(count)
        self.groups.blockSignals(False)

    def set_networks(self, networks: Sequence[tuple[str, ModelSettings]], chosen: object) -> None:
        """Offer these networks, `chosen` in front."""
        self.network.clear()
        for title, settings in networks:
            self.network.addItem(title, settings)
            if settings == chosen:
                self.network.setCurrentIndex(self.network.count() - 1)
        several = len(networks) > 1
        self.network.setVisible(several)
        self._network_label.setVisible(several)

    def show_progress(self, progress: Progress) -> None:
        """Say how far it is."""
        self.bar.setRange(0, 1000 if progress.total else 0)
        self.bar.setValue(1000 * progress.done // max(progress.total, 1))

    def set_state(self, is_going: bool, obstacle: str) -> None:
        """Offer what can be done now."""
        if not is_going:
            self.bar.setRange(0, 1000)
            self.bar.setValue(0)
        self.bar.setVisible(is_going)
        self.stop.setVisible(is_going)
        self._groups_label.setVisible(not is_going)
        self.groups.setVisible(not is_going)
        for control in (self.folder, self.network):
            allow(control, obstacle)
