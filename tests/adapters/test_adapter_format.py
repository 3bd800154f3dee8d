"""The written format, resources/adapter-format.md, against a reader made from that page alone."""

import hashlib
import json
import math
import re

import numpy as np
import pytest
import torch
from safetensors import safe_open

from vera_studio import environment
from vera_studio.adapters import adapter_file, adapter_metadata
from vera_studio.adapters.attach import attached_layers
from vera_studio.adapters.copies import with_adapter
from vera_studio.adapters.methods import METHODS
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.models.head import set_classes
from vera_studio.recipe import MAX_RANK, MAX_SEED, AdapterSettings

PAGE = (environment.resources_folder() / "adapter-format.md").read_text(encoding="utf-8")


def projection(key, stream, rank, columns, rows):
    counter = np.array([0, stream, rank, columns * 2**32 + rows], dtype=np.uint64)
    shape, fan_in = ((rank, columns), columns) if stream == 0 else ((rows, rank), rank)
    words = np.random.Philox(key=key, counter=counter).random_raw(math.prod(shape))
    u = (2 * (words >> np.uint64(40)).astype(np.float64) + 1) / 2**24 - 1
    return (u * math.sqrt(6 / fan_in)).astype(np.float32).reshape(shape)


def read_vera(path, in_features):
    """dW of each layer, and the digest of the projections; `in_features` by layer."""
    with safe_open(path, framework="numpy") as file:
        meta, values = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    rank, seed, changes, pairs = int(meta["rank"]), int(meta["seed"]), {}, {}
    layers = json.loads(meta["layers"])
    sizes = {layer: (in_features[layer], len(values[f"{layer}.b"])) for layer in layers}
    for layer in layers:
        largest = tuple(max(size[n] for size in sizes.values()) for n in (0, 1))
        columns, rows = largest if meta.get("sharing") == "all" else sizes[layer]
        if (columns, rows) not in pairs:
            pairs[columns, rows] = [projection(seed, n, rank, columns, rows) for n in (0, 1)]
            if meta.get("projections") == "stored":
                pairs[columns, rows] = [values["projections.A"], values["projections.B"]]
        A, B = pairs[columns, rows]  # noqa: N806 - the paper's
        A, B = A[:, : sizes[layer][0]], B[: sizes[layer][1]]  # noqa: N806
        d, b = values[f"{layer}.d"].astype(np.float64), values[f"{layer}.b"].astype(np.float64)
        changes[layer] = (b[:, None] * B) @ (d[:, None] * A)
    sha = hashlib.sha256()
    for pair in pairs.values():
        for name, tensor in zip("AB", pair, strict=True):
            sha.update(f"{name} torch.float32 {tensor.shape}\n".encode() + tensor.tobytes())
    return changes, sha.hexdigest(), meta


@pytest.fixture
def check(convnet, tmp_path):
    """A function that compares the reader with the studio; gives the metadata."""

    def check(adapter):
        path = tmp_path / "a.safetensors"
        adapter_file.write(path, adapter)
        layers = attached_layers(with_adapter(adapter, convnet))
        found, fingerprint, meta = read_vera(
            path, {name: layer.base.in_features for name, layer in layers.items()}
        )
        assert found.keys() == layers.keys()
        for name, layer in layers.items():
            expected = layer.double().delta_weight().numpy()
            assert np.abs(expected).max() > 1e-3
            np.testing.assert_allclose(found[name], expected, rtol=1e-12, atol=1e-15)
        assert meta["projections_digest"] == fingerprint
        return meta

    return check


@pytest.mark.parametrize(
    "settings",
    [
        AdapterSettings(rank=32, seed=5),
        AdapterSettings(rank=3, seed=MAX_SEED, layers=("fc2", "fc4")),
        AdapterSettings(rank=7, sharing="all"),
        AdapterSettings(rank=7, sharing="all", layers=("fc3", "fc5")),
    ],
)
def test_a_reader_made_from_the_page_reads_vera(convnet, make_adapter, check, settings):
    check(make_adapter(convnet, settings))


def test_it_reads_stored_projections(stored_adapter, check):
    check(stored_adapter)


def test_the_digest_of_the_base(convnet, make_adapter):
    sha = hashlib.sha256()
    for name, tensor in sorted(convnet.state_dict().items()):
        sha.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        sha.update(tensor.numpy().tobytes())
    adapter = make_adapter(convnet, AdapterSettings(rank=2))
    assert adapter.info.base_digest == sha.hexdigest()


def philox(counter, key):
    """A block of Philox4x64-10, from the paper: SC 2011, section 4.2 and table 2."""
    mask = 2**64 - 1
    for number in range(10):
        k0 = (key[0] + number * 0x9E3779B97F4A7C15) & mask
        k1 = (key[1] + number * 0xBB67AE8584CAA73B) & mask
        p0, p1 = counter[0] * 0xD2E7470EE14C6C93, counter[2] * 0xCA5A826395121157
        counter = (p1 >> 64 ^ counter[1] ^ k0, p1 & mask, p0 >> 64 ^ counter[3] ^ k1, p0 & mask)
    return counter


def test_the_generator_is_what_the_page_says():
    """The counter is increased before each block, and only the upper 24 bits count."""
    rank, columns, rows, seed = 2, 5, 3, 11
    for stream, count in ((0, rank * columns), (1, rows * rank)):
        blocks = [philox((n, stream, rank, columns << 32 | rows), (seed, 0)) for n in (1, 2, 3)]
        words = [word for block in blocks for word in block][:count]
        bound = math.sqrt(6 / (columns if stream == 0 else rank))
        expected = np.array([((2 * (w >> 40) + 1) / 2**24 - 1) * bound for w in words])
        found = projection(seed, stream, rank, columns, rows)
        assert np.array_equal(found.reshape(-1), expected.astype(np.float32))


