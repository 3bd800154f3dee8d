"""Jobs on threads: what they tell, in which order, and how they are stopped."""

import gc
import threading
import time
import traceback
import weakref

import pytest
from PySide6.QtCore import QObject, QThread, QTimer
from shiboken6 import isValid

from vera_studio.errors import Cancelled, DataError
from vera_studio.ui.runner import Handling, JobState, Runner


@pytest.fixture
def runner(qtbot):
    runner = Runner()
    yield runner
    runner.cancel_all()
    assert runner.wait(5000)


class Log(QObject):
    """Notes every signal of a job with the thread that it arrived on."""

    def __init__(self, job):
        super().__init__()
        self.entries = []
        self.threads = set()
        job.events.connect(lambda events: self._note("events", list(events)))
        job.finished.connect(lambda result: self._note("finished", result))
        job.failed.connect(lambda error: self._note("failed", error))
        job.cancelled.connect(lambda: self._note("cancelled"))
        job.ended.connect(lambda: self._note("ended"))

    def _note(self, *entry):
        self.entries.append(entry)
        self.threads.add(threading.get_ident())

    @property
    def events(self):
        return [event for kind, *rest in self.entries if kind == "events" for event in rest[0]]

    @property
    def after_events(self):
        return [entry for entry in self.entries if entry[0] != "events"]


def until_stopped(on_event, should_stop):
    asked = 0
    while not should_stop():
        asked += 1
        if asked == 1:
            on_event("first")
    raise Cancelled


def test_events_come_before_finished_and_ended_is_last(runner, qtbot):
    job = runner.start(lambda on_event, should_stop: on_event(1) or "result", name="one")
    with qtbot.waitSignals([job.events, job.finished, job.ended], order="strict"):
        pass


def test_signals_carry_events_in_order_and_the_result(runner, qtbot):
    def count(on_event, should_stop):
        for number in range(10_000):
            on_event(number)
        return "result"

    job = runner.start(count, name="count")
    log = Log(job)
    with qtbot.waitSignal(job.ended):
        pass
    assert log.events == list(range(10_000))
    assert log.after_events == [("finished", "result"), ("ended",)]


def test_events_arrive_while_the_job_still_runs(runner, qtbot):
    job = runner.start(until_stopped, name="endless")
    with qtbot.waitSignal(job.events) as arrived:
        pass
    assert arrived.args == [["first"]]
    assert job.running
    with qtbot.waitSignals([job.cancelled, job.ended], order="strict"):
        job.cancel()
    assert not job.running


def test_a_flood_of_events_is_handed_over_in_few_lists(runner, qtbot):
    def flood(on_event, should_stop):
        for number in range(50_000):
            on_event(number)

    log = Log(job := runner.start(flood, name="flood"))
    with qtbot.waitSignal(job.ended):
        pass
    assert len(log.events) == 50_000
    assert len(log.entries) < 500


def test_the_function_runs_beside_and_signals_arrive_on_the_gui_thread(runner, qtbot):
    def where(on_event, should_stop):
        on_event("event")
        return threading.get_ident(), QThread.currentThread().stackSize()

    log = Log(job := runner.start(where, name="where"))
    with qtbot.waitSignal(job.finished) as finished:
        pass
    thread, stack_bytes = finished.args[0]
    assert thread != threading.get_ident()
    assert stack_bytes == 16 * 1024 * 1024
    qtbot.waitUntil(lambda: log.after_events[-1:] == [("ended",)])
    assert log.threads == {threading.get_ident()}


def test_an_exception_arrives_with_its_traceback(runner, qtbot):
    def broken(on_event, should_stop):
        on_event("before")
        raise DataError("no such folder")

    job = runner.start(broken, name="broken")
    failed = []
    job.failed.connect(failed.append)
    with qtbot.waitSignals([job.events, job.failed, job.ended], order="strict"):
        pass
    assert isinstance(failed[0], DataError)
    assert "in broken" in "".join(traceback.format_exception(failed[0]))


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, RuntimeError, GeneratorExit])
def test_no_exception_vanishes_with_its_thread(runner, qtbot, kind):
    def leave(on_event, should_stop):
        raise kind("leaving")

    job = runner.start(leave, name="leave")
    log = Log(job)
    with qtbot.waitSignals([job.failed, job.ended], order="strict"):
        pass
    assert [type(rest[0]) for name, *rest in log.entries if name == "failed"] == [kind]


