"""How the window was left, for the next start to bring back."""

import logging
from dataclasses import dataclass

from vera_studio import recipe_file
from vera_studio.errors import StudioError
from vera_studio.recipe import Recipe
from vera_studio.ui.state.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Session:
    """What was open and shown; whether it is still there shows when it is opened."""

    recipe: Recipe | None = None  # network, images and set-up; None where there is none to take
    page: str = ""  # name of the page that was shown
    selected: tuple[str, ...] = ()  # keys of the adapters that were selected


def read_session(settings: Settings) -> Session:
    """The session that `settings` hold; what of it cannot be used is left out, and logged.

    Where the last start did not come to its end nothing is brought back: whatever it was that
    ended it, perhaps a folder too large for the memory, must not do so for good.
    """
    if settings.text("starting"):
        _log.warning("The last start did not come to its end; nothing is brought back.")
        return Session()
    return Session(
        _recipe(settings.text("recipe")),
        settings.text("page"),
        tuple(settings.texts("selected_adapters")),
    )


def mark_start(settings: Settings, is_under_way: bool) -> None:
    """Have `settings` say whether a start is under way."""
    settings.keep(starting="yes" if is_under_way else "")


def keep_session(settings: Settings, session: Session, **more: bytes | str) -> None:
    """Have `settings` hold `session`, and `more` in the same writing of the file."""
    text = ""
    if session.recipe is not None:
        try:
            text = recipe_file.to_toml(session.recipe)
            text.encode()
        except (StudioError, UnicodeEncodeError) as error:  # a path that is no Unicode
            _log.warning("The set-up is not remembered: %s", error)
            text = ""
    settings.keep(
        recipe=text, page=session.page, selected_adapters=session.selected, starting="", **more
    )


def _recipe(text: str) -> Recipe | None:
    if not text:
        return None
    try:
        return recipe_file.from_toml(text)
    except StudioError as error:
        _log.warning("The set-up of the last time cannot be taken: %s", error)
        return None
