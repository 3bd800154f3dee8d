"""The files and folders opened last, remembered between starts."""

from dataclasses import dataclass
from pathlib import Path

from vera_studio.ui.state.opening import KINDS, Kind
from vera_studio.ui.state.settings import Settings

_NAME = "recent"
_MOST = 8
_BETWEEN = "\t"  # kind and path, in one text


@dataclass(frozen=True)
class Recent:
    """A file or folder and what it was opened as."""

    kind: Kind
    path: Path


class RecentPaths:
    """A short list in the settings, newest first."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def all(self) -> list[Recent]:
        """What is remembered and still there; looks at the disk."""
        return [one for one in self._stored() if _is_there(one.path)]

    def add(self, kind: Kind, path: Path) -> None:
        """Remember `path` as the newest."""
        newest = Recent(kind, path.absolute())
        others = [one for one in self._stored() if one.path != newest.path]
        texts = [f"{one.kind}{_BETWEEN}{one.path}" for one in (newest, *others)]
        self._settings.keep(**{_NAME: texts[:_MOST]})

    def clear(self) -> None:
        """Forget all."""
        self._settings.keep(**{_NAME: []})

    def _stored(self) -> list[Recent]:
        parts = [text.partition(_BETWEEN) for text in self._settings.texts(_NAME)[:_MOST]]
        kinds = {str(kind): kind for kind in KINDS}
        return [Recent(kinds[kind], Path(path)) for kind, _, path in parts if kind in kinds]


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
