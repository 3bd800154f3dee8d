"""Every path that the studio uses, and its log.

One folder set with `set_data_folder` (the command line's ``--data-dir``) takes the
place of all user folders, so that a test or a portable copy touches no home folder.
"""

import logging
import logging.handlers
import sys
from pathlib import Path

import platformdirs

APP_NAME = "vera-studio"

_redirected: Path | None = None


def set_data_folder(folder: Path | None) -> None:
    """Keep everything under `folder`; None goes back to the user's own folders."""
    global _redirected
    _redirected = None if folder is None else folder.expanduser().resolve()


def data_folder() -> Path:
    """Where runs and downloaded data live."""
    return _redirected or Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))


def runs_folder() -> Path:
    """One folder a run."""
    return data_folder() / "runs"


def deleted_runs_folder() -> Path:
    """Runs that were deleted where the system has no trash that takes them."""
    return data_folder() / "deleted-runs"


def queue_file() -> Path:
    """The runs that wait for their turn."""
    return data_folder() / "queue.json"


def library_folder() -> Path:
    """One file an adapter that was trained or imported."""
    return data_folder() / "adapters"


def marks_folder() -> Path:
    """One file a folder of images: what the user says of single ones."""
    return data_folder() / "marks"


def classified_folder() -> Path:
    """One file a folder of pictures that was classified: the classes that the user gave some."""
    return data_folder() / "classified"


def cifar10_folder() -> Path:
    """Where CIFAR-10 is downloaded to."""
    return data_folder() / "cifar10"


def cache_folder() -> Path:
    """Where large files go that are of no use after a run."""
    return _redirected or Path(platformdirs.user_cache_dir(APP_NAME, appauthor=False))


def weights_folder() -> Path:
    """Where downloaded weights of networks are kept."""
    return cache_folder() / "weights"


def images_cache_folder() -> Path:
    """Where the images of folders are kept as networks take them."""
    return cache_folder() / "images"


def settings_file() -> Path:
    """What the window remembers from one start to the next."""
    if _redirected:
        return _redirected / "settings.json"
    return Path(platformdirs.user_config_dir(APP_NAME, appauthor=False)) / "settings.json"


def log_file() -> Path:
    """The newest of the rotating log files."""
    if _redirected:
        return _redirected / "logs" / "vera-studio.log"
    return Path(platformdirs.user_log_dir(APP_NAME, appauthor=False)) / "vera-studio.log"


def resources_folder() -> Path:
    """The shipped weights and icons: in a checkout, an installed wheel or a frozen app."""
    package = Path(__file__).resolve().parent
    bundle = Path(getattr(sys, "_MEIPASS", package))
    candidates = (package / "resources", package.parent / "resources", bundle / "resources")
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the resources folder is in none of {[str(c) for c in candidates]}")


class _LogFile(logging.handlers.RotatingFileHandler):
    """The log's file, of which a full or missing disk costs lines and nothing else."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say nothing: the usual traceback a line would bury what a terminal shows."""


def start_logging() -> None:
    """Log to a file of at most 1 MB, of which three older ones are kept, or do without."""
    path = log_file()
    handler: logging.Handler
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(path, maxBytes=1_000_000, backupCount=3, encoding="utf-8")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("vera_studio")
    root.setLevel(logging.INFO)
    root.addHandler(handler)
