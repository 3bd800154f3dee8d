"""Folders of drawn photographs of things that no network knows, and dropping them on a window."""

import numpy as np
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent


def make_photographs(root, count=20, names=("ants", "bees"), size=(60, 48)):
    """Fill `root` with `count` images a class, dark ones and bright ones, which are easily told.

    They are JPEGs of `size`, with noise so that no two are the same file.
    """
    generator = np.random.default_rng(0)
    for number, name in enumerate(names):
        (root / name).mkdir(parents=True)
        brightness = 60 + 130 * number // max(len(names) - 1, 1)
        for index in range(count):
            noise = generator.integers(-40, 40, (size[1], size[0], 3))
            pixels = np.clip(brightness + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / name / f"{index:03}.jpg")
    return root


def drop_on(page, *paths):
    """Drop files or folders on a page that may not take them; whether it did."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    no_keys, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    copy, place = Qt.DropAction.CopyAction, QPointF(9, 9)
    entered = QDragEnterEvent(place.toPoint(), copy, data, left, no_keys)
    entered.ignore()
    page.dragEnterEvent(entered)
    if entered.isAccepted():
        page.dropEvent(QDropEvent(place, copy, data, left, no_keys))
    return entered.isAccepted()


def drop(window, path):
    """Drop a file or folder on `window`, as from a file manager."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    no_keys, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    event = QDropEvent(QPointF(10, 10), Qt.DropAction.CopyAction, data, left, no_keys)
    window.dropEvent(event)
