"""Choosing a network: every one that can be opened, with its figures; downloads weights."""

import math
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vera_studio.errors import DownloadError
from vera_studio.recipe import ModelSettings
from vera_studio.ui.icons import icon
from vera_studio.ui.jobs import opening as opening_jobs
from vera_studio.ui.jobs.opening import DOWNLOAD_WEIGHTS, NetworkRow
from vera_studio.ui.jobs.progress import Progress
from vera_studio.ui.runner import Handling
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.download_box import DownloadBox
from vera_studio.ui.widgets.figure_table import Cell, Column, FigureTable
from vera_studio.ui.widgets.file_dialogs import ask_open
from vera_studio.ui.widgets.reasons import allow

WEIGHTS_FILTER = "Weights (*.safetensors *.pt *.pth *.ckpt *.bin *.tar);;All files (*)"
_COLUMNS = (
    Column("Network", "What it is called", is_text=True),
    Column("Here", "Whether its weights are on this machine", is_text=True),
    Column("Download", "Size of its weights, where they are to be downloaded", gives_way=2),
    Column("Parameters", "Numbers that it has"),
    Column("ImageNet", "Share of ImageNet's validation images that it names rightly"),
    Column("Pixels", "Height and width of the images that it takes", gives_way=1),
    Column("GFLOPs", "Billions of multiplications and additions for an image"),
)
_DASH = "\N{EN DASH}"
_SIZE = (760, 520)


