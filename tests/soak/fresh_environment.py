"""The folder of an export for use in a virtual environment that has just been made.

python -m tests.soak.fresh_environment          installs onnxruntime and pillow from the network
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from tests.exchange.odd_pictures import make_odd_pictures
from tests.made_adapters import made_adapter
from vera_studio.exchange.export import export
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings


def main() -> None:
    """Make the environment, follow the README, and print what the script says."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = open_model(ModelSettings())
        adapter = made_adapter(folder / "a.safetensors", model.network, AdapterSettings(rank=4))
        export(adapter, model, "use", folder / "use")
        pictures = make_odd_pictures(folder / "pictures")
        venv.create(folder / "venv", with_pip=True)
        place = "Scripts" if sys.platform == "win32" else "bin"
        python = folder / "venv" / place / "python"
        subprocess.run([python, "-m", "pip", "install", "-q", "onnxruntime", "pillow"], check=True)
        command = [python, "classify.py", *pictures.values()]
        subprocess.run(command, check=True, cwd=folder / "use")
        subprocess.run([python, "-m", "pip", "list"], check=True)


if __name__ == "__main__":
    main()
