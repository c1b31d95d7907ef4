"""Body files: what loads, and what is refused with which words."""

import io
import os
import pickle
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import sparse

from gaussianmotion.body import load_body
from gaussianmotion.runtime.errors import UserError


class Ch:
    """Looks like a chumpy array to pickle."""

    def __init__(self, **state: object) -> None:
        self.__dict__.update(state)


@pytest.fixture
def chumpy(monkeypatch: pytest.MonkeyPatch) -> type:
    module = types.ModuleType("chumpy.ch")
    module.Ch = Ch  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "chumpy", types.ModuleType("chumpy"))
    monkeypatch.setitem(sys.modules, "chumpy.ch", module)
    monkeypatch.setattr(Ch, "__module__", "chumpy.ch")
    return Ch


def test_npz_gives_a_body_with_smpls_tree(body_file: Path) -> None:
    body = load_body(body_file)
    assert body.vertices.shape == (96, 3)
    assert body.joints.shape == (24, 3)
    assert body.parents[:4] == (-1, 0, 0, 0)
    assert body.id.startswith("tiny.npz:")
    torch.testing.assert_close(body.weights.sum(1), torch.ones(96))


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_pkl_with_sparse_and_chumpy_arrays_equals_the_npz(
    tmp_path: Path, body_file: Path, arrays: dict, chumpy: type, protocol: int
) -> None:
    content = dict(arrays)
    content["J_regressor"] = sparse.csc_matrix(arrays["J_regressor"])
    content["v_template"] = chumpy(x=arrays["v_template"])
    flat = arrays["shapedirs"].ravel()
    content["shapedirs"] = chumpy(
        a=chumpy(x=flat), idxs=np.arange(flat.size), preferred_shape=arrays["shapedirs"].shape
    )
    content["bs_style"] = "lbs"
    path = tmp_path / "smpl.pkl"
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    # Nothing of chumpy may be needed to read it.
    sys.modules.pop("chumpy.ch")
    read, expected = load_body(path, betas=[1.0, -1.0]), load_body(body_file, betas=[1.0, -1.0])
    torch.testing.assert_close(read.vertices, expected.vertices)
    torch.testing.assert_close(read.joints, expected.joints)


class Evil:
    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple:
        return self.call


@pytest.mark.parametrize(
    "function", [os.system, eval, exec, os.makedirs, np.load, getattr, pickle.loads, np.fromfile]
)
def test_a_pickle_that_calls_anything_is_refused_and_runs_nothing(
    tmp_path: Path, arrays: dict, function: object
) -> None:
    marker = tmp_path / "ran"
    argument = f"touch {marker}" if function is os.system else str(marker)
    content = {**arrays, "v_template": Evil(function, argument)}
    path = tmp_path / "evil.pkl"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(UserError, match="refused: it asks for"):
        load_body(path)
    assert not marker.exists()


def test_shape_coefficients_move_vertices_and_change_the_id(body_file: Path, arrays: dict) -> None:
    plain, shaped = load_body(body_file), load_body(body_file, betas=[0.0, 2.0])
    moved = shaped.rest_vertices - plain.rest_vertices
    torch.testing.assert_close(moved, torch.from_numpy(2.0 * arrays["shapedirs"][:, :, 1]))
    assert plain.id != shaped.id
    assert plain.id == load_body(body_file, betas=[0.0]).id


def test_more_coefficients_than_the_file_has_are_an_error(body_file: Path) -> None:
    with pytest.raises(UserError, match=r"body\.betas has 5 numbers, but .* has 4"):
        load_body(body_file, betas=[0.0] * 5)


