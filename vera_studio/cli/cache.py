"""The subcommand that shows, bounds and empties the cache of images: cache."""

import argparse
import json
import math

from vera_studio import environment
from vera_studio.cli.subcommands import Subcommands
from vera_studio.cli.terminal import show
from vera_studio.data.image_cache import (
    MAX_LIMIT,
    cache_bytes,
    cache_limit,
    empty_cache,
    set_cache_limit,
)
from vera_studio.wording import size_text

_GIGABYTE = 10**9  # bytes


def add_commands(commands: Subcommands) -> None:
    """Add the subcommand of this family."""
    parser = commands.add_parser(
        "cache",
        help="show or empty the cache of images",
        description="How much room the images of folders take that are kept as networks take "
        "them, so that the next start need not decode them. Those of folders that were not opened "
        "for longest go first where it gets too much.",
    )
    parser.add_argument("--empty", action="store_true", help="delete all that is in it")
    parser.add_argument(
        "--limit",
        type=_bytes,
        metavar="GIGABYTES",
        help="keep no more than that from now on; 0 for no cache",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=_cache)


def _cache(options: argparse.Namespace) -> None:
    if options.limit is not None:
        set_cache_limit(options.limit)
    freed = empty_cache() if options.empty else 0
    folder, held, limit = environment.images_cache_folder(), cache_bytes(), cache_limit()
    if options.json:
        show(json.dumps({"folder": str(folder), "bytes": held, "limit": limit, "freed": freed}))
        return
    if options.empty:
        show(f"{size_text(freed)} are free again.")
    most = f"of at most {size_text(limit)}" if limit else "switched off"
    show(f"Cache of images: {size_text(held)}, {most}, in {folder}")


def _bytes(text: str) -> int:
    """Gigabytes, as they are given, in bytes."""
    gigabytes = float(text)
    if not (math.isfinite(gigabytes) and 0 <= gigabytes <= MAX_LIMIT / _GIGABYTE):
        raise ValueError
    return round(gigabytes * _GIGABYTE)
