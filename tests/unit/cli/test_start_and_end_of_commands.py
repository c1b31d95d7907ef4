"""A job of seconds waits for what it uses only, and not for Python to take everything apart."""

import signal
import subprocess
import sys
import time
import weakref

import pytest

from gaussianmotion import cli
from gaussianmotion.cli.interrupts import heard

# Each takes from half a second to several to import.
SLOW = (
    *("torch", "scipy.stats", "scipy.sparse", "matplotlib", "pandas", "numba", "mlflow"),
    *("diffusers", "transformers", "open_clip", "torchvision", "sympy"),
)


@pytest.mark.parametrize(
    ("module", "needed"),
    [
        ("cli", set()),
        ("tracking", set()),
        ("workflow.files", set()),  # each job of a cluster reads the rules
        ("tables.table1", {"pandas"}),
        ("rendering.sheet", set()),
        ("rendering.views", {"torch"}),
        ("scores.geometry.measurements", {"torch", "numba", "scipy.sparse"}),
        ("scores.distances.pooled", {"torch"}),
    ],
)
def test_a_command_imports_what_it_uses(module: str, needed: set[str]) -> None:
    code = (
        f"import sys; import gaussianmotion.{module}; "
        f"print(*[name for name in {SLOW} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= needed


@pytest.mark.parametrize(("arguments", "code"), [("--version", 0), ("study-tally", 2)])
def test_nothing_is_searched_for_cycles_at_the_end(arguments: str, code: int) -> None:
    script = (
        "import atexit, gc, sys; from gaussianmotion.cli import program; "
        "atexit.register(lambda: print(gc.get_freeze_count() > len(gc.get_objects()))); "
        f"sys.argv = ['gaussianmotion', {arguments!r}]; program()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert done.stdout.splitlines()[-1:] == ["True"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_command_begins_is_told(number, monkeypatch, capsys):
    monkeypatch.setattr(cli, "build_parser", lambda: signal.raise_signal(number))
    assert cli.main([]) == 130
    said = capsys.readouterr().err.splitlines()
    assert said == ["gaussianmotion: interrupted; the same command goes on from here"]


def test_a_signal_while_an_object_is_taken_apart_is_not_lost():
    """Python prints what is raised there, and forgets it."""

    class Thing:
        pass

    def command():
        thing = Thing()
        reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGTERM))
        del thing
        assert reference() is None
        time.sleep(10)

    with pytest.raises(KeyboardInterrupt), heard():
        command()
