"""What the adapter of the draft comes to, in words."""

from vera_studio.errors import AdapterError
from vera_studio.recipe import Recipe, problems
from vera_studio.ui.jobs import parameters as parameter_jobs
from vera_studio.ui.jobs.parameters import Plan
from vera_studio.ui.state.workspace import Workspace


def figures_text(workspace: Workspace) -> str:
    """Counts, share and size of the file; why not, where the adapter does not fit the network."""
    model, adapter = workspace.model, workspace.recipe.adapter
    if model is None:
        return "Counted once the network is open."
    if problems(Recipe(adapter=adapter), layer_names=workspace.layer_names):
        return ""  # the start bar says what is wrong
    try:
        return _text(parameter_jobs.plan(model, adapter))
    except AdapterError as error:
        return str(error)


def _text(plan: Plan) -> str:
    counts = plan.counts
    share = f"{counts.trainable:,} of {counts.total:,} numbers are trained ({counts.share:.2%})."
    if plan.in_head:
        share += f" {plan.in_head:,} of these are the last layer's."
    lines = [share]
    if counts.pairs:
        pairs = "1 pair" if counts.pairs == 1 else f"{counts.pairs} pairs"
        numbers = f"{counts.projections:,} numbers made from the seed"
        lines.append(f"{pairs} of frozen projections, {numbers}.")
    lines.append(f"The adapter file takes about {plan.file_bytes / 1000:,.1f} KB.")
    return "\n".join(lines)
