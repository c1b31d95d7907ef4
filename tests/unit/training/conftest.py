import pytest
from small_training import Recorder, run


@pytest.fixture(scope="session")
def finished(open_body, tmp_path_factory):
    """Folder of an uninterrupted training, and what its tracker saw."""
    folder = tmp_path_factory.mktemp("finished")
    tracker = Recorder()
    run(open_body, folder, tracker=tracker)
    return folder, tracker
