"""The subcommand for other programs: export."""

import argparse
from pathlib import Path

from vera_studio.cli.library import ADAPTER_HELP, find_adapter
from vera_studio.cli.network_options import network_options, open_network
from vera_studio.cli.subcommands import Subcommands
from vera_studio.cli.terminal import show
from vera_studio.export_targets import EXPORT_TARGETS, FOREIGN_TARGETS


def add_commands(commands: Subcommands) -> None:
    """Add the subcommands of this family."""
    parser = commands.add_parser(
        "export", help="write an adapter for other programs", parents=[network_options()]
    )
    parser.add_argument("adapter", metavar="ADAPTER", help=ADAPTER_HELP)
    parser.add_argument(
        "--to",
        "--for",
        dest="to",
        required=True,
        choices=FOREIGN_TARGETS,
        help="; ".join(f"{name}: {EXPORT_TARGETS[name].command}" for name in FOREIGN_TARGETS),
    )
    parser.add_argument(
        "destination", type=Path, metavar="DEST", help="the folder or file to write"
    )
    parser.set_defaults(command=_export)


def _export(options: argparse.Namespace) -> None:
    from vera_studio.exchange.export import export
    from vera_studio.exchange.reading import opened

    path = find_adapter(options.adapter)
    adapter, model = opened(path, open_network(options, path), options.class_names)
    exported = export(adapter, model, options.to, options.destination)
    show(f"{options.destination}: {exported.sentence}")
