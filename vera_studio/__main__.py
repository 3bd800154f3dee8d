"""Where the program starts: a subcommand runs headless, else the window opens."""

import sys
from pathlib import Path

from vera_studio import cli
from vera_studio.cli.terminal import tell


def main() -> int:
    """Run what the command line asks for; returns the exit status."""
    return cli.run(sys.argv[1:], open_window=_open_window)


def _open_window(path: Path | None) -> int:
    # Imported here: the subcommands must work where PySide6 is not installed. The check comes
    # first, because Qt aborts the process where a system library is missing.
    from vera_studio.ui.system_libraries import system_problem

    if problem := system_problem():
        tell(f"vera-studio: {problem}")
        return 1
    from vera_studio.ui.app import run_app

    return run_app(path)


if __name__ == "__main__":
    sys.exit(main())
