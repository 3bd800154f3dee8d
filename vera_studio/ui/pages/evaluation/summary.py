"""An evaluation in a sentence."""

import math

from vera_studio.runs.prediction_figures import broken, mended
from vera_studio.ui.jobs.evaluation import Evaluated

_TEST_NOTE = " The test images are measured once, at the end; look for what to mend in the others."


def summary(evaluated: Evaluated) -> str:
    """Rich text: how many are right before and after, and what changed."""
    one, after, before = evaluated.predictions, evaluated.after, evaluated.before
    if math.isnan(after.accuracy):
        return "There are no images."
    part = f"{len(one.files):,} {one.part} images"
    wrong = int((~one.right).sum())
    told = f"<b>{after.accuracy:.1%} right</b> of {part}; {wrong:,} wrong"
    if before is not None:
        gain = f"{100 * (after.accuracy - before.accuracy):+.1f}".replace("-", "\N{MINUS SIGN}")
        both = int((~one.right & ~one.base_right).sum())
        told = (
            f"<b>{before.accuracy:.1%} \N{RIGHTWARDS ARROW} {after.accuracy:.1%}, "
            f"{gain} points</b> on {part}: {int(mended(one).sum()):,} mended, "
            f"{int(broken(one).sum()):,} broken, {both:,} wrong in both"
        )
    return f"{told}.{_TEST_NOTE if one.part == 'test' else ''}"
