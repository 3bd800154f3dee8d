"""The same recipe gives the same bytes: in the window, without it, and again."""

from tests.ui.conftest import LOADING_MILLISECONDS, is_settled
from vera_studio import recipe_file
from vera_studio.runs.run_folder import load_result
from vera_studio.training.loop import train

SAME = ("best.safetensors", "last.safetensors", "losses.csv", "predictions-test.csv")


def test_a_run_of_the_window_is_one_of_the_command_line(window, qtbot, tmp_path):
    window.studio.workspace.edit_training(epochs=2, batch_size=256, device="cpu", seed=5)
    window.studio.workspace.edit_adapter(rank=4)
    with qtbot.waitSignal(window.studio.run.finished, timeout=LOADING_MILLISECONDS) as ended:
        window.studio.start_run()
    qtbot.waitUntil(lambda: is_settled(window), timeout=LOADING_MILLISECONDS)
    ours = ended.args[0].folder
    recipe = recipe_file.load(ours / "recipe.toml")
    train(recipe, tmp_path / "run")
    for name in SAME:
        assert (ours / name).read_bytes() == (tmp_path / "run" / name).read_bytes(), name
    assert load_result(ours).after == load_result(tmp_path / "run").after
    assert load_result(ours).threads == load_result(tmp_path / "run").threads
