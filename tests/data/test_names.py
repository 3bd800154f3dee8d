"""Images from files keep the names of their files, whichever part they come into."""

from PIL import Image

from vera_studio.data.folder import open_folder
from vera_studio.data.preprocessing import square


def test_every_image_of_a_folder_knows_its_file(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for index in range(10):
            shade = 10 * index + (128 if name == "dog" else 0)
            Image.new("RGB", (8, 8), (shade,) * 3).save(tmp_path / name / f"{index}.png")
    (tmp_path / "cat" / "3.png").write_bytes(b"no image")
    data = open_folder(tmp_path, ("cat", "dog"), square(8))
    seen = set()
    for part in (data.train, data.validation, data.test):
        assert len(part.names) == len(part)
        for pixels, label, name in zip(part.read(), part.labels, part.names, strict=True):
            with Image.open(data.folder / name) as image:
                assert image.getpixel((0, 0))[0] == int(pixels[0, 0, 0])
            assert name.startswith(data.class_names[label])
            seen.add(name)
    assert len(seen) == 19
