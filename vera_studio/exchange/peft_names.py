"""What PEFT's two files are called and how their tensors are named.

As PEFT 0.18 to 0.21 have it: https://huggingface.co/docs/peft/developer_guides/checkpoint.
"""

CONFIG_FILE = "adapter_config.json"
TENSORS_FILE = "adapter_model.safetensors"
PICKLED_FILE = "adapter_model.bin"  # of older versions; never opened
LAYER_PREFIX = "base_model.model."
SHARED = ("base_model.vera_A", "base_model.vera_B")  # (rank, largest in), (largest out, rank)
# Our name of each parameter to PEFT's, below the layer.
TENSOR_NAMES = {
    "vera": {"d": "vera_lambda_d", "b": "vera_lambda_b"},
    "lora": {"A": "lora_A.weight", "B": "lora_B.weight"},
}
