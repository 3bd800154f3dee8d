"""Where Python's garbage is collected while threads go on."""

import gc


class Garbage:
    """While jobs go on, Python's cyclic garbage is collected on the GUI thread alone.

    It would be collected on whichever thread makes something new, and a widget or any other
    object of Qt's among it would be destroyed there, which ends the process.
    """

    def __init__(self) -> None:
        self._held: set[int] = set()  # what has jobs

    def hold(self, runner: object) -> None:
        """Let no other thread collect while `runner` has jobs."""
        self._held.add(id(runner))
        gc.disable()

    def collect(self) -> None:
        """Collect what Python would have by now; on the GUI thread."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation] > 0:
                gc.collect(generation)
                return

    def release(self, runner: object) -> None:
        """The jobs of `runner` have ended."""
        self._held.discard(id(runner))
        if not self._held:
            gc.enable()