class NetworkChooser(QDialog):
    """Lists the networks, opens the one that is chosen, and closes once it is open."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._rows: tuple[NetworkRow, ...] = ()
        # What is being opened, or failed to be, or is offered, and what is done once it is open.
        self._asked_for: tuple[ModelSettings, Callable[[], None] | None] | None = None
        self._offered = ""  # name of the network that is offered
        self._is_opening = self._is_fetching = False
        self.setObjectName("network_chooser")
        self.setWindowTitle("Open Network")
        self.filter = QLineEdit(placeholderText="Filter by name", clearButtonEnabled=True)
        self.filter.setObjectName("network_filter")
        self.filter.setAccessibleName("Filter the networks")
        self.filter.setToolTip("Show the networks only that have this in their names")
        self.table = FigureTable(_COLUMNS)
        self.table.setObjectName("networks")
        self.table.setAccessibleName("Networks")
        self.table.setToolTip("Click a heading to sort by it; double-click a network to open it")
        self.table.setSelectionMode(self.table.SelectionMode.SingleSelection)
        self.about = QLabel("Looking for networks…", textFormat=Qt.TextFormat.PlainText)
        self.about.setObjectName("network_about")
        self.about.setWordWrap(True)
        self.download = DownloadBox("the weights")
        self._lay_out()
        self._connect()
        self.resize(*_SIZE)
        self._follow()

    def _lay_out(self) -> None:
        self.open_button = QPushButton(icon("open"), "Open")
        self.open_button.setObjectName("open_network_button")
        self.open_button.setAccessibleName("Open the network")
        self.open_button.setToolTip("Open the chosen network with its pretrained weights")
        self.open_button.setDefault(True)
        self.file_button = QPushButton(icon("folder"), "Weights from a File…")
        self.file_button.setObjectName("network_file_button")
        self.file_button.setAccessibleName("Open the network with weights from a file")
        self.file_button.setToolTip(
            "Open the chosen network with weights of your own (safetensors, or what torch.save "
            "wrote). They may have another number of classes"
        )
        close = QPushButton("Close")
        close.setObjectName("close_networks_button")
        close.setToolTip("Leave the network as it is")
        close.clicked.connect(self.reject)
        for button in (self.file_button, close):
            button.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.addWidget(self.file_button)
        buttons.addStretch()
        buttons.addWidget(close)
        buttons.addWidget(self.open_button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.filter)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.about)
        layout.addWidget(self.download)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        studio = self._studio
        self.filter.textChanged.connect(self._filter)
        self.table.current_changed.connect(self._follow)
        self.table.row_chosen.connect(lambda _: self.open_button.click())
        self.open_button.clicked.connect(self._open_chosen)
        self.file_button.clicked.connect(self._ask_file)
        self.download.requested.connect(self._open_again)
        self.download.cancelled.connect(studio.busy.cancel)
        studio.progress.connect(self._show_progress)
        studio.busy_changed.connect(self._follow)
        studio.run.state_changed.connect(self._follow)
        studio.workspace.model_changed.connect(self._opened)

    def show_networks(self) -> None:
        """Come to the front, with the list as it is now."""
        self.download.hide()
        self._offered = ""
        self.show()
        self.raise_()
        self.activateWindow()
        self.filter.setFocus()
        job = self._studio.runner.start(
            opening_jobs.list_networks,
            name="Looking for networks",
            handling=Handling(can_stop=False),
        )
        job.finished.connect(self._list)
        job.failed.connect(self._studio.failed)

    def offer(self, text: str, settings: ModelSettings, then: Callable[[], None]) -> None:
        """Ask, with `text`, whether a network is to be downloaded; `then` is called if it came."""
        self.show_networks()
        self._offered, self._asked_for = settings.name, (settings, then)
        self.download.offer(text)

    def _list(self, rows: tuple[NetworkRow, ...]) -> None:
        wanted = self._named(rows, self._offered) or self._chosen
        wanted = wanted or self._named(rows, self._studio.workspace.recipe.model.name)
        self._rows = rows
        self.table.set_rows([_cells(row) for row in rows])
        names = [row.name for row in rows]
        if wanted and wanted.name in names:
            self.table.select(names.index(wanted.name))
        self._follow()

    @staticmethod
    def _named(rows: tuple[NetworkRow, ...], name: str) -> NetworkRow | None:
        return next((row for row in rows if row.name == name), None)

    @property
    def _chosen(self) -> NetworkRow | None:
        row = self.table.current_row
        return None if row is None or row >= len(self._rows) else self._rows[row]

    def _filter(self, text: str) -> None:
        """Show what fits, and choose it where it is the only one."""
        self.table.set_filter(text.strip())
        shown = self.table.model()
        if shown.rowCount() and not self.table.currentIndex().isValid():
            self.table.setCurrentIndex(shown.index(0, 0))
        self._follow()

    def _follow(self, _: object = None) -> None:
        """Say what Open would do, and let it be pressed where it would do something."""
        chosen = self._chosen
        obstacle = self._studio.obstacle
        if not obstacle and chosen is None:
            obstacle = "Choose a network first." if self._rows else "The list is being made."
        must_come = chosen is not None and not chosen.is_here
        self.open_button.setText("Download and Open" if must_come else "Open")
        self.open_button.setIcon(icon("download" if must_come else "open"))
        allow(self.open_button, obstacle)
        allow(self.file_button, obstacle)
        allow(self.download.button, self._studio.obstacle)
        self.about.setText(_about(chosen) if chosen else "Choose a network.")
        if not self._rows:
            self.about.setText("Looking for networks…")

    # Opening

    def _open_chosen(self) -> None:
        if (chosen := self._chosen) and chosen.name == self._offered:
            self._open_again()
        elif chosen:
            self._open(ModelSettings(name=chosen.name))

    def _ask_file(self) -> None:
        chosen = self._chosen
        if chosen and (path := ask_open(self, f"Weights for {chosen.title}", WEIGHTS_FILTER)):
            self.open_file(chosen.name, path)

    def open_file(self, name: str, path: Path) -> None:
        """Open the network called `name` with weights of the user's."""
        self._open(ModelSettings(name=name, weights=str(path)))

    def _open_again(self) -> None:
        if self._asked_for:
            self._open(*self._asked_for)

    def _open(self, settings: ModelSettings, then: Callable[[], None] | None = None) -> None:
        if self._studio.obstacle:
            return
        self._asked_for = (settings, then)
        self._is_opening, self._is_fetching = True, False
        self._offered = settings.name if then else ""
        self.download.hide()
        self._studio.open_model(settings, then, self._failed, self._cancelled)

    def _opened(self, _: object) -> None:
        if self._is_opening:
            self._is_opening = False
            self.accept()

    def _failed(self, error: Exception) -> None:
        self._is_opening = False
        if isinstance(error, DownloadError) and self.isVisible():
            self.download.show_failure(str(error))
        else:
            self.download.hide()
            self._studio.failed.emit(error)  # weights that are here: trying again is no way out

    def _cancelled(self) -> None:
        self._is_opening = False
        if self._is_fetching:
            self.download.show_cancelled()

    def _show_progress(self, progress: Progress) -> None:
        if self._is_opening and progress.text == DOWNLOAD_WEIGHTS:
            self._is_fetching = True
            self.download.show_progress(progress.done, progress.total)


def _about(row: NetworkRow) -> str:
    """Where the weights of a network are or come from."""
    if row.is_here:
        return f"{row.title}: its weights are on this machine."
    return (
        f"{row.title}: {row.megabytes:,.0f} MB come from download.pytorch.org, once. "
        "They are checked and kept."
    )


def _cells(row: NetworkRow) -> list[Cell]:
    accuracy = math.nan if row.accuracy is None else row.accuracy
    gflops = math.nan if row.gflops is None else row.gflops
    return [
        Cell(row.title, row.title.casefold(), row.name),
        Cell("\N{CHECK MARK}" if row.is_here else "", float(row.is_here)),
        Cell(f"{row.megabytes:,.0f} MB" if row.megabytes else _DASH, row.megabytes),
        Cell(f"{row.parameters / 1e6:,.1f} M", float(row.parameters), f"{row.parameters:,}"),
        Cell(_DASH if math.isnan(accuracy) else f"{accuracy:.1%}", accuracy),
        Cell(str(row.pixels), float(row.pixels)),
        Cell(_DASH if math.isnan(gflops) else f"{gflops:,.2f}", gflops),
    ]
