"""VeRA as a LoRA: the same change of every weight, the same answers, the same in a file."""

import pytest
import torch

from vera_studio.adapters import adapter_file
from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.adapters.attach import adapter_parameters, attached_layers
from vera_studio.adapters.conversion import to_lora
from vera_studio.adapters.copies import with_adapter
from vera_studio.errors import AdapterError
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.recipe import AdapterSettings


@pytest.mark.parametrize("sharing", ["shape", "all"])
@pytest.mark.parametrize("layers", [None, ("fc2", "fc4")])
@pytest.mark.parametrize("head", [None, "fc5"])
def test_changes_every_weight_alike(convnet, images, make_adapter, sharing, layers, head):
    settings = AdapterSettings(
        rank=6, seed=3, d_initial=0.2, sharing=sharing, layers=layers, head=head
    )
    vera = make_adapter(convnet, settings)
    lora = to_lora(vera, convnet)
    assert not attached_layers(convnet)
    assert lora.info.settings.method == "lora"
    assert (lora.info.settings.rank, lora.info.settings.alpha) == (6, None)
    assert lora.info.settings.head == head
    one, other = (with_adapter(adapter, convnet) for adapter in (vera, lora))
    for name, layer in attached_layers(one).items():
        expected = layer.delta_weight()
        assert expected.abs().max() > 1e-3
        found = attached_layers(other)[name].delta_weight()
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(other(images), one(images), rtol=1e-5, atol=1e-5)


def test_is_rounded_once(convnet, make_adapter):
    vera = make_adapter(convnet, AdapterSettings(rank=4))
    lora = to_lora(vera, convnet)
    layer = attached_layers(with_adapter(vera, convnet))["fc1"]
    a = (layer.d.double()[:, None] * layer.projections.A.double()).float()
    b = (layer.b.double()[:, None] * layer.projections.B.double()).float()
    assert torch.equal(lora.parameters["fc1.A"], a)
    assert torch.equal(lora.parameters["fc1.B"], b)


def test_of_stored_projections(convnet, images, stored_adapter):
    lora = to_lora(stored_adapter, convnet)
    assert lora.projections is None
    assert not lora.info.stores_projections
    expected = with_adapter(stored_adapter, convnet)(images)
    torch.testing.assert_close(with_adapter(lora, convnet)(images), expected, rtol=1e-5, atol=1e-5)


def test_goes_through_a_file(convnet, images, make_adapter, tmp_path):
    vera = make_adapter(convnet, AdapterSettings(rank=4))
    lora = to_lora(vera, convnet)
    adapter_file.write(tmp_path / "a.safetensors", lora)
    again = adapter_file.load(tmp_path / "a.safetensors")
    assert again.info == lora.info
    assert again.info.classes == vera.info.classes
    assert torch.equal(with_adapter(again, convnet)(images), with_adapter(lora, convnet)(images))


def test_a_lora_comes_back_as_it_is(convnet, make_adapter):
    lora = make_adapter(convnet, AdapterSettings(rank=4, method="lora", alpha=7.0))
    assert to_lora(lora, convnet) is lora


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("full", "no product of two small matrices"),
        ("bias", "it changes biases"),
        ("head", "the last one is trained whole"),
    ],
)
def test_methods_without_an_equal_lora_are_refused(convnet, make_adapter, method, reason):
    with pytest.raises(AdapterError, match=reason):
        to_lora(make_adapter(convnet, AdapterSettings(method=method, head="fc5")), convnet)


def test_an_adapter_of_another_network_is_refused(convnet, make_adapter):
    vera = make_adapter(convnet, AdapterSettings(rank=4))
    with torch.no_grad():
        convnet.conv1.bias[0] += 1
    with pytest.raises(AdapterError, match="other weights"):
        to_lora(vera, convnet)


def test_a_copy_leaves_the_network_and_its_adapter_alone(trained, bare, make_adapter, state_of):
    before, values = state_of(trained), [p.clone() for _, p in adapter_parameters(trained)]
    other = make_adapter(bare, AdapterSettings(rank=4, method="lora"))
    adapted = with_adapter(other, trained, CLASS_NAMES)
    assert attached_layers(adapted)["fc1"].B.shape == (120, 4)
    assert state_of(trained) == before
    for value, (_, parameter) in zip(values, adapter_parameters(trained), strict=True):
        assert torch.equal(value, parameter)


def test_a_copy_is_for_the_classes_of_the_network(convnet, make_adapter):
    adapter = make_adapter(convnet, AdapterSettings(rank=4))
    assert isinstance(adapter, AdapterFile)
    with pytest.raises(AdapterError, match="other classes"):
        with_adapter(adapter, convnet, CLASS_NAMES[::-1])
