"""What there is to be known of the methods, free of torch: forms, texts and parsers go by it."""

from dataclasses import dataclass
from typing import Literal

Method = Literal["vera", "lora", "full", "bias", "head"]
Sharing = Literal["shape", "all"]


@dataclass(frozen=True)
class MethodFacts:
    """A method, as a person meets it."""

    title: str  # short: names of adapters and columns of tables have it too
    settings: tuple[str, ...]  # of the adapter's settings, those that have a meaning for it
    # The peak with AdamW: between what did best by validation accuracy on the sample, which is
    # far from what the network was trained on, and on bird, cat and dog of CIFAR-10, which is near.
    learning_rate: float


METHOD_FACTS: dict[Method, MethodFacts] = {
    "vera": MethodFacts("VeRA", ("rank", "seed", "d_initial", "sharing"), 0.02),
    "lora": MethodFacts("LoRA", ("rank", "seed", "alpha"), 0.002),
    "full": MethodFacts("All weights", (), 0.0005),
    "bias": MethodFacts("Biases and norms", (), 0.03),
    "head": MethodFacts("Last layer alone", (), 0.01),
}


@dataclass(frozen=True)
class Family:
    """A method as one compares it: candidates of one family differ in their rank only."""

    key: str  # of the short name, such as "vera-all" of "vera-all:32"
    title: str  # for a person
    method: Method
    tip: str
    sharing: Sharing = "shape"
    is_ticked: bool = True  # to begin with
    ranks: str = ""  # to begin with, such as "4, 16"

    @property
    def has_rank(self) -> bool:
        """Whether a rank has a meaning for it."""
        return "rank" in METHOD_FACTS[self.method].settings


FAMILIES = (
    Family(
        "vera",
        METHOD_FACTS["vera"].title,
        "vera",
        "Trains two vectors a layer on random projections that layers of one shape share",
        ranks="4, 32",
    ),
    Family(
        "vera-all",
        f"{METHOD_FACTS['vera'].title}, one pair for all",
        "vera",
        "The same with one pair of projections for all layers, as PEFT has it",
        sharing="all",
        is_ticked=False,
        ranks="32",
    ),
    Family(
        "lora", METHOD_FACTS["lora"].title, "lora", "Trains two matrices a layer", ranks="4, 16"
    ),
    Family(
        "full",
        METHOD_FACTS["full"].title,
        "full",
        "Trains every number of the chosen layers: a baseline",
    ),
    Family(
        "bias",
        METHOD_FACTS["bias"].title,
        "bias",
        "Trains the biases of the chosen layers, of normalisations the scales too: a baseline",
    ),
    Family(
        "head",
        METHOD_FACTS["head"].title,
        "head",
        "Trains the layer that gives the classes, whole, and no other: a baseline",
        is_ticked=False,
    ),
)
