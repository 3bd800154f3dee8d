"""One pass tells what two plain ones tell, with the adapter and without."""

import pytest
import torch

from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import adapter_parameters, attach
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.data.store import ImageSet
from vera_studio.errors import Cancelled
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings
from vera_studio.training.answers import side_by_side
from vera_studio.training.evaluation import evaluate, predict
from vera_studio.training.prediction_pass import fit_temperature, predict_both, without_adapter


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(4)
    pixels = torch.randint(0, 256, (90, 3, 32, 32), dtype=torch.uint8, generator=generator)
    return ImageSet(pixels, torch.randint(0, 10, (90,), generator=generator))


@pytest.fixture
def model():
    return open_model(ModelSettings())


def put_on(model):
    attach(model.network, model.settings_for(AdapterSettings(rank=4)))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for _, parameter in adapter_parameters(model.network):
            parameter.copy_(torch.randn(parameter.shape, generator=generator))


def test_both_networks_say_what_they_say_alone(model, images):
    bare = evaluate(model, images)
    base_logits = predict(model, images.read())
    put_on(model)
    done = []
    found, base = predict_both(
        model, images, "test", on_progress=lambda some, total: done.append((some, total))
    )
    assert base is not None
    assert base.evaluation() == bare
    assert found.evaluation() == evaluate(model, images) != bare
    assert done[-1] == (90, 90)
    kept = side_by_side(found, base, model.class_names)
    assert kept.part == "test"
    assert kept.files == tuple(map(str, range(1, 91)))
    assert kept.right.mean() == found.evaluation().accuracy
    shares, told = base_logits.softmax(dim=1).topk(5, dim=1)
    assert kept.base_told.tolist() == told.tolist()
    torch.testing.assert_close(torch.from_numpy(kept.base_shares), shares, rtol=1e-4, atol=1e-5)


def test_without_an_adapter_there_is_nothing_to_compare_with(model, images):
    found, base = predict_both(model, images)
    assert base is None
    assert found.evaluation() == evaluate(model, images)
    assert not side_by_side(found, base, model.class_names).has_base


def test_classes_of_ones_own_have_no_base(model, images):
    own = model.with_classes(tuple("abcdefghij"))
    put_on(own)
    assert predict_both(own, images)[1] is None


def test_a_network_without_its_adapter_shares_its_numbers(model):
    put_on(model)
    bare = without_adapter(model.network)
    assert bare.fc1.weight.data_ptr() == model.network.fc1.base.weight.data_ptr()


def test_it_stops_when_asked(model, images):
    with pytest.raises(Cancelled):
        predict_both(model, images, should_stop=lambda: True)


def test_a_temperature_changes_shares_and_no_class(model, images, tmp_path):
    put_on(model)
    path = tmp_path / "adapter.safetensors"
    adapter_file.save(path, model.network, model.class_names, TrainingRecord(), model.digest)
    plain, _ = predict_both(model, images)
    logits = predict(model, images.read())
    temperature = fit_temperature(model, images)
    assert temperature != 1.0
    adapter_file.keep_temperature(path, temperature)
    adapter_file.apply(adapter_file.load(path), model.network, model.class_names, model.digest)
    torch.testing.assert_close(predict(model, images.read()), logits / temperature)
    found, base = predict_both(model, images)
    assert found.told.tolist() == plain.told.tolist()
    assert found.evaluation().loss < plain.evaluation().loss
    assert base.evaluation() == predict_both(model, images)[1].evaluation()
    # What the network has on makes no difference to what fits.
    assert fit_temperature(model, images) == pytest.approx(temperature, rel=1e-4)
    # Saved anew, it goes along.
    adapter_file.save(path, model.network, model.class_names, TrainingRecord(), model.digest)
    assert adapter_file.inspect(path).temperature == temperature


def test_without_images_a_temperature_is_one(model, images):
    assert fit_temperature(model, images.subset(torch.arange(0))) == 1
