"""Say what is on pictures: python classify.py PICTURE...

Needs two packages: pip install onnxruntime pillow
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from preprocessing import read_picture

HERE = Path(__file__).resolve().parent
ABOUT = json.loads((HERE / "network.json").read_text("utf-8"))
NETWORK = onnxruntime.InferenceSession(HERE / "network.onnx")


def classify(picture):
    """The network's classes with their shares, the likeliest first: [("cat", 0.93), ...]."""
    pixels = read_picture(picture, **ABOUT["preprocessing"])  # (height, width, 3), 0 to 255
    images = np.float32(pixels).transpose(2, 0, 1)[np.newaxis] / 255  # (1, 3, height, width)
    (logits,) = NETWORK.run(["logits"], {"images": images})
    shares = np.exp(logits[0] - logits.max())
    pairs = zip(ABOUT["class_names"], (shares / shares.sum()).tolist(), strict=True)
    return sorted(pairs, key=lambda pair: -pair[1])


if __name__ == "__main__":
    for path in sys.argv[1:]:
        print(path, *(f"{name} {share:.1%}" for name, share in classify(path)[:5]), sep="\n    ")
