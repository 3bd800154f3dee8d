"""One optimisation step: gather, forward, backward, update."""

import logging
import warnings
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F

from vera_studio.errors import ShouldStop, never_stop
from vera_studio.training.inputs import Inputs
from vera_studio.training.memory import is_out_of_memory
from vera_studio.training.processes import ALONE, Processes

# Where so few images at once suit a CPU's cache, training suits it with half of them, and else with
# twice as many. Of EfficientNet-Lite0, trained from its first layer on, one core computes 8 images
# of 224 x 224 pixels in 0.7 s, which is how long a stop may have to wait, and takes twice as long
# for each of 32; what is kept of 8 for the gradients takes 0.75 GB.
_FEW_AT_ONCE = 32
_WARM_UP_STEPS = 3  # before a capture, as torch's notes on CUDA graphs have it
_log = logging.getLogger(__name__)


class TrainingStep:
    """Trains on a batch; where one does not fit into memory, in parts.

    The parts' gradients add up to the whole batch's, so that neither the number of steps nor
    what they do changes.
    """

    def __init__(
        self,
        inputs: Inputs,
        optimizer: torch.optim.Optimizer,
        on_notice: Callable[[str], None],
        processes: Processes = ALONE,
        should_stop: ShouldStop = never_stop,
    ) -> None:
        """Prepare to train on `inputs`.

        Args:
            inputs: where views are gathered from.
            optimizer: holds what is trained.
            on_notice: told in a sentence when batches have to be computed in parts.
            processes: that take the step together, each with its own images of the batch.
            should_stop: asked between two parts; where it says so, nothing is done. Several
                processes agree between two steps only.
        """
        self._processes = processes
        self._inputs = inputs
        self._optimizer = optimizer
        self._on_notice = on_notice
        self._should_stop = should_stop if processes.size == 1 else never_stop
        # Images computed at once; None for whole batches. A CPU's memory is planned, for Linux
        # grants more than there is and ends the process later; and so is how long it computes
        # before it asks whether to stop.
        self._part: int | None = None
        if inputs.labels.device.type == "cpu":
            at_once = inputs.at_once
            self._part = max(1, at_once // 2) if at_once <= _FEW_AT_ONCE else 2 * at_once

    def __call__(
        self, views: torch.Tensor, labels: torch.Tensor, whole: int | None = None
    ) -> torch.Tensor | None:
        """Take one step; returns the batch's mean loss (), left on the device.

        None where it was told to stop in the midst of it: then the step was not taken.

        Args:
            views: (batch,) int64, where the inputs' indices have to be.
            labels: (batch,) int64, on the device that computes.
            whole: images of the batch, where other processes have some of them.

        Raises:
            RuntimeError: not even one image fits into memory.
        """
        while True:
            try:
                loss = self._gradients(views, labels, whole or len(views))
                break
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or self._computed_at_once(views) == 1:
                    raise
            self._halve(len(views), self._computed_at_once(views))
        if loss is None:
            return None
        loss = self._processes.sum_gradients(self._optimizer, loss)
        self._optimizer.step()
        return loss

    def _gradients(
        self, views: torch.Tensor, labels: torch.Tensor, whole: int
    ) -> torch.Tensor | None:
        self._optimizer.zero_grad(set_to_none=True)
        at_once = self._computed_at_once(views)
        if at_once == whole:
            loss = F.cross_entropy(self._inputs.logits(views), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            return loss.detach()
        total = torch.zeros((), device=labels.device)
        for start in range(0, len(views), at_once or 1):
            if start and self._should_stop():
                self._optimizer.zero_grad(set_to_none=True)
                return None
            some = slice(start, start + at_once)
            logits = self._inputs.logits(views[some])
            loss = F.cross_entropy(logits, labels[some], reduction="sum") / whole
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total

    @property
    def is_shared(self) -> bool:
        """Whether several processes take the step together."""
        return self._processes.size > 1

    def _computed_at_once(self, views: torch.Tensor) -> int:
        return min(self._part or len(views), len(views))

    def _halve(self, batch: int, at_once: int) -> None:
        # After the except block: the error's traceback keeps what was computed alive.
        self._part = -(-at_once // 2)
        self._optimizer.zero_grad(set_to_none=True)
        if self._inputs.labels.device.type == "cuda":
            torch.cuda.empty_cache()
        self._on_notice(
            f"Out of memory: batches of {batch:,} images are computed in parts of "
            f"{self._part:,}. What is learned stays the same."
        )


class GraphedStep:
    """A training step on CUDA that is captured once and then replayed as a whole.

    One launch takes the place of some hundred, which take longer than what they start. See
    https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs. Batches of another size than
    the captured one, such as an epoch's last, take the step that was captured from.
    """

    def __init__(
        self,
        step: TrainingStep,
        optimizer: torch.optim.Optimizer,
        views: torch.Tensor,
        labels: torch.Tensor,
    ) -> None:
        """Capture `step`; parameters and the optimizer's state are as before afterwards.

        Args:
            step: to capture.
            optimizer: what it updates with; capturable.
            views: (batch,) int64 on the device, a batch of the usual size.
            labels: (batch,) int64 on the device.

        Raises:
            RuntimeError: the step cannot be captured.
        """
        self._step = step
        self._views, self._labels = views.clone(), labels.clone()
        # A run that goes on has momenta and counts of steps already.
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        kept = [*parameters, *_tensors_of_state(optimizer)]
        before = [tensor.detach().clone() for tensor in kept]
        try:
            self._capture(optimizer)
        finally:  # warming up has trained
            with torch.no_grad():
                for tensor in _tensors_of_state(optimizer):
                    tensor.zero_()
                for tensor, value in zip(kept, before, strict=True):
                    tensor.copy_(value)

    def _capture(self, optimizer: torch.optim.Optimizer) -> None:
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UP_STEPS):
                self._step(self._views, self._labels)
        torch.cuda.current_stream().wait_stream(stream)
        optimizer.zero_grad(set_to_none=True)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            loss = self._step(self._views, self._labels)
        if loss is None:
            raise RuntimeError("told to stop in the midst of the step")
        self._loss = loss

    def __call__(
        self, views: torch.Tensor, labels: torch.Tensor, whole: int | None = None
    ) -> torch.Tensor | None:
        """As `TrainingStep.__call__`."""
        if len(views) != len(self._views):
            return self._step(views, labels, whole)
        self._views.copy_(views)
        self._labels.copy_(labels)
        self._graph.replay()
        return self._loss.clone()


def _tensors_of_state(optimizer: torch.optim.Optimizer) -> Iterator[torch.Tensor]:
    """Momenta and counts of steps; none, or all zero, before the first step."""
    for state in optimizer.state.values():
        yield from (value for value in state.values() if isinstance(value, torch.Tensor))


Step = TrainingStep | GraphedStep


def fastest_step(
    step: TrainingStep,
    optimizer: torch.optim.Optimizer,
    views: torch.Tensor,
    labels: torch.Tensor,
) -> Step:
    """`step`, captured in a CUDA graph where it computes on CUDA and gathers there as well.

    Not with several processes, of which each has another number of a batch's images every time.
    """
    if views.device.type != "cuda" or step.is_shared:
        return step
    try:
        with warnings.catch_warnings():
            # Warming up, and an epoch's last batch, are steps outside of a capture.
            warnings.filterwarnings("ignore", "This instance was constructed with capturable=True")
            return GraphedStep(step, optimizer, views, labels)
    except RuntimeError as error:
        _log.warning("the step is not captured in a CUDA graph: %s", error)
        return step
