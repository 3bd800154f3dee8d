"""How fast real networks go, beside plain PyTorch and PEFT.

python -m tests.benchmarks.networks

Each cell is a process of its own, so that its memory is its own. Networks have random weights but
for EfficientNet-Lite0; images are noise of 224 x 224 pixels. *Plain* trains the same numbers with
torch alone: VeRA's W + dW as a parametrisation of each weight, in the same batches.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable

from tests.benchmarks.common import median, print_table, save

NETWORKS = {
    "efficientnet_lite0": {
        "last stage": ("blocks.6.*", "conv_head"),
        "everything": ("conv_*", "blocks.*"),
    },
    "resnet18": {"last stage": ("layer4.*conv*", "layer4.*downsample.0"), "everything": ("*",)},
}
FORWARD = {"plain, 64 at once": 64, "plain, 16 at once": 16}
RANK = 64
LORA_RANK = 8
BATCH = 16
FORWARD_IMAGES = 256
STEPS = 6
TURNS = 3


def main() -> None:
    """Print the tables and save the figures."""
    results: dict[str, object] = {}
    for name in NETWORKS:
        forward = [cell(name, "forward", way) for way in (*FORWARD, "ours")]
        results[f"{name}, forward"] = forward
        plain = forward[0]["images_per_second"]
        rows = [
            [way, f"{one['images_per_second']:.1f}", f"{one['images_per_second'] / plain:.2f}"]
            for way, one in zip((*FORWARD, "ours"), forward, strict=True)
        ]
        print_table([f"{name}, forward", "images/s", "x plain"], rows)
        rows = []
        for where in NETWORKS[name]:
            ways = ["plain", "PEFT's LoRA", "ours"]
            if where == "last stage":
                ways.append("ours, cached")
            cells = {way: cell(name, where, way) for way in ways}
            results[f"{name}, {where}"] = cells
            plain = cells["plain"]
            rows += [
                [
                    f"{where}, {way}",
                    f"{one['trainable']:,}",
                    f"{one['images_per_second']:.1f}",
                    f"{one['images_per_second'] / plain['images_per_second']:.2f}",
                    f"{one['megabytes']:,.0f}",
                    f"{one['megabytes'] / plain['megabytes']:.2f}",
                ]
                for way, one in cells.items()
            ]
        head = [f"{name}, a training step", "trained", "images/s", "x plain", "MB", "x plain"]
        print_table(head, rows)
    save("networks", results)


def cell(name: str, what: str, way: str) -> dict[str, float]:
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.networks", name, what, way]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(name: str, what: str, way: str) -> dict[str, float]:
    """The figures of one cell, in this process."""
    import torch

    from vera_studio.models.registry import find

    torch.manual_seed(0)
    kind = find(name)
    network = kind.build(1000)
    if kind.is_here:
        kind.load(network, kind.weights_file)
    network.eval()
    import vera_studio.training.loop  # noqa: F401 - so that its imports are not counted

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures = (_forward if what == "forward" else _step)(network, kind, what, way)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return figures | {"megabytes": (after - before) / 1000}


def _forward(network, kind, what: str, way: str) -> dict[str, float]:
    import torch

    images = torch.randint(0, 256, (FORWARD_IMAGES, 3, 224, 224), dtype=torch.uint8)
    if way in FORWARD:
        mean = torch.tensor(kind.preprocessing.mean)[:, None, None]
        std = torch.tensor(kind.preprocessing.std)[:, None, None]

        def once() -> None:
            with torch.inference_mode():
                for some in images.split(FORWARD[way]):
                    network((some / 255 - mean) / std)

        return {"images_per_second": _speed(once, FORWARD_IMAGES)}
    inputs, parts = _frozen(network, kind, images)

    def features() -> None:
        from vera_studio.training.feature_cache import _features

        for _ in _features(parts, inputs):
            pass

    return {"images_per_second": _speed(features, FORWARD_IMAGES)}


def _frozen(network, kind, images):
    """The inputs, and the parts of the network with its last layer trained."""
    import torch

    from vera_studio.adapters.attach import attach
    from vera_studio.adapters.sites import find_sites
    from vera_studio.data.store import ImageSet
    from vera_studio.recipe import AdapterSettings
    from vera_studio.training.frozen_part import split
    from vera_studio.training.inputs import ImageInputs

    attach(network, AdapterSettings(layers=(list(find_sites(network))[-1],)))
    labels = torch.zeros(len(images), dtype=torch.int64)
    inputs = ImageInputs(network, kind.preprocessing, ImageSet(images, labels))
    return inputs, split(network, inputs.gather(torch.arange(4)))


def _step(network, kind, what: str, way: str) -> dict[str, float]:
    import torch

    from vera_studio.adapters.attach import attach, chosen_sites
    from vera_studio.data.store import ImageSet
    from vera_studio.recipe import AdapterSettings
    from vera_studio.training.frozen_part import split
    from vera_studio.training.inputs import FeatureInputs, ImageInputs
    from vera_studio.training.optimisation import make_optimizer
    from vera_studio.training.step import TrainingStep

    settings = AdapterSettings(rank=RANK, layers=NETWORKS[kind.name][what])
    sites = chosen_sites(network, settings)
    sites = {name: site for name, site in sites.items() if site.kind != "norm"}
    if way == "plain":
        network.requires_grad_(False)
        _plain_vera(sites)
    elif way == "PEFT's LoRA":
        network = _peft(network, [name for name, site in sites.items() if site.groups == 1])
    else:
        attach(network, AdapterSettings(rank=RANK, layers=tuple(sites)))
    images = torch.randint(0, 256, (BATCH, 3, 224, 224), dtype=torch.uint8)
    labels = torch.arange(BATCH)
    inputs = ImageInputs(network, kind.preprocessing, ImageSet(images, labels))
    if way == "ours, cached":
        parts = split(network, inputs.gather(torch.arange(4)))
        features = parts.frozen(inputs.gather(torch.arange(BATCH)))
        inputs = FeatureInputs(parts.trained, features, labels)
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = make_optimizer("adamw", trained, 0.001)
    views = torch.arange(BATCH)
    ours = TrainingStep(inputs, optimizer, print)

    def plain() -> None:
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(inputs.logits(views), labels).backward()
        optimizer.step()

    step: Callable[[], object] = plain if "ours" not in way else lambda: ours(views, labels)

    def steps() -> None:
        for _ in range(STEPS):
            step()

    speed = _speed(steps, STEPS * BATCH)
    return {"images_per_second": speed, "trainable": sum(p.numel() for p in trained)}


def _plain_vera(sites) -> None:
    """VeRA by torch alone: each weight parametrised as W + diag(b) B diag(d) A."""
    import torch
    from torch import nn
    from torch.nn.utils import parametrize

    class Vera(nn.Module):
        def __init__(self, out: int, fan_in: int) -> None:
            super().__init__()
            self.register_buffer("A", nn.init.kaiming_uniform_(torch.empty(RANK, fan_in)))
            self.register_buffer("B", nn.init.kaiming_uniform_(torch.empty(out, RANK)))
            self.d = nn.Parameter(torch.full((RANK,), 0.1))
            self.b = nn.Parameter(torch.zeros(out))

        def forward(self, weight: torch.Tensor) -> torch.Tensor:
            return weight + ((self.b[:, None] * self.B) @ (self.d[:, None] * self.A)).view_as(
                weight
            )

    for site in sites.values():
        vera = Vera(site.out, site.fan_in)
        parametrize.register_parametrization(site.places[0].module, "weight", vera)


def _peft(network, targets: list[str]):
    from peft import LoraConfig, get_peft_model

    return get_peft_model(network, LoraConfig(r=LORA_RANK, target_modules=targets)).eval()


def _speed(work: Callable[[], None], images: int) -> float:
    """Images a second: the median of some turns after one that warms up."""
    work()
    seconds = []
    for _ in range(TURNS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return images / median(seconds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cell", nargs="*", help="network, what and way: this cell alone, as JSON")
    found = parser.parse_args().cell
    if found:
        print(json.dumps(measure(*found)))
    else:
        main()
