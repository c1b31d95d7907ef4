"""What all tests share: the shipped body, and a source of randomness."""

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile

# As every command has it (gaussianmotion.runtime.threads), before torch is imported: on a busy
# computer, threads that spin while they wait for each other make a test ten times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Where several processes share the tests, each has one thread: together they have the cores.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
# What tests keep is theirs: a user's converted networks would go, of which the newest stay.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="gaussianmotion-tests-")
    atexit.register(shutil.rmtree, os.environ["XDG_CACHE_HOME"], ignore_errors=True)
# The tests start hundreds of programs, each of which would compile all that it imports again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from pathlib import Path

import pytest
import torch

from gaussianmotion.body import Body, load_body

# A shell's background jobs ignore Ctrl-C, and so would every test and program that is started here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).parents[1]


@pytest.hookimpl(optionalhook=True)  # pytest-xdist may be missing
def pytest_xdist_auto_num_workers() -> int | None:
    """One process more than there are cores: some files do nothing but wait for a cluster."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None  # which xdist reads itself
    return torch.get_num_threads() + 1


def pytest_configure(config: pytest.Config) -> None:
    """While processes still read the tests, compile what all of them would compile."""
    if config.getoption("numprocesses", None) and "PYTEST_XDIST_WORKER" not in os.environ:
        program = Path(__file__).with_name("compiled_kernels.py")
        compiling = subprocess.Popen([sys.executable, program])
        config.add_cleanup(compiling.wait)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long: at the end, one process would work alone."""
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def open_body() -> Body:
    """The shipped open body, on the CPU."""
    return load_body(REPOSITORY / "resources/body/open_body.npz")


@pytest.fixture
def generator() -> torch.Generator:
    """Seeded anew for each test."""
    return torch.Generator().manual_seed(0)
