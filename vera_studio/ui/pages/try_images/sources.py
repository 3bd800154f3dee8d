"""Pictures in what is dropped or pasted, and as bytes where they were never a file."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QMimeDatabase, Qt
from PySide6.QtGui import QImage

from vera_studio.ui.jobs.trying import Source

_WHOLE = 100  # Qt's word for a PNG that is not compressed: that would take longer than all else
_MOST_SIDE = 4096  # pixels of a pasted picture: more would hold the window up


def holds_picture(data: QMimeData) -> bool:
    """Whether something of it can be tried; goes by names, and reads nothing."""
    return data.hasImage() or bool(_files(data))


def sources_in(data: QMimeData) -> list[tuple[str, Source]]:
    """Pictures with their titles: files, or else what the data itself is of."""
    if files := _files(data):
        return [(file.name, file) for file in files]
    image = QImage(data.imageData()) if data.hasImage() else QImage()
    return [] if image.isNull() else [("Pasted picture", content_of(image))]


def content_of(image: QImage, most_side: int = _MOST_SIDE) -> bytes:
    """A picture as the content of a file, at most `most_side` in size."""
    if max(image.width(), image.height()) > most_side:
        keep, smooth = (
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        image = image.scaled(most_side, most_side, keep, smooth)
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG", _WHOLE)  # type: ignore[call-overload]
    return bytes(content.data())


def _files(data: QMimeData) -> list[Path]:
    types, by_name = QMimeDatabase(), QMimeDatabase.MatchMode.MatchExtension
    paths = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    return [
        Path(path)
        for path in paths
        if types.mimeTypeForFile(path, by_name).name().startswith("image/")
    ]
