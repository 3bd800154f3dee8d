"""How a device that stops working shows; free of torch."""

# How torch begins what CUDA, its libraries, AMD's and Apple's say where it raises no
# AcceleratorError, which is of torch 2.8; memory that ran out is told apart before.
_WORDS = (
    "CUDA error",
    "CUDA driver error",
    "cuDNN error",
    "CUDNN_STATUS_",
    "CUBLAS_STATUS_",
    "CUSOLVER_STATUS_",
    "CUSPARSE_STATUS_",
    "HIP error",
    "MPS backend",
)


def is_device_failure(error: BaseException) -> bool:
    """Whether `error` says that a device computes no more, such as a GPU that was unplugged."""
    if not isinstance(error, RuntimeError):
        return False
    named = type(error).__name__ == "AcceleratorError"
    return named or any(words in str(error) for words in _WORDS)