def nan_template(arrays: dict) -> None:
    arrays["v_template"][3, 1] = np.nan


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda a: a.pop("weights"), "lacks weights"),
        (lambda a: a.update(weights=np.ones((96, 55)) / 55), "55 joints: it is an SMPL-X"),
        (lambda a: a.update(weights=a["weights"] * 0.5), "sum to 0.500, not 1"),
        (lambda a: a.update(J_regressor=a["J_regressor"][:, :50]), "J_regressor' has shape"),
        (lambda a: a.update(f=a["f"] + 90), "vertices that do not exist"),
        (nan_template, "not finite"),
        (lambda a: a.pop("landmark_vertex_ids"), "add landmark_vertex_ids"),
        (lambda a: a.update(f=a["f"].astype(object)), "Python objects"),
        (lambda a: a["kintree_table"].fill(0), "joint tree is not SMPL's"),
        (lambda a: a.update(v_template=np.array("text")), "not numbers"),
        (lambda a: a.update(f=a["f"][:0]), "'f' is empty"),
        (lambda a: a.update(f=np.repeat(a["f"][:, :1], 3, axis=1)), "do not cover a body"),
        (lambda a: a.update(f=a["f"] + 0.5), "holds fractions"),
        (lambda a: a["v_template"].fill(0.3), "is 0 m tall"),
        (lambda a: a.update(v_template=1000 * a["v_template"]), "m tall.* is in millimetres"),
        (lambda a: a.update(v_template=100 * a["v_template"]), "m tall.* is in centimetres"),
        (lambda a: a.update(v_template=a["v_template"][:, [0, 2, 1]]), "lies down"),
        (lambda a: a.update(v_template=-a["v_template"]), "stands on its head"),
        (lambda a: a["J_regressor"].fill(0), "'J_regressor' of a joint sum to 0.000"),
        (lambda a: a.update(J_regressor=a["J_regressor"][[0] * 24]), "in one place"),
        (lambda a: a["weights"].__setitem__(3, np.nan), "'weights' has values that are not finite"),
        (lambda a: a.update(shapedirs=a["shapedirs"] * 1e30), "'shapedirs' holds"),
        (lambda a: a.update(shapedirs=a["shapedirs"][:, :, 0]), "has shape 96 x 3, but 96 x 3 x S"),
        (lambda a: a.update(kintree_table=a["kintree_table"][0]), "has shape 24, but 2 x 24"),
    ],
)
def test_a_file_of_another_layout_is_named_as_such(
    tmp_path: Path, arrays: dict, damage: object, message: str
) -> None:
    damage(arrays)  # type: ignore[operator]
    path = tmp_path / "wrong.npz"
    np.savez(path, **arrays)
    with pytest.raises(UserError, match=message) as error:
        load_body(path)
    assert "\n" not in str(error.value)


def _npy(array: np.ndarray) -> bytes:
    memory = io.BytesIO()
    np.save(memory, array)
    return memory.getvalue()


def _flipped(whole: bytes) -> bytes:
    """One bit of the data is another: the archive's checksum tells."""
    middle = len(whole) // 2
    return whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]


def test_shape_coefficients_that_make_no_person_are_an_error(body_file: Path, arrays: dict) -> None:
    arrays["shapedirs"][:, 1, 0] = arrays["v_template"][:, 1]
    np.savez(body_file, **arrays)
    with pytest.raises(UserError, match=r"with these body\.betas is .* m tall"):
        load_body(body_file, betas=[9.0])


def test_all_that_is_wrong_with_a_body_is_told_at_once(tmp_path: Path, arrays: dict) -> None:
    arrays["f"] = arrays["f"][:0]
    arrays["J_regressor"] = arrays["J_regressor"].T
    np.savez(tmp_path / "wrong.npz", **arrays)
    with pytest.raises(UserError, match="'f' is empty; 'J_regressor' has shape 96 x 24"):
        load_body(tmp_path / "wrong.npz")


def test_missing_truncated_and_foreign_files_are_errors(tmp_path: Path, body_file: Path) -> None:
    with pytest.raises(UserError, match=r"no body file .*open_body"):
        load_body(tmp_path / "absent.npz")
    whole = body_file.read_bytes()
    for name, content, message in [
        ("half.npz", whole[: len(whole) // 2], "damaged"),
        ("empty.npz", b"", "damaged"),
        ("text.npz", b"hello", "damaged"),
        ("array.npz", _npy(np.zeros(3)), r"holds one array \(\.npy\), whatever its name"),
        ("flipped.npz", _flipped(whole), "damaged"),
        ("half.pkl", pickle.dumps({"v_template": np.zeros(9)})[:40], "not a whole pickle|refused"),
        ("list.pkl", pickle.dumps([1, 2]), "no dict of arrays"),
        ("body.obj", b"v 0 0 0", "must be an .npz or .pkl"),
    ]:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UserError, match=message):
            load_body(path)
