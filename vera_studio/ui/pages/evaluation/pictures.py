"""Finding the pictures of what was said: among the images that are open."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vera_studio.errors import DataError
from vera_studio.recipe import DataSettings
from vera_studio.runs.predictions import Predictions, picture_file

if TYPE_CHECKING:  # which imports torch
    from vera_studio.data.store import ImageData, ImageSet


class Pictures:
    """The images that predictions are of, by their numbers there.

    Attributes:
        is_open: whether those images are the ones that are open.
    """

    def __init__(
        self,
        predictions: Predictions,
        settings: DataSettings,
        data: "ImageData | None",
        open_settings: DataSettings,
    ) -> None:
        """Look for them.

        Args:
            predictions: what was said of them.
            settings: where they are.
            data: the images that are open, if any.
            open_settings: where those are.
        """
        self._files = predictions.files
        self.folder = Path(settings.folder).expanduser() if settings.source == "folder" else None
        self.is_open = data is not None and _are_alike(settings, open_settings)
        self._places: dict[str, tuple[ImageSet, int]] = {}
        if data is not None and self.is_open:
            own = data.validation if predictions.part == "validation" else data.test
            for images in (data.train, data.validation, data.test) if self.folder else (own,):
                names = images.names or map(str, range(1, len(images) + 1))
                self._places |= {name: (images, row) for row, name in enumerate(names)}

    def file(self, index: int) -> Path | None:
        """The file of an image; None where it comes from none below the folder."""
        return picture_file(self.folder, self._files[index]) if self.folder else None

    def read(self, index: int) -> NDArray[np.uint8] | None:
        """Its pixels (height, width, 3), as a network takes them; None where it is not open."""
        import torch

        place = self._places.get(self._files[index])
        if place is None:
            return None
        images, row = place
        try:
            pixels: Any = images.read(torch.tensor([row], device=images.device))[0]
        except DataError:  # the file is not what it was when it was opened
            return None
        found: NDArray[np.uint8] = pixels.permute(1, 2, 0).contiguous().cpu().numpy()
        return found


def _are_alike(one: DataSettings, other: DataSettings) -> bool:
    """Whether two settings name the same images; in a folder, whatever is held out of them."""
    if (one.source, one.folder) != (other.source, other.folder):
        return False
    same_split = (one.seed, one.validation_share) == (other.seed, other.validation_share)
    return one.source == "folder" or same_split