@pytest.mark.parametrize("method", METHODS)
def test_the_page_names_every_key_and_tensor(convnet, make_adapter, method, tmp_path):
    adapter = make_adapter(
        convnet,
        AdapterSettings(
            method=method,
            alpha=3.0 if method == "lora" else None,
            head="fc5" if method == "head" else None,
        ),
    )
    with safe_open(tmp_path / "made.safetensors", framework="numpy") as file:
        meta, names = file.metadata(), list(file.keys())
    rows = re.findall(r"^\| (`.+?) \| .* \| (.+?) \|$", PAGE.split("## Tensors")[0], re.MULTILINE)
    keys = {
        key
        for cell, where in rows
        for key in re.findall(r"`(\w+)`", cell)
        if where.startswith("every file") or f"`{method}`" in where
    }
    optional = {"projections"} if method == "vera" else set()
    assert meta.keys() == keys - optional
    assert meta["format"] in PAGE
    assert f"version {adapter_metadata.FORMAT_VERSION} of the format" in PAGE
    table = PAGE.split("## Tensors")[1].split("With `projections`")[0]
    part = re.search(rf"\| `{method}` \|.*?(?=\n\| `|\n\n)", table, re.DOTALL).group()
    documented = dict(re.findall(r"\| `(\w+)` \| \((.+?)\) \|", part))
    dimensions = METHODS[method].layer.dimensions
    assert documented.keys() == dimensions.keys()
    for name, sizes in dimensions.items():
        assert tuple(documented[name].rstrip(",").split(", ")) == sizes
    # The convnet has no normalisation, whose scale would be another.
    optional = {"weight_change"} if method == "bias" else set()
    assert {name.rpartition(".")[2] for name in names} == dimensions.keys() - optional
    assert adapter.parameters.keys() == set(names)


def test_the_page_states_the_limits():
    for number in (f"{adapter_file.MAX_FILE_BYTES:,}", str(MAX_RANK), str(MAX_SEED)):
        assert number in PAGE


def test_version_1_is_as_the_page_says(convnet, make_adapter, tmp_path, images):
    adapter = make_adapter(convnet, AdapterSettings(rank=3))
    content = adapter_file.to_bytes(adapter)
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"]["format_version"] = "1"
    del header["__metadata__"]["sharing"]
    text = json.dumps(header).encode()
    path = tmp_path / "old.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[end:])
    again = adapter_file.load(path)
    assert again.info.settings == adapter.info.settings
    expected = with_adapter(adapter, convnet)(images)
    assert torch.equal(with_adapter(again, convnet)(images), expected)


def read_others(path):
    """dW and dc of each layer for the methods without projections."""
    with safe_open(path, framework="numpy") as file:
        meta, values = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    weights, biases = {}, {}
    for layer in json.loads(meta["layers"]):
        if meta["method"] == "lora":
            scale = float(meta.get("alpha", meta["rank"])) / int(meta["rank"])
            A, B = (values[f"{layer}.{name}"].astype(np.float64) for name in "AB")  # noqa: N806
            weights[layer] = scale * (B @ A)
        if meta["method"] == "full":
            weights[layer] = values[f"{layer}.weight_change"]
        if f"{layer}.bias_change" in values:
            biases[layer] = values[f"{layer}.bias_change"]
    return weights, biases


@pytest.mark.parametrize(
    "settings",
    [
        AdapterSettings(method="lora", rank=3),
        AdapterSettings(method="lora", rank=3, alpha=7.5, layers=("fc2",)),
        AdapterSettings(method="full"),
        AdapterSettings(method="bias"),
    ],
    ids=lambda one: f"{one.method}-{one.alpha}",
)
def test_the_page_is_enough_for_the_other_methods(convnet, make_adapter, tmp_path, settings):
    adapter = make_adapter(convnet, settings)
    adapter_file.write(tmp_path / "a.safetensors", adapter)
    weights, biases = read_others(tmp_path / "a.safetensors")
    for name, layer in attached_layers(with_adapter(adapter, convnet)).items():
        layer = layer.double()
        found = weights.get(name, np.zeros(layer.base.weight.shape))
        np.testing.assert_allclose(found, layer.delta_weight().numpy(), rtol=1e-12, atol=1e-15)
        if (expected := layer.delta_bias()) is not None:
            np.testing.assert_allclose(biases[name], expected.numpy())
        assert name in weights or name in biases


def test_a_head_of_ones_own_is_the_layer_itself(convnet, images, attach_trained, tmp_path):
    set_classes(convnet, 3, zeros=True)
    attach_trained(convnet, AdapterSettings(method="head", head="fc5"))
    path, form = tmp_path / "own.safetensors", {"size": 32, "mean": [0.5] * 3}
    adapter_file.save(path, convnet, ("a", "b", "c"), TrainingRecord(), images=form)
    with safe_open(path, framework="numpy") as file:
        meta, values = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    assert meta["own_classes"] == "yes"
    assert json.loads(meta["class_names"]) == ["a", "b", "c"]
    assert json.loads(meta["images"]) == form
    head, features = json.loads(meta["head"]), []
    convnet.get_submodule(head).register_forward_hook(lambda m, i, o: features.append(i[0]))
    expected = convnet(images).detach().numpy()
    weight, bias = values[f"{head}.weight_change"], values[f"{head}.bias_change"]
    found = features[0].detach().numpy() @ weight.T + bias
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
