"""Paths: one folder redirects all, and the resources are found."""

import logging

from vera_studio import environment


def test_one_folder_redirects_every_path(tmp_path):
    environment.set_data_folder(tmp_path)
    paths = (
        environment.runs_folder(),
        environment.cifar10_folder(),
        environment.cache_folder(),
        environment.settings_file(),
        environment.log_file(),
    )
    assert all(path.is_relative_to(tmp_path) for path in paths)


def test_the_resources_hold_the_weights():
    assert (environment.resources_folder() / "convnet.safetensors").is_file()


def test_messages_reach_the_log_file(tmp_path):
    environment.set_data_folder(tmp_path)
    handlers = list(logging.getLogger("vera_studio").handlers)
    environment.start_logging()
    try:
        logging.getLogger("vera_studio.test").info("a message")
        assert "a message" in environment.log_file().read_text(encoding="utf-8")
    finally:
        for handler in set(logging.getLogger("vera_studio").handlers) - set(handlers):
            logging.getLogger("vera_studio").removeHandler(handler)
            handler.close()
