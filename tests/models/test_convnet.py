"""The ConvNet has the shape that all figures refer to."""

import torch
import torch.nn.functional as F

from vera_studio.models.convnet import CLASS_NAMES, ConvNet


def test_the_number_of_parameters():
    assert sum(parameter.numel() for parameter in ConvNet().parameters()) == 89_118


def test_conv3_takes_no_part():
    network = ConvNet()
    images = torch.randn(2, 3, 32, 32)
    before = network(images)
    with torch.no_grad():
        network.conv3.weight.fill_(9.0)
    assert torch.equal(network(images), before)


def test_forward_against_the_operations_written_out():
    torch.manual_seed(0)
    network = ConvNet()
    w = network.state_dict()
    images = torch.randn(4, 3, 32, 32)
    x = F.max_pool2d(F.relu(F.conv2d(images, w["conv1.weight"], w["conv1.bias"])), 2)
    x = F.max_pool2d(F.relu(F.conv2d(x, w["conv2.weight"], w["conv2.bias"])), 2).flatten(1)
    for name in ("fc1", "fc2", "fc3", "fc4"):
        x = F.relu(x @ w[f"{name}.weight"].T + w[f"{name}.bias"])
    x = x @ w["fc5.weight"].T + w["fc5.bias"]
    assert network(images).shape == (4, len(CLASS_NAMES))
    torch.testing.assert_close(network(images), x)
