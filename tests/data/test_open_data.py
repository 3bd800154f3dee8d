import dataclasses

import pytest

from vera_studio import environment
from vera_studio.data.open_data import open_data
from vera_studio.data.preprocessing import square
from vera_studio.data.sample import drawn_images as sample
from vera_studio.errors import DataError
from vera_studio.recipe import DataSettings


def test_the_sample(class_names, monkeypatch):
    monkeypatch.setattr(sample, "TRAIN_PER_CLASS", 4)
    monkeypatch.setattr(sample, "TEST_PER_CLASS", 2)
    data = open_data(DataSettings(validation_share=0.5, seed=3), class_names, square(32))
    assert data.source == "sample"
    assert len(data.validation) == 20


def test_a_folder(class_names, tmp_path, write_images):
    write_images(tmp_path / "cat", 10)
    data = open_data(DataSettings(source="folder", folder=str(tmp_path)), class_names, square(16))
    assert data.source == "folder"
    assert data.test.read().shape == (2, 3, 16, 16)


def test_cifar10_is_looked_for_in_the_studios_own_folder(class_names):
    assert not environment.cifar10_folder().exists()
    with pytest.raises(DataError, match="has not been downloaded"):
        open_data(DataSettings(source="cifar10"), class_names, square(32))


def test_the_sample_stays_small_for_a_network_of_larger_images(class_names):
    data = open_data(DataSettings(), class_names, square(224))
    assert data.train.read().shape[1:] == (3, 32, 32)


def test_classes_that_the_network_does_not_know_are_left_out_where_that_is_asked_for(
    class_names, tmp_path, write_images
):
    write_images(tmp_path / "cat", 10)
    write_images(tmp_path / "zebra", 10)
    settings = DataSettings(source="folder", folder=str(tmp_path))
    with pytest.raises(DataError, match="does not know the class zebra"):
        open_data(settings, class_names, square(16))
    data = open_data(dataclasses.replace(settings, classes="network"), class_names, square(16))
    assert sum(map(len, (data.train, data.validation, data.test))) == 10
    assert data.remarks == (
        "Left out, as the network does not know these classes: zebra.",
        "1 file was skipped: 1 folder of a class that the network does not know.",
    )
    own = open_data(dataclasses.replace(settings, classes="own"), ("cat", "zebra"), square(16))
    assert own.train.counts(2) == (7, 7)
