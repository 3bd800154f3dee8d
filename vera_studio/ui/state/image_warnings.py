"""What there is to know of the images before a run starts, a sentence each."""

from vera_studio.ui.state.automatic import planned_course, target_counts
from vera_studio.ui.state.workspace import Workspace


def image_warnings(workspace: Workspace) -> tuple[str, ...]:
    """What may make the figures of a run say less than they seem to."""
    data = workspace.data
    if data is None:
        return ()
    return tuple(filter(None, (data.lacking_text, _uneven_text(workspace), data.copies_text)))


def _uneven_text(workspace: Workspace) -> str:
    """Says so where some classes have far more training images than others."""
    course, counts = planned_course(workspace), target_counts(workspace)
    if course is None or not counts:
        return ""
    from vera_studio.training.automatic import is_uneven

    if not is_uneven(counts):
        return ""
    spread = f"The classes have from {min(counts):,} to {max(counts):,} images to train on"
    how = "the large ones count for more"
    if course.balance:
        how = "they are drawn evenly, those of small classes several times"
    return f"{spread}: {how}."
