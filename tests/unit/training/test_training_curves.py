"""Curves survive kills: whole rows only, each step once."""

import csv

import pytest

from gaussianmotion.training.curves import COLUMNS, Curves


def write(path, finished, steps):
    with Curves(path, finished) as curves:
        for step in steps:
            curves.append({"step": float(step), "loss": 100.0 + step, "skin": 1.0})


def steps(path):
    with open(path, newline="") as handle:
        return [int(row["step"]) for row in csv.DictReader(handle)]


def test_rows_after_the_checkpoint_are_replaced(tmp_path):
    path = tmp_path / "curves.csv"
    write(path, 0, range(1, 8))
    write(path, 5, range(6, 10))
    assert steps(path) == list(range(1, 10))


def test_a_row_cut_short_by_a_kill_is_dropped(tmp_path):
    path = tmp_path / "curves.csv"
    write(path, 0, range(1, 4))
    path.write_text(path.read_text()[:-4])
    write(path, 3, [4])
    assert steps(path) == [1, 2, 4]


@pytest.mark.parametrize("damage", [b"\x80\xff" * 99, b"", b"5,x" + b",1" * 10 + b"\n"])
def test_what_a_damaged_disk_left_is_dropped(tmp_path, damage):
    path = tmp_path / "curves.csv"
    write(path, 0, range(1, 4))
    path.write_bytes((path.read_bytes() if b"x" in damage else b"") + damage)
    write(path, 5, [6])
    assert steps(path) == ([1, 2, 3, 6] if b"x" in damage else [6])
    with Curves(path, 6) as curves:
        assert curves.means(5)["skin"] == 1.0


def test_a_new_start_begins_a_new_file(tmp_path):
    path = tmp_path / "curves.csv"
    write(path, 0, range(1, 8))
    write(path, 0, [1])
    assert steps(path) == [1]


def test_a_file_with_other_columns_is_not_mixed_in(tmp_path):
    path = tmp_path / "curves.csv"
    path.write_text("step,other\n1,2\n")
    write(path, 1, [2])
    assert steps(path) == [2]
    assert tuple(path.read_text().splitlines()[0].split(",")) == COLUMNS


def test_rows_are_there_while_the_training_runs(tmp_path):
    path = tmp_path / "curves.csv"
    with Curves(path, 0) as curves:
        curves.append({"step": 1.0, "loss": 2.0})
        assert steps(path) == [1]


def test_means_are_over_the_last_rows_and_the_columns_that_are_full(tmp_path):
    path = tmp_path / "curves.csv"
    with Curves(path, 0) as curves:
        for step in range(1, 5):
            curves.append({"step": float(step), "loss": float(step)})
        assert curves.means(2) == {"loss": 3.5}
