"""The files and folders opened last, remembered between starts."""

from pathlib import Path

from PySide6.QtCore import QSettings

_KEY = "recent_paths"
_MOST = 8


class RecentPaths:
    """A short list of paths in the settings, newest first."""

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    def paths(self) -> list[Path]:
        """Those of the remembered paths that still exist."""
        stored = self._settings.value(_KEY, [])
        # An INI file gives a list of one back as a bare text, and an empty one as None.
        texts = [stored] if isinstance(stored, str) else list(stored or [])  # type: ignore[call-overload]
        return [path for path in map(Path, texts) if path.exists()]

    def add(self, path: Path) -> None:
        """Remember `path` as the newest."""
        path = path.absolute()
        newest = [path, *(other for other in self.paths() if other != path)][:_MOST]
        self._settings.setValue(_KEY, [str(one) for one in newest])

    def clear(self) -> None:
        """Forget all."""
        self._settings.remove(_KEY)
