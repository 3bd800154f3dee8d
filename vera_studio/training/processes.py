"""A run on several processes, as torchrun starts them, on one machine or more.

Each has its share of the images: of `size` processes process `rank` has every `size`-th image from
image `rank` on. All draw the same batches and compute on those of their own images; what they
have in common is made by adding up: gradients of what is trained, a few hundred numbers, and what
was said of each image. So all of them are always at the same place of the same run, whose result
does not depend, but for rounding, on how many they are. The first alone writes and tells.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist

from vera_studio.data.store import ImageSet
from vera_studio.errors import StudioError
from vera_studio.training.answers import Answers

# How long a process waits for the others, at most, such as for those of a machine that was switched
# off; that a process has ended the others know at once. While the first opens the images, which
# may have to be decoded, the others wait longer.
_PATIENCE, _PATIENCE_WHILE_OPENING = timedelta(minutes=30), timedelta(days=1)
_Value = TypeVar("_Value")


class Processes:
    """All processes of a run, as one of them sees them; one alone computes as if it were none.

    Attributes:
        rank: of this one, from 0.
        size: how many they are.
        on_this_machine: how many of them share this machine's memory.
        is_first_here: whether this is the first of those.
    """

    def __init__(
        self,
        rank: int = 0,
        size: int = 1,
        on_this_machine: int = 1,
        number_here: int = 0,
        patient: "dist.ProcessGroup | None" = None,
    ) -> None:
        """Describe processes that have found each other; `patient` are the same, as a group."""
        self.rank, self.size, self.on_this_machine = rank, size, on_this_machine
        self.is_first_here = number_here == 0
        self._patient = patient

    @property
    def is_first(self) -> bool:
        """Whether this is the one that writes and tells."""
        return self.rank == 0

    def own(self, count: int) -> torch.Tensor:
        """Which of `count` images are this process's: (own,) int64, in their order."""
        return torch.arange(self.rank, count, self.size)

    def share(self, images: ImageSet) -> ImageSet:
        """Those of `images` that are this process's."""
        return images if self.size == 1 else images.subset(self.own(len(images))).alone()

    def after_first(self, work: Callable[[], _Value]) -> _Value:
        """What `work` gives: the first on each machine is done before the others begin.

        They find what it downloads and decodes.
        """
        if self.is_first_here:
            value = work()
        self.sum(torch.zeros(1), self._patient)
        if not self.is_first_here:
            value = work()
        return value

    def check_images(self, train: int, order: str) -> None:
        """Refuse to share images that are too few, or not the same everywhere.

        Args:
            train: how many there are to train on.
            order: digest of all images in their order.

        Raises:
            StudioError: they are.
        """
        if train < self.size:
            raise StudioError(f"{self.size} processes cannot share {train} training images.")
        if self.from_first(lambda: order) != order:
            raise StudioError(
                f"Process {self.rank} of the run finds other images than the first, or the same in "
                "another order. They have to be the same on all machines."
            )

    def places_of_own(self, images: torch.Tensor) -> torch.Tensor:
        """Where among `images` (count,) int64, numbers of images, are those of this process."""
        return (images % self.size == self.rank).nonzero().flatten()

    def own_numbers(self, images: torch.Tensor) -> torch.Tensor:
        """For images of this process, by their number among all, their number among its own."""
        return images // self.size

    def sum(self, values: torch.Tensor, group: "dist.ProcessGroup | None" = None) -> torch.Tensor:
        """The sum of what all give, the same bits for each of them; `values` may become it.

        Raises:
            StudioError: another process has ended.
        """
        if self.size == 1:
            return values
        shared = values if values.device.type == "cuda" else values.cpu()
        with _told_if_one_has_ended():
            dist.all_reduce(shared, group=group)
        return shared.to(values.device)

    def any(self, is_so: bool) -> bool:
        """Whether it is so on any of them."""
        return is_so if self.size == 1 else bool(self.sum(torch.tensor([int(is_so)])))

    def from_first(self, make: Callable[[], _Value]) -> _Value:
        """What `make` gives on the first."""
        if self.size == 1:
            return make()
        values = [make() if self.is_first else None]
        with _told_if_one_has_ended():
            dist.broadcast_object_list(values, device=torch.device("cpu"))
        return values[0]  # type: ignore[return-value]

    def put_together(self, own: torch.Tensor, places: torch.Tensor, count: int) -> torch.Tensor:
        """Rows (count, width) of which each process has some.

        Args:
            own: (own, width), the rows of this one.
            places: (own,) int64, which of the rows they are.
            count: how many there are in all.
        """
        if self.size == 1:
            return own
        rows = torch.zeros(count, *own.shape[1:], dtype=own.dtype)
        rows[places] = own
        return self.sum(rows)  # of each row all but one process have zeros

    def sum_gradients(self, optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> torch.Tensor:
        """Add up the gradients of what `optimizer` holds, and the loss (), which is returned."""
        if self.size == 1:
            return loss
        parameters = [one for group in optimizer.param_groups for one in group["params"]]
        # None where no image of the batch is this process's.
        own = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        flat = self.sum(torch.cat([*(one.flatten() for one in own), loss.view(1)]))
        *gradients, total = torch.split(flat, [*(p.numel() for p in parameters), 1])
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient.view_as(parameter)
        return total.view(())

    def joined(self, answers: Answers) -> Answers:
        """What was said of all images, from what was `answers` of this process's own."""
        if self.size == 1:
            return answers
        most, part = answers.told.shape[1], answers.part
        columns = (answers.truth[:, None], answers.told, answers.shares, answers.losses[:, None])
        own = torch.cat([column.double() for column in columns], dim=1)  # exact
        count = int(self.sum(torch.tensor([len(own)])))
        rows = self.put_together(own, self.own(count), count)
        truth, told, shares, losses = torch.split(rows, [1, most, most, 1], dim=1)
        return Answers(
            answers.classes, truth[:, 0].long(), told.long(), shares.float(), losses[:, 0], part
        )


ALONE = Processes()


@contextmanager
def joined_processes() -> Iterator[Processes]:
    """The processes that torchrun started together with this one; alone if it did not.

    Raises:
        StudioError: they cannot find each other, or one has no GPU of its own.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or not dist.is_available() or not dist.is_torchelastic_launched():
        yield ALONE
        return
    local, here = (int(os.environ[name]) for name in ("LOCAL_RANK", "LOCAL_WORLD_SIZE"))
    if torch.cuda.is_available():
        if here > (count := torch.cuda.device_count()):
            raise StudioError(
                f"{here} processes on this machine, which has {count} GPU{'s' * (count > 1)}: "
                "each needs one of its own. Start fewer, or hide the GPUs with "
                "CUDA_VISIBLE_DEVICES= to compute on the CPUs."
            )
        torch.cuda.set_device(local)
    # Gloo for what is on the CPU, of runs on GPUs too.
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    try:
        dist.init_process_group(backend, timeout=_PATIENCE)
    except (RuntimeError, ValueError) as error:
        raise StudioError(f"The processes of this run cannot find each other: {error}") from error
    try:
        patient = dist.new_group(timeout=_PATIENCE_WHILE_OPENING, backend="gloo")
        assert isinstance(patient, dist.ProcessGroup)  # this process is in it
        yield Processes(dist.get_rank(), size, here, local, patient)
    finally:
        dist.destroy_process_group()


@contextmanager
def _told_if_one_has_ended() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise StudioError(
            "Another process of this run has ended, or cannot be reached any more, and so this one "
            "ends as well. What was trained until it was last saved is kept: go on with `train "
            "--resume`, with as many processes as you like."
        ) from error
