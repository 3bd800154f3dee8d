"""What is proposed for a folder of images, and its first pictures, above those that are open."""

from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from vera_studio.ui.jobs import folders as folder_jobs
from vera_studio.ui.jobs.opening import FirstPictures
from vera_studio.ui.jobs.progress import Progress
from vera_studio.ui.runner import Job
from vera_studio.ui.state.proposal import Proposal
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.proposal_box import PICTURE_SIDE, ProposalBox


class FolderPane(ProposalBox):
    """Asks what is to become of the folder, and has the studio do it.

    Signals:
        network_wanted(): another network is to be chosen for the folder.
    """

    network_wanted = Signal()

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._reading: Job | None = None
        studio.folders.proposal_changed.connect(self._show)
        self.answered.connect(self._answer)
        self.other_wanted.connect(self.network_wanted)
        self.dismissed.connect(studio.folders.dismiss)
        self.cancelled.connect(studio.busy.cancel)
        studio.first_pictures.connect(self._show_first)
        studio.progress.connect(self._show_progress)
        studio.busy_changed.connect(self._follow_busy)

    def _show(self, proposal: Proposal | None) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        if proposal is None:
            self.hide()
            return
        answers = [(answer.text, answer.tip) for answer in proposal.answers]
        self.ask(proposal.sentence, proposal.notes, answers)
        self.answers[0].setFocus()
        self._read_pictures(proposal)

    def _answer(self, number: int) -> None:
        if proposal := self._studio.folders.proposal:
            self._studio.folders.answer(proposal.answers[number])
            if proposal.class_names:
                self.show_opening(f"Opening {proposal.folder.name}…")

    def _show_first(self, first: FirstPictures) -> None:
        """Show what has been read so far of the folder that is being opened."""
        self.clear_pictures()
        for pixels, name in first.pictures[: folder_jobs.MOST_EXAMPLES]:
            self.add_picture(name, pixels)
        if not self._progress.isVisible():
            self.show_opening("Opening the images…")

    def _show_progress(self, progress: Progress) -> None:
        if self._progress.isVisible():
            self.set_progress(progress.done, progress.total)

    def _follow_busy(self, text: str) -> None:
        if not text and self._studio.folders.proposal is None:
            self.hide()

    def _read_pictures(self, proposal: Proposal) -> None:
        side = round(PICTURE_SIDE * self.devicePixelRatioF())
        folder, names = proposal.folder, proposal.class_names
        network = proposal.answers[0].model.name
        function = partial(folder_jobs.read_examples, folder, names, side, network)
        self._reading = job = self._studio.runner.start(function, name="Reading first images")

        def show(read: list[Any]) -> None:
            if job is self._reading:
                for name, pixels in read:
                    self.add_picture(name, pixels)

        job.events.connect(show)
        job.failed.connect(self._studio.failed)
