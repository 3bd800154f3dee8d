"""Adapters of convolutions and attention, exchanged with PEFT itself."""

import contextlib
import copy

import pytest
import safetensors.torch
import torch
from torch import nn
from torchvision.models import resnet18

from vera_studio.adapters.copies import with_adapter
from vera_studio.errors import AdapterError
from vera_studio.exchange.peft_export import export_peft, planned_form
from vera_studio.exchange.peft_import import import_peft
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings

NAMES = ("a", "b", "c", "d")


def logits_of_peft(peft, network, folder, x):
    adapted = peft.PeftModel.from_pretrained(copy.deepcopy(network), folder).eval()
    with torch.no_grad():
        return adapted(x)


def assert_exchanged(peft, adapter, network, names, folder, x):
    """PEFT computes our logits from what we write, and we PEFT's from what PEFT reads."""
    form, _ = export_peft(adapter, network, names, folder)
    assert form.kind == "LoRA"
    with torch.no_grad():
        expected, bare = with_adapter(adapter, network, names)(x), network(x)
        found = logits_of_peft(peft, network, folder, x)
        assert (expected - bare).abs().max() > 1e-3
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
        again = import_peft(folder, network, names)
        assert again.info.layers == adapter.info.layers
        imported = with_adapter(again, network, names)(x)
    torch.testing.assert_close(imported, expected, rtol=0, atol=1e-4)
    return form


@pytest.mark.parametrize(
    "settings",
    [
        AdapterSettings(rank=4, layers=("conv1", "conv2")),
        AdapterSettings(rank=4, layers=("conv1", "conv2", "fc1"), sharing="all"),
        AdapterSettings(rank=3, layers=("conv2", "fc5"), method="lora", alpha=1.5),
    ],
    ids=lambda one: f"{one.method}-{one.sharing}",
)
def test_the_convolutions_of_the_convnet(peft, model, images, make_adapter, tmp_path, settings):
    names, folder = model.class_names, tmp_path / "peft"
    adapter = make_adapter(model.network, settings)
    form = assert_exchanged(peft, adapter, model.network, names, folder, images)
    assert form == planned_form(adapter.info.settings, sites=model.sites)
    tensors = safetensors.torch.load_file(folder / "adapter_model.safetensors")
    of_conv2 = (tensors[f"base_model.model.conv2.lora_{one}.weight"].shape for one in "AB")
    rank = settings.rank
    assert list(of_conv2) == [(rank, 6, 5, 5), (16, rank, 1, 1)]


def test_a_stage_of_resnet18(peft, make_adapter, tmp_path):
    """Strides, paddings and a shortcut of 1 x 1."""
    network = resnet18(num_classes=4).eval()
    adapter = make_adapter(network, AdapterSettings(rank=3, layers=("layer4.*",)), NAMES)
    assert len(adapter.info.layers) == 5
    x = torch.randn(2, 3, 64, 64)
    assert_exchanged(peft, adapter, network, NAMES, tmp_path / "peft", x)


@pytest.fixture(scope="module")
def lite():
    return open_model(ModelSettings(name="efficientnet_lite0"))


# All 1 x 1 convolutions of the last stages, the stem with its odd padding, and the classifier.
ON_LITE = ("conv_stem", "blocks.5.*.conv_pw*", "blocks.6.*.conv_pw*", "conv_head", "classifier")


def test_efficientnet_lite0_and_the_one_of_timm(peft, lite, make_adapter, tmp_path):
    """What goes on ours goes on timm's, with the same weights, and computes the same."""
    timm = pytest.importorskip("timm")
    adapter = make_adapter(lite.network, AdapterSettings(rank=4, layers=ON_LITE), lite.class_names)
    x = torch.randn(2, 3, 224, 224)
    folder = tmp_path / "peft"
    assert_exchanged(peft, adapter, lite.network, lite.class_names, folder, x)
    theirs = timm.create_model("tf_efficientnet_lite0").eval()
    theirs.load_state_dict(lite.network.state_dict())
    with torch.no_grad():
        expected = with_adapter(adapter, lite.network)(x)
    found = logits_of_peft(peft, theirs, folder, x)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


class Odd(nn.Module):
    """Every kind of weight that PEFT has no equal adapter for, and one that it has."""

    def __init__(self):
        super().__init__()
        self.plain = nn.Conv2d(3, 8, 1)
        self.grouped = nn.Conv2d(8, 8, 3, groups=2)
        self.dilated = nn.Conv2d(8, 8, 3, dilation=2)
        self.mirrored = nn.Conv2d(8, 8, 3, padding=1, padding_mode="reflect")
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.first = nn.Linear(8, 8)
        self.second = nn.Linear(8, 8)
        self.second.weight = self.first.weight
        self.norm = nn.BatchNorm2d(8)

    def forward(self, x):
        x = self.norm(self.mirrored(self.dilated(self.grouped(self.plain(x)))))
        tokens = x.flatten(2).transpose(1, 2)
        tokens = self.attention(tokens, tokens, tokens)[0].mean(1)
        return self.second(torch.relu(self.first(tokens)))


REFUSED = {
    "grouped": "convolutions in groups",
    "dilated": "convolutions with dilation or padding by other numbers than zeros",
    "mirrored": "convolutions with dilation or padding by other numbers than zeros",
    "attention.in_proj": "weights that attention reads without calling their layers",
    "attention.out_proj": "weights that attention reads without calling their layers",
    "first": "weights that several modules share",
}


@pytest.fixture
def odd():
    return Odd().eval()


@pytest.mark.parametrize("layer", REFUSED)
def test_what_peft_cannot_adapt_is_told_with_the_way_out(odd, make_adapter, tmp_path, layer):
    adapter = make_adapter(odd, AdapterSettings(rank=2, layers=("plain", layer)), NAMES)
    with pytest.raises(AdapterError) as refused:
        export_peft(adapter, odd, NAMES, tmp_path / "peft")
    text = str(refused.value)
    assert f"PEFT has no equal adapter for {REFUSED[layer]} ({layer})." in text
    assert text.endswith("Export the merged weights instead: plain PyTorch loads them.")
    assert not (tmp_path / "peft").exists()


@pytest.mark.parametrize("targets", [["grouped"], ["dilated"], ["mirrored"], ["attention"]])
def test_what_peft_adapts_otherwise_is_not_imported(peft, odd, tmp_path, targets):
    with pytest.warns() if targets == ["grouped"] else contextlib.nullcontext():
        adapted = peft.get_peft_model(
            copy.deepcopy(odd), peft.LoraConfig(r=2, target_modules=[*targets, "plain"])
        )
    adapted.save_pretrained(tmp_path / "peft")
    with pytest.raises(AdapterError, match="otherwise than the studio") as refused:
        import_peft(tmp_path / "peft", odd, NAMES)
    reasons = [reason for name, reason in REFUSED.items() if name.startswith(targets[0])]
    assert reasons[0] in str(refused.value)
