"""Reports of faults: what they tell, and what they leave out."""

import getpass
from pathlib import Path

import vera_studio
from vera_studio import environment
from vera_studio.recipe import DataSettings, ModelSettings, Recipe, TrainingSettings
from vera_studio.runs.fault_report import fault_report, recipe_text, versions, without_names


def test_a_recipe_is_told_without_its_names():
    text = recipe_text(
        Recipe(
            model=ModelSettings(weights="/mnt/clients/faces.pt", class_names=("Ada", "Bob")),
            data=DataSettings(
                source="folder", folder="/mnt/clients/faces", left_out=("Ada/Bob asleep.jpg",) * 3
            ),
            training=TrainingSettings(target_classes=("Ada",), epochs=7),
        )
    )
    assert "epochs = 7" in text
    assert '"2 left out"' in text
    assert '"3 left out"' in text
    for private in ("clients", "faces", "Ada", "Bob", "asleep"):
        assert private not in text
    assert "left out" not in recipe_text(Recipe())


def test_home_and_user_are_left_out(monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    assert without_names("/home/adam/x") == "/home/adam/x"
    told = without_names("/home/ada/x, /media/ada/stick, '/srv/ada', ada = 3, /x/adamant, /ada.py")
    assert told == "~/x, /media/USER/stick, '/srv/USER', ada = 3, /x/adamant, /ada.py"
    monkeypatch.setattr(Path, "home", lambda: Path("C:\\Users\\ada"))
    assert without_names(r"C:\Users\ada\x, 'C:\\Users\\ada\\x'") == r"~\x, '~\\x'"


def test_where_there_is_no_user(monkeypatch):
    def fail():
        raise OSError("no name")

    monkeypatch.setattr(getpass, "getuser", fail)
    assert without_names("a text") == "a text"


def test_a_report_has_versions_and_traceback():
    try:
        raise ValueError("wrong")
    except ValueError as error:
        report = fault_report(error, "\n".join(versions()))
    assert report.startswith(f"VeRA Studio {vera_studio.__version__}\n")
    assert 'raise ValueError("wrong")' in report
    assert report.endswith("ValueError: wrong\n")
    assert environment.log_file().name in report
