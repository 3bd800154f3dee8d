"""What is dropped on a page or on the window."""

from pathlib import Path

from PySide6.QtGui import QDropEvent


def dropped_path(event: QDropEvent) -> Path | None:
    """The one local file or folder that is dropped, if it is that."""
    urls = event.mimeData().urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None


def dropped_folder(event: QDropEvent) -> Path | None:
    """The one folder that is dropped, if it is that."""
    path = dropped_path(event)
    return path if path is not None and path.is_dir() else None
