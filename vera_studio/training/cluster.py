"""A comparison whose runs are done by the workers of a Dask cluster."""

import asyncio
import contextlib
import dataclasses
import logging
import math
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import vera_studio
from vera_studio.errors import Cancelled, StudioError, TrainingError
from vera_studio.recipe import Recipe
from vera_studio.runs.comparison_results import ComparedRun, Comparison, ComparisonSettings
from vera_studio.runs.events import Notice, Stage
from vera_studio.runs.run_files import RunFiles
from vera_studio.runs.run_state import going_on
from vera_studio.training import cluster_worker as worker_side
from vera_studio.training.cluster_worker import Ground, Order, RunDone
from vera_studio.training.comparison_record import (
    OnEvent,
    Record,
    check,
    check_unused,
    planned_run,
    with_result,
)
from vera_studio.training.opening import ShouldStop

HINT = "Runs on a cluster need one more package: pip install distributed"
_CONNECT_SECONDS = 10
_ASK_SECONDS = 0.1  # between two looks at what has ended
_LOOK_SECONDS = 2.0  # between two looks at which workers there are
_log = logging.getLogger(__name__)


def compare_on_cluster(
    recipe: Recipe,
    settings: ComparisonSettings,
    folder: Path,
    address: str,
    on_event: OnEvent = lambda event: None,
    should_stop: ShouldStop = lambda: False,
) -> Comparison:
    """As `comparison.compare`, with the runs done side by side by the workers of a cluster.

    Each worker opens network and images itself, once, from the paths that the recipe names; what
    comes back is the files of each run, as it ends. A run whose worker is lost is done again
    elsewhere, as often as the scheduler's `allowed-failures` says (3 times, if nobody changed
    it). The cluster is trusted: whatever it sends is taken for what it says it is.

    Args:
        recipe, settings, folder, on_event: as for `compare`; of the runs' own events none is told.
        address: of the scheduler, such as "tcp://host:8786" or, with the certificates that
            Dask's configuration names, "tls://host:8786".
        should_stop: as for `compare`. Runs that go on do not count then, and are given up.

    Raises:
        RecipeError: the settings cannot be used; names every problem.
        StudioError: the package is missing, the scheduler cannot be reached or was lost, a worker
            cannot do the runs, or the folder is not empty or cannot be written to.
        Cancelled: stopped before the first run began.
    """
    check(settings.problems(recipe))
    check_unused(folder)
    on_event(Stage("Connecting to the cluster"))
    with _connected(address) as client:
        order = Order(secrets.token_hex(8), vera_studio.__version__, recipe, settings)
        on_event(Stage("Opening the network and the images on every worker"))
        ground = _Looking(client, should_stop).go(order)
        planned = dataclasses.replace(ground.planned, folder=folder)
        record = Record(planned, on_event)
        on_event(Notice(f"The runs go to {_workers(len(client.nthreads()))} at {address}."))
        with going_on(folder):
            return _Comparing(client, order, ground, record, should_stop).go()


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Any]:
    """A client of the scheduler at `address`.

    Raises:
        StudioError: the package is missing, or there is no scheduler.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise StudioError(HINT) from error
    try:
        asyncio.run(_meet(address))  # a client that finds nobody leaves its thread behind
        client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:  # TimeoutError is an OSError
        raise StudioError(f"No Dask scheduler answers at {address}: {error}.") from error
    with client:
        yield client


async def _meet(address: str) -> None:
    """Connect to what is at `address`, and leave.

    Raises:
        OSError: nobody answers.
        ValueError: it is no address.
    """
    from distributed import Security
    from distributed.comm import connect

    how = Security().get_connection_args("client")
    comm = await connect(address, timeout=_CONNECT_SECONDS, **how)
    await comm.close()


class _Tasks:
    """Functions that workers call, and what came of them, in the order in which they ended."""

    def __init__(self, client: Any, should_stop: ShouldStop) -> None:
        from distributed import as_completed

        self.client = client
        self._should_stop = should_stop
        self._ended = as_completed(with_results=True, raise_errors=False, loop=client.loop)
        self._keys: dict[Any, Any] = {}  # of the futures that have not ended

    def submit(self, key: Any, function: Callable[..., Any], *arguments: Any, **how: Any) -> None:
        """Have a worker call the function; `key` tells what this was when it has ended."""
        future = self.client.submit(function, *arguments, pure=False, **how)
        self._keys[future] = key
        self._ended.add(future)

    @property
    def pending(self) -> list[Any]:
        """Keys of those that have not ended."""
        return list(self._keys.values())

    def next(self) -> list[tuple[Any, Any]]:
        """Keys and results of what has ended since; an exception is a result. Waits a little.

        Raises:
            Cancelled: they are to stop, and were told so.
            TrainingError: the scheduler is gone.
        """
        if self._should_stop():
            self.client.cancel(list(self._keys))
            raise Cancelled
        ended = self._ended.next_batch(block=False)
        if not ended:
            time.sleep(_ASK_SECONDS)
        return [(self._keys.pop(future), self._result(future, result)) for future, result in ended]

    def _result(self, future: Any, result: Any) -> Any:
        if future.status in ("cancelled", "lost"):
            raise TrainingError("The connection to the Dask scheduler was lost.")
        return result[1] if future.status == "error" else result


class _Looking:
    """Has every worker open network and images, and compares what they found."""

    def __init__(self, client: Any, should_stop: ShouldStop) -> None:
        self._client = client
        self._tasks = _Tasks(client, should_stop)
        self._found: dict[str, Ground] = {}  # by address

    def go(self, order: Order) -> Ground:
        """What the workers found.

        Raises:
            StudioError: there is no worker, or one cannot do the runs.
        """
        workers = self._client.nthreads()
        _check_threads(workers)
        for worker in workers:
            self._tasks.submit(worker, worker_side.look, order, workers=[worker])
        looked = time.monotonic()
        while set(self._tasks.pending) & workers.keys():
            for worker, found in self._tasks.next():
                self._found[worker] = self._ground(worker, found)
            if time.monotonic() - looked > _LOOK_SECONDS:  # some may be gone, with their tasks
                workers, looked = self._client.nthreads(), time.monotonic()
        if not self._found:
            raise StudioError("The workers of the cluster were lost as they opened the images.")
        return self._the_same()

    def _ground(self, worker: str, found: Any) -> Ground:
        if isinstance(found, ImportError | AttributeError):
            raise StudioError(
                f"The worker {worker} has no VeRA Studio {vera_studio.__version__}: {found}."
            )
        if isinstance(found, BaseException):
            raise found
        if isinstance(found, str):
            raise StudioError(f"The worker {worker} cannot do the runs: {found}")
        assert isinstance(found, Ground)
        return found

    def _the_same(self) -> Ground:
        (first, ground), *others = self._found.items()
        for worker, other in others:
            if difference := ground.difference(other):
                raise StudioError(
                    f"The worker {worker} finds {difference} than {first}, by the same recipe. "
                    "Its paths must lead to the same files on every worker."
                )
        return ground


class _Comparing:
    """The runs of one comparison, on a cluster."""

    def __init__(
        self,
        client: Any,
        order: Order,
        ground: Ground,
        record: Record,
        should_stop: ShouldStop,
    ) -> None:
        self._tasks = _Tasks(client, should_stop)
        self._order = order
        self._ground = ground
        self._record = record

    def go(self) -> Comparison:
        self._record.begin()
        for number, (run, index, round_) in enumerate(self._planned()):
            arguments = (self._order, self._ground, index, round_, run.folder.name)
            # Those of the first seed first: what is stopped is as even as can be.
            self._tasks.submit(run, worker_side.run, *arguments, priority=-number)
        self._tell()
        try:
            while self._tasks.pending:
                for run, done in self._tasks.next():
                    self._end(run, done)
        except Cancelled:
            self._record.stop()
        except TrainingError as error:
            done = self._record.finish()
            raise TrainingError(
                f"{error} The runs that had ended, {len(done.runs)} of {done.total}, are in "
                f"{done.folder}."
            ) from error
        # In the order that they have without a cluster.
        runs = sorted(self._record.comparison.runs, key=lambda run: run.folder.name)
        self._record.change(runs=tuple(runs))
        return self._record.finish()

    def _planned(self) -> Iterator[tuple[ComparedRun, int, int]]:
        settings, folder, number = self._order.settings, self._record.comparison.folder, 0
        for round_ in range(settings.seeds):
            for index in range(len(settings.candidates)):
                number += 1
                recipe = settings.recipe(self._ground.recipe, index, round_)
                yield planned_run(index, number, recipe, folder), index, round_

    def _end(self, run: ComparedRun, done: Any) -> None:
        run = self._kept(run, _without_loss(done))
        if run.problem:
            _log.warning("%s failed: %s", run.folder.name, run.problem)
        self._record.keep(run)
        self._tell()

    def _kept(self, run: ComparedRun, done: RunDone) -> ComparedRun:
        """`run` with what came of it, its files in its folder."""
        if math.isnan(self._record.comparison.before.targets):
            self._record.change(before=done.before)
        files = RunFiles(run.folder)
        for name, content in done.files.items():
            if Path(name).name == name:  # of no other folder
                files.put(name, lambda content=content: content)  # type: ignore[misc]
        try:
            if done.files:
                files.finish()
        except StudioError as error:
            return dataclasses.replace(run, problem=str(error))
        run = dataclasses.replace(run, folder=files.folder)
        if done.result is None:
            return dataclasses.replace(run, problem=done.problem)
        return with_result(run, dataclasses.replace(done.result, folder=run.folder))

    def _tell(self) -> None:
        left = len(self._tasks.pending)
        self._record.tell(f"{left} runs to go on the cluster" if left else "")


def _without_loss(done: Any) -> RunDone:
    """What came of a run, a worker that was lost again and again among it."""
    from distributed import KilledWorker

    if isinstance(done, KilledWorker):
        return RunDone(problem="The workers that ran it were lost, one after the other.")
    if isinstance(done, BaseException):
        raise done
    assert isinstance(done, RunDone)
    return done


def _check_threads(workers: dict[str, int]) -> None:
    """Refuse a cluster without workers, and workers that would do several runs at once.

    Raises:
        StudioError: it is such a one.
    """
    start = "dask worker SCHEDULER --nworkers NUMBER --nthreads 1"
    if not workers:
        raise StudioError(f"The cluster has no workers. Start some: {start}")
    several = [worker for worker, threads in workers.items() if threads != 1]
    if several:
        raise StudioError(
            f"The worker {several[0]} has {workers[several[0]]} threads, and runs in one process "
            f"are in each other's way. Start a process for each instead: {start}"
        )


def _workers(count: int) -> str:
    return "1 worker" if count == 1 else f"{count:,} workers"