def test_a_result_after_cancel_is_still_a_result(runner, qtbot):
    def stop_with_result(on_event, should_stop):
        while not should_stop():
            pass
        return "so far"

    job = runner.start(stop_with_result, name="stop")
    with qtbot.waitSignal(job.finished) as finished:
        job.cancel()
    assert finished.args == ["so far"]


def test_a_paused_job_goes_on_only_when_resumed(runner, qtbot):
    steps = []
    asked = threading.Semaphore(0)
    let_ask = threading.Semaphore(0)

    def step(on_event, should_stop):
        for number in range(3):
            on_event(number)
            asked.release()
            assert let_ask.acquire(timeout=5)
            if should_stop():
                raise Cancelled
            steps.append(number)
        return "all"

    job = runner.start(step, name="steps")
    assert asked.acquire(timeout=5)
    job.pause()
    assert job.paused
    assert job.running
    for _ in range(3):
        let_ask.release()
    # What was reported before the pause is delivered during it.
    with qtbot.waitSignal(job.events) as arrived:
        pass
    assert arrived.args == [[0]]
    assert not asked.acquire(timeout=0.1)
    assert steps == []
    with qtbot.waitSignals([job.finished, job.ended], order="strict"):
        job.resume()
    assert not job.paused
    assert steps == [0, 1, 2]


def test_cancel_ends_a_pause(runner, qtbot):
    job = runner.start(until_stopped, name="endless")
    job.pause()
    with qtbot.waitSignals([job.cancelled, job.ended], order="strict"):
        job.cancel()


def test_pausing_after_cancel_does_not_hold_the_job(runner, qtbot):
    job = runner.start(until_stopped, name="endless")
    with qtbot.waitSignal(job.ended):
        job.cancel()
        job.pause()
    assert not job.paused


def test_jobs_lists_what_runs_and_cancel_all_ends_it(runner, qtbot):
    first = runner.start(until_stopped, name="first")
    second = runner.start(until_stopped, name="second")
    assert [job.name for job in runner.jobs] == ["first", "second"]
    with qtbot.waitSignals([first.ended, second.ended]):
        runner.cancel_all()
    assert runner.jobs == ()


def test_the_timer_runs_only_while_jobs_do(runner, qtbot):
    (timer,) = runner.findChildren(QTimer)
    assert not timer.isActive()
    job = runner.start(until_stopped, name="endless")
    assert timer.isActive()
    with qtbot.waitSignal(job.ended):
        job.cancel()
    qtbot.waitUntil(lambda: not timer.isActive())


def test_wait_delivers_everything_without_an_event_loop(runner):
    job = runner.start(until_stopped, name="endless")
    log = Log(job)
    runner.cancel_all()
    assert runner.wait(5000)
    assert log.after_events == [("cancelled",), ("ended",)]
    assert runner.jobs == ()


def test_wait_gives_up_after_its_time(runner):
    job = runner.start(until_stopped, name="endless")
    assert not runner.wait(20)
    assert runner.jobs == (job,)


def test_wait_also_waits_for_jobs_that_the_end_of_one_starts(runner):
    job = runner.start(lambda on_event, should_stop: 1, name="first")
    results = []

    def start_second(_):
        second = runner.start(lambda on_event, should_stop: 2, name="second")
        second.finished.connect(results.append)

    job.finished.connect(start_second)
    assert runner.wait(5000)
    assert results == [2]


def test_wait_within_a_slot_of_the_job_itself_returns(runner, qtbot):
    job = runner.start(lambda on_event, should_stop: on_event(1), name="one")
    log = Log(job)
    answers = []
    job.events.connect(lambda _: answers.append(runner.wait(5000)))
    job.finished.connect(lambda _: answers.append(runner.wait(5000)))
    with qtbot.waitSignal(job.ended):
        pass
    assert answers == [True, True]
    assert log.after_events == [("finished", None), ("ended",)]


