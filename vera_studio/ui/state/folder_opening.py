"""A folder of images is looked at first; then it is opened, or there is something to choose."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from vera_studio.ui.jobs import folders as folder_jobs
from vera_studio.ui.jobs.folders import FolderFound
from vera_studio.ui.state.proposal import Answer, Proposal, propose

if TYPE_CHECKING:
    from vera_studio.ui.state.studio import Studio


class FolderOpening(QObject):
    """Proposes how to open a folder, and opens it as the user answers.

    Signals:
        proposal_changed(Proposal | None): this is to be answered; None where nothing is.
        use_wanted(str, Path): pictures that are in no folders of classes are to be used so:
            "label" or "classify".
    """

    proposal_changed = Signal(object)
    use_wanted = Signal(str, object)

    def __init__(self, studio: "Studio") -> None:
        super().__init__(studio)
        self._studio = studio
        self.proposal: Proposal | None = None
        studio.workspace.data_changed.connect(self._follow_data)

    def look(self, folder: Path, asks_always: bool = False) -> None:
        """Look at `folder`, and open it where the network knows all of its classes.

        Args:
            folder: of images.
            asks_always: have the user choose even then.
        """
        workspace = self._studio.workspace
        model, settings = workspace.model, workspace.recipe.model
        if model is None:
            return
        self._propose(None)

        def found(what: FolderFound) -> None:
            proposal = propose(what, settings)
            if asks_always or proposal.is_question:
                self._propose(proposal)
            else:
                self._open(proposal, proposal.answers[0])

        function = partial(folder_jobs.look_at_folder, folder, model)
        self._studio.busy.start(folder_jobs.LOOK, function, found)

    def look_anew(self) -> bool:
        """Propose once more, for another network is open now; False where nothing is proposed."""
        if self.proposal is None:
            return False
        self.look(self.proposal.folder, asks_always=True)
        return True

    def answer(self, answer: Answer) -> None:
        """Open the folder that was proposed in this way."""
        proposal = self.proposal
        if proposal is not None and self._studio.is_free:
            self._propose(None)
            if proposal.class_names:
                self._open(proposal, answer)
            else:
                self.use_wanted.emit(answer.key, proposal.folder)

    def dismiss(self) -> None:
        """Leave everything as it is."""
        self._propose(None)
        if self._studio.workspace.data is None:
            self._studio.open_former_images()

    def _open(self, proposal: Proposal, answer: Answer) -> None:
        studio = self._studio
        settings = proposal.data_settings(answer, studio.workspace.recipe.data)
        ask_again = partial(self._propose, proposal) if proposal.is_question else lambda: None

        def open_images() -> None:
            studio.open_data(settings, otherwise=ask_again)

        if answer.model == studio.workspace.recipe.model:
            open_images()
        else:
            studio.open_model(answer.model, then=open_images)

    def _propose(self, proposal: Proposal | None) -> None:
        if proposal != self.proposal:
            self.proposal = proposal
            self.proposal_changed.emit(proposal)

    def _follow_data(self, data: object) -> None:
        if data is not None:
            self._propose(None)
