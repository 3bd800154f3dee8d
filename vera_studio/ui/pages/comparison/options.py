"""The methods that the page offers, and what is ticked to begin with."""

from vera_studio.ui.widgets.comparison_choice import MethodOption

OPTIONS = (
    MethodOption(
        "vera",
        "VeRA",
        "Trains two vectors a layer on random projections that layers of one shape share",
        True,
        "4, 32",
    ),
    MethodOption(
        "vera-all",
        "VeRA, one pair for all",
        "The same with one pair of projections for all layers, as PEFT has it",
        False,
        "32",
    ),
    MethodOption("lora", "LoRA", "Trains two matrices a layer", True, "4, 16"),
    MethodOption(
        "full",
        "All weights of the layers",
        "Trains every number of the linear layers: a baseline",
        True,
    ),
    MethodOption(
        "bias",
        "Biases and normalisation",
        "Trains the biases of the linear layers: a baseline",
        True,
    ),
)
