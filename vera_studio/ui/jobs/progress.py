"""What every job is told and tells: a plain function that takes `on_event` and `should_stop`."""

from collections.abc import Callable
from dataclasses import dataclass

OnEvent = Callable[[object], None]


@dataclass(frozen=True)
class Progress:
    """How far a job is that can be counted."""

    done: int
    total: int
    text: str
