"""The command line: the same engine as the window's, without Qt."""

from vera_studio.cli.command_line import run as run
