"""Says what a file is that was given for an adapter or for weights and is neither, by its head."""

HEAD_BYTES = 512  # of a file, that tell what it is
_PICTURE = "a picture: open the folder with a subfolder of pictures for each class"
# How such files begin, and what they are.
_KINDS = (
    (b"version https://git-lfs", "only a pointer of Git LFS to a file that is elsewhere: "
     "fetch that with 'git lfs pull', or download it again"),
    (b"\x89HDF", "an HDF5 file, as Keras saves: export the weights to safetensors there"),
    (b"GGUF", "a GGUF file of a language model"),
    (b"\x1f\x8b", "compressed with gzip: unpack it first"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"%!PS", "a PostScript drawing"),
    (b"%PDF", "a PDF document"),
)  # fmt: skip


def other_kind(head: bytes) -> str:
    """What a file that begins so is, where it holds no tensors; empty if it may hold some."""
    if not head:
        return "empty"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<?xml", b"<head", b"<!--")):
        return "a web page: what was to be downloaded is behind it"
    if head[257:262] == b"ustar":
        return "a tar archive: unpack it first"
    return next((words for start, words in _KINDS if head.startswith(start)), "")
