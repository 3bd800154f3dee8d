"""Small pictures of every kind that a reader may get wrong."""

import numpy as np
from PIL import Image

_ORIENTATION = 0x0112


def make_odd_pictures(folder):
    """Write them; returns their paths by what is odd about each."""
    folder.mkdir()
    generator = np.random.default_rng(0)

    def noise(width, height, channels=3):
        """Smooth enough for scaling to matter, rough enough for a pixel too far to show."""
        small = generator.integers(0, 256, (height // 4 + 1, width // 4 + 1, channels), np.uint8)
        return Image.fromarray(small.squeeze()).resize((width, height), Image.Resampling.BICUBIC)

    def turned(orientation):
        exif = Image.Exif()
        exif[_ORIENTATION] = orientation
        return exif

    paths = {}

    def save(name, image, **options):
        paths[name] = folder / name
        fast = {"compress_level": 1} if name.endswith(".png") else {}
        image.save(paths[name], **fast, **options)

    save("portrait.png", noise(41, 67))
    save("landscape.jpg", noise(90, 50))
    save("exact.png", noise(32, 32))
    save("tiny.png", noise(9, 7))
    save("long.png", noise(401, 13))
    save("large.jpg", noise(900, 700))  # Pillow decodes it at a fraction of its size
    save("large.png", noise(2100, 2001))  # more than 2**22 pixels
    for orientation in range(1, 9):
        save(f"turned-{orientation}.jpg", noise(60, 45), exif=turned(orientation))
    save("turned.png", noise(60, 45), exif=turned(6))
    save("turned-large.png", noise(2100, 2001), exif=turned(3))
    save("palette.gif", noise(50, 40).quantize(16))
    save("seen-through.png", noise(50, 40, 4))
    with_hole = noise(50, 40).quantize(16)
    save("hole.png", with_hole, transparency=3)
    save("grey.png", noise(50, 40, 1))
    save("grey-seen-through.png", noise(50, 40).convert("LA"))
    save("black-and-white.png", noise(50, 40).convert("1"))
    save("print.jpg", noise(50, 40).convert("CMYK"))
    values = np.asarray(noise(50, 40, 1)).astype(np.uint16)
    save("deep.png", Image.fromarray(values * 257))
    save("deep-dark.tiff", Image.fromarray(values + 900))
    save("deep-float.tiff", Image.fromarray(values.astype(np.float32) / 255 - 0.5))
    deep = np.asarray(noise(2100, 2001, 1)).astype(np.uint16) * 16
    save("deep-large.png", Image.fromarray(deep))
    return paths
