"""Writing files so that a reader never meets half of one."""

import os
import tempfile
from pathlib import Path

from vera_studio.errors import StudioError


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path`: the file is there whole, or as it was before.

    Raises:
        StudioError: the folder cannot be made or written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp makes the file readable to its owner alone; a document follows the umask.
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StudioError(f"Cannot write {path}: {error.strerror or error}") from error


def _umask() -> int:
    """The process's file mode mask; the system only tells it when it is set."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
