import pytest
from small_training import run


@pytest.fixture(scope="session")
def finished(open_body, tmp_path_factory):
    """Folder of an uninterrupted training."""
    folder = tmp_path_factory.mktemp("finished")
    run(open_body, folder)
    return folder
