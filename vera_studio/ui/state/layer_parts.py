"""What the drawing of an adapted layer consists of, method by method."""

from typing import TYPE_CHECKING

from vera_studio.ui.widgets.layer_drawing import Drawing, Part

if TYPE_CHECKING:
    from vera_studio.adapters.site_changes import SiteChange


def drawing_of(change: "SiteChange") -> Drawing:
    """The parts of one adapted layer."""
    out, fan_in, rank = change.out, change.fan_in, change.rank or 0
    is_new = change.weight_norm == 0
    weight = Part("W", out, fan_in, note="new: zeros" if is_new else "")
    branch: tuple[Part, ...]
    match change.method:
        case "vera":
            shared = "shared" if change.shared_with else "random"
            branch = (
                Part("A", rank, fan_in, note=shared),
                Part("d", rank, is_trained=True),
                Part("B", out, rank, note=shared),
                Part("b", out, is_trained=True),
            )
            formula = "W x + b ⊙ B (d ⊙ A x)"
        case "lora":
            branch = (
                Part("A", rank, fan_in, is_trained=True),
                Part("B", out, rank, is_trained=True),
            )
            formula = "W x + scale · B A x"
        case "full":
            has_bias = "bias_change" in change.parameters
            note = f"and bias {out:,}" if has_bias else ""
            branch = (Part("ΔW", out, fan_in, is_trained=True, note=note),)
            formula = "(W + ΔW) x + Δc" if has_bias else "(W + ΔW) x"
        case _:
            names = {"weight_change": "Δ scale", "bias_change": "Δ bias"}
            branch = tuple(Part(names[name], out, is_trained=True) for name in change.parameters)
            formula = "W x + Δ bias" if change.kind != "norm" else "(scale + Δ) x + Δ bias"
    takes_inputs = change.method != "bias" or change.kind == "norm"
    return Drawing(change.name, weight, branch, formula, fan_in, out, takes_inputs)


def words_on(change: "SiteChange") -> str:
    """A sentence or two that says what is trained, for who does not know the method."""
    trained = sum(len(values) for values in change.parameters.values())
    weights = change.out * change.fan_in
    share = f"{trained:,} numbers are trained where W has {weights:,} ({trained / weights:.2%})."
    match change.method:
        case "vera":
            others = f", the very same as in {', '.join(change.shared_with[:3])}"
            more = f" and {len(change.shared_with) - 3:,} more" if change.shared_with[3:] else ""
            same = f"{others}{more}" if change.shared_with else ""
            return (
                f"{share} A and B are random and stay as they are{same}; d scales the "
                f"{change.rank:,} numbers in between, b the {change.out:,} outputs."
            )
        case "lora":
            return f"{share} A leads to {change.rank:,} numbers in between, B from there on."
        case "full":
            return f"{share} Each number of the layer has a change of its own."
    return f"{share} The weights stay as they are."