def test_a_failing_slot_does_not_keep_the_job_from_ending(runner, qtbot):
    job = runner.start(lambda on_event, should_stop: 1, name="one")

    def broken_slot(_):
        raise ValueError("a bug in a page")

    job.finished.connect(broken_slot)
    with qtbot.captureExceptions() as errors, qtbot.waitSignal(job.ended):
        pass
    assert [type(error) for _, error, _ in errors] == [ValueError]


def test_an_ended_job_lets_go_of_its_data_and_is_deleted(runner, qtbot):
    class Data:
        pass

    data = Data()
    reference = weakref.ref(data)
    job = runner.start(lambda on_event, should_stop, data=data: data, name="use")
    del data
    qtbot.waitUntil(lambda: not isValid(job))
    assert reference() is None
    job.cancel()  # harmless for whoever still knows the job


def test_many_jobs_come_and_go(runner, qtbot):
    results = []

    def square(on_event, should_stop, number):
        on_event(number)
        return number * number

    for number in range(100):
        job = runner.start(
            lambda on_event, should_stop, n=number: square(on_event, should_stop, n),
            name=str(number),
        )
        job.finished.connect(results.append)
    qtbot.waitUntil(lambda: not runner.jobs)
    assert sorted(results) == [number * number for number in range(100)]


def test_garbage_is_collected_on_the_gui_thread_alone(runner, qtbot):
    """A widget in it that is destroyed on another thread would end the process."""
    threads = []

    class Circle:
        def __init__(self):
            self.itself = self

        def __del__(self):
            threads.append(threading.current_thread())

    def make_garbage(on_event, should_stop):
        while not threads and not should_stop():
            kept = [Circle() for _ in range(1000)]
            kept.clear()
            time.sleep(0.001)

    with qtbot.waitSignal(runner.start(make_garbage, name="Making garbage").ended, timeout=20_000):
        assert not gc.isenabled()
    assert set(threads) == {threading.main_thread()}
    assert gc.isenabled()


class Deaf:
    """Works in one call that asks nothing, until it is let go."""

    def __init__(self):
        self.begun, self.let_go, self.done = (threading.Event() for _ in range(3))

    def __call__(self, on_event, should_stop):
        self.begun.set()
        self.let_go.wait(20)
        on_event("late")
        self.done.set()
        return "late"


def test_what_asks_nothing_is_left_to_itself_within_a_second(runner, qtbot):
    deaf = Deaf()
    job = runner.start(deaf, name="deaf")
    log, ended = Log(job), []
    job.ended.connect(lambda: ended.append(time.perf_counter()))
    assert deaf.begun.wait(5)
    asked = time.perf_counter()
    job.cancel()
    qtbot.waitUntil(lambda: ended != [])
    assert ended[0] - asked < 1
    assert job.state is JobState.STOPPED
    assert (runner.jobs, runner.unfinished) == ((), (job,))
    assert not gc.isenabled()  # its thread could collect Qt's objects
    deaf.let_go.set()
    assert runner.wait(5000)
    assert deaf.done.is_set()
    assert log.entries == [("cancelled",), ("ended",)]
    assert gc.isenabled()
    qtbot.waitUntil(lambda: not isValid(job))


def test_what_must_not_be_left_is_waited_for(runner, qtbot, monkeypatch):
    monkeypatch.setattr("vera_studio.ui.runner._PATIENCE_MILLISECONDS", 0)
    deaf = Deaf()
    job = runner.start(deaf, name="deaf", handling=Handling(may_be_left=False))
    log = Log(job)
    job.cancel()
    with qtbot.waitSignals([runner.delivered, runner.delivered]):
        pass
    assert job.state is JobState.STOPPING
    deaf.let_go.set()
    with qtbot.waitSignal(job.ended):
        pass
    assert log.after_events == [("finished", "late"), ("ended",)]


def test_what_is_saving_is_not_cancelled_with_all_others(runner, qtbot):
    saving, other = Deaf(), Deaf()
    job = runner.start(saving, name="saving", handling=Handling(is_saving=True))
    runner.start(other, name="other")
    runner.cancel_all()
    assert [one.state for one in runner.jobs] == [JobState.RUNNING, JobState.STOPPING]
    other.let_go.set()
    saving.let_go.set()
    with qtbot.waitSignal(job.finished):
        pass
