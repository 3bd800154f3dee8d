"""Running the command line in a test, and small folders of images for it."""

import numpy as np
from PIL import Image

from vera_studio import cli, environment

COLOURS = {"cat": (200, 60, 40), "dog": (40, 60, 200), "ship": (60, 180, 60)}


def write_class(folder, name, count, seed):
    (folder / name).mkdir(parents=True)
    random = np.random.default_rng([seed, *COLOURS[name]])
    for index in range(count):
        noise = random.integers(-40, 40, (32, 32, 3))
        pixels = np.clip(np.array(COLOURS[name]) + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / name / f"{index}.png")


def no_window(path):
    raise AssertionError("a window was asked for")


def run(*arguments):
    """The exit status; without --data-dir the user's own folders would be used."""
    options = ("--data-dir", environment.data_folder())
    return cli.run([str(argument) for argument in (*options, *arguments)], no_window)
