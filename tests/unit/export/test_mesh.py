"""The rigged mesh is closed, where and what the avatar is, and moves as the avatar does."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from glb_file import read_glb
from PIL import Image
from scipy.spatial.transform import Rotation

from gaussianmotion.avatar.file import load_avatar, save_avatar
from gaussianmotion.body.joints import JOINTS, PARENTS
from gaussianmotion.body.model import skin, vertex_normals
from gaussianmotion.cli import main
from gaussianmotion.config import Config, RenderConfig
from gaussianmotion.export.mesh import write_mesh
from gaussianmotion.export.mesh.rig import continuous, influences
from gaussianmotion.export.mesh.surface import crossings, smoothed, subdivided
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.rendering.cameras import moved, select
from gaussianmotion.rendering.filming import PreparedMotion, film
from gaussianmotion.rendering.frame import draw_layers
from gaussianmotion.rendering.subject import Subject, load_subject
from gaussianmotion.scores.pose.mannequin import save_mannequin

PROMPT = 'a "man" in </script><b>blue</b> ü'
MOTIONS = ["walk", "cartwheel"]
# Python of an environment with Blender: `python3.11 -m venv v && v/bin/pip install bpy`.
BLENDER = os.environ.get("GAUSSIANMOTION_BPY_PYTHON", "")
# Folder in which `npm install gltf-validator` was run.
VALIDATOR = os.environ.get("GAUSSIANMOTION_GLTF_VALIDATOR", "")


@pytest.fixture(scope="module")
def path(open_body, tmp_path_factory) -> Path:
    """A mannequin in a coat: everything is 3 cm away from the body."""
    path = tmp_path_factory.mktemp("run") / "avatar.safetensors"
    save_mannequin(path, open_body, Config(), 12_000)
    avatar, metadata = load_avatar(path)
    with torch.no_grad():
        near = torch.cdist(avatar.means, open_body.vertices).argmin(dim=1)
        avatar.means += 0.03 * open_body.normals[near]
        avatar.log_scales += 0.3
    save_avatar(path, avatar, metadata.model_copy(update={"prompt": PROMPT}))
    return path


@pytest.fixture(scope="module")
def subject(path) -> Subject:
    return load_subject(path)


@pytest.fixture(scope="module")
def glb(path) -> Path:
    assert main(["export", "mesh-glb", "--avatar", str(path), "--motions", *MOTIONS]) == 0
    return path.with_name("avatar.glb")


def primitive(document: dict) -> dict:
    return document["meshes"][0]["primitives"][0]


def test_the_mesh_is_closed_and_lies_where_the_gaussians_are(glb, open_body):
    document, arrays = read_glb(glb)
    vertices = arrays[primitive(document)["attributes"]["POSITION"]]
    faces = arrays[primitive(document)["indices"]].reshape(-1, 3).astype(np.int64)
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    assert (counts == 2).all()
    # Trunk and thighs, where normals do not cross: the coat is 3 cm thick, and as soft as splats.
    chosen = open_body.weights[:, [0, 1, 2, 3, 6, 9]].sum(dim=1) > 0.95
    away = torch.from_numpy(vertices[: len(open_body.vertices)].copy()) - open_body.vertices
    along = (away * open_body.normals).sum(dim=1)[chosen]
    assert 0.02 < float(along.median()) < 0.05
    assert float(along.quantile(0.1)) > 0.0


def test_vertices_have_the_avatars_colours_in_linear_light(glb, open_body):
    document, arrays = read_glb(glb)
    rgb = arrays[primitive(document)["attributes"]["COLOR_0"]][:, :3] / 65535
    srgb = np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)
    shins = (open_body.weights[:, [4, 5]].sum(dim=1) > 0.98).numpy()
    chest = (open_body.weights[:, 9] > 0.9).numpy()
    of_body = srgb[: len(open_body.vertices)]
    blue, dark = of_body[chest].mean(axis=0), of_body[shins].mean(axis=0)
    np.testing.assert_allclose(blue / blue.max(), np.array([0.25, 0.42, 0.68]) / 0.68, atol=0.08)
    assert dark.max() < 0.35


def skinned(document: dict, arrays: list[np.ndarray], index: int, frame: int) -> np.ndarray:
    """The mesh at a frame of an animation, by glTF's rules alone."""
    nodes = [dict(node) for node in document["nodes"]]
    animation = document["animations"][index]
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        target = channel["target"]
        nodes[target["node"]][target["path"]] = arrays[sampler["output"]][frame].tolist()
    skin = document["skins"][0]
    binds = arrays[skin["inverseBindMatrices"]].reshape(-1, 4, 4).transpose(0, 2, 1)
    world: dict[int, np.ndarray] = {}

    def walk(node: int, above: np.ndarray) -> None:
        local = np.eye(4)
        local[:3, :3] = Rotation.from_quat(nodes[node]["rotation"]).as_matrix()
        local[:3, 3] = nodes[node]["translation"]
        world[node] = above @ local
        for child in nodes[node].get("children", []):
            walk(child, world[node])

    walk(document["scenes"][0]["nodes"][0], np.eye(4))
    transforms = np.stack([world[node] for node in skin["joints"]]) @ binds
    attributes = primitive(document)["attributes"]
    joints, weights = arrays[attributes["JOINTS_0"]], arrays[attributes["WEIGHTS_0"]] / 65535
    blended = np.einsum("vk,vkij->vij", weights, transforms[joints])
    points = arrays[attributes["POSITION"]].astype(np.float64)
    return np.einsum("vij,vj->vi", blended[:, :3, :3], points) + blended[:, :3, 3]


def test_it_moves_as_the_body_does(glb, open_body):
    document, arrays = read_glb(glb)
    assert [animation["name"] for animation in document["animations"]] == MOTIONS
    points = arrays[primitive(document)["attributes"]["POSITION"]][: len(open_body.vertices)]
    for index, (name, frame) in enumerate(zip(MOTIONS, (17, 40), strict=True)):
        motion = load_motion(name)
        transforms = open_body.transforms(motion.poses[[frame]], motion.translation[[frame]])
        expected = skin(torch.from_numpy(points.copy()), open_body.weights, transforms)[0].numpy()
        got = skinned(document, arrays, index, frame)[: len(points)]
        apart = np.linalg.norm(got - expected, axis=1)
        # Four influences of the body's up to seven: a few vertices differ by millimetres.
        assert np.quantile(apart, 0.99) < 1e-3
        assert apart.max() < 0.02


def test_bones_have_smpls_names_and_tree_and_the_file_says_whose_it_is(glb):
    document, _ = read_glb(glb)
    names = [document["nodes"][joint]["name"] for joint in document["skins"][0]["joints"]]
    assert tuple(names) == JOINTS
    for index, node in enumerate(document["nodes"][:24]):
        assert all(PARENTS[child] == index for child in node.get("children", []))
    assert document["asset"]["extras"]["prompt"] == PROMPT


def test_lines_of_samples_cross_where_the_person_ends():
    offsets = np.array([-0.02, -0.01, 0.0, 0.01, 0.02])
    values = np.array(
        [
            [0.5, 0.5, 0.5, -0.5, -0.5],  # between the third and fourth
            [0.5, 0.5, 0.25, -0.25, 0.5],  # something else lies behind
            [0.5, 0.5, -0.5, -0.5, 0.5],  # starts outside: inward
            [0.5, 0.5, 0.5, 0.5, 0.5],
            [-0.5, -0.5, -0.5, -0.5, 0.5],
        ]
    )
    found = crossings(values, offsets)
    np.testing.assert_allclose(found, [0.005, 0.005, -0.005, np.nan, np.nan])


def test_what_is_unknown_is_filled_from_around_it(open_body):
    faces = open_body.faces.numpy()
    known = np.ones(len(open_body.vertices), bool)
    known[::3] = False
    filled = smoothed(np.where(known, 0.04, 9.0)[:, None], known, faces, 0.3)
    np.testing.assert_allclose(filled, 0.04, atol=1e-4)


def test_a_cut_mesh_stays_on_its_surface(open_body):
    faces, pairs = subdivided(open_body.faces)
    vertices = torch.cat([open_body.vertices, open_body.vertices[pairs].mean(dim=1)])
    assert len(faces) == 4 * len(open_body.faces)
    normals = vertex_normals(vertices, faces)[: len(open_body.vertices)]
    assert float((normals * open_body.normals).sum(dim=1).quantile(0.01)) > 0.95


def test_influences_sum_to_one_exactly_and_rotations_do_not_jump(open_body):
    _, steps = influences(open_body.weights)
    assert (steps.astype(np.int64).sum(axis=1) == 65535).all()
    quats = torch.nn.functional.normalize(torch.randn(9, 1, 4), dim=-1)
    smooth = continuous(quats)
    assert ((smooth[1:] * smooth[:-1]).sum(dim=-1) >= 0).all()
    assert torch.allclose(smooth.abs(), quats.abs(), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--motions", "wlak"], "did you mean 'walk'"),
        (["--motion", "walk"], "give --motions NAME"),
        (["--pose", "a"], "give --motions NAME"),
        (["--every", "2"], "give --motions NAME"),
        (
            ["--motions", "walk", "walk"],
            "two motions are called 'walk', of which one would be lost",
        ),
        (["--out", "avatar.safetensors"], "a .glb is written; name it avatar.glb"),
    ],
)
def test_mistakes_are_one_line(path, tmp_path, capsys, arguments, words):
    out = tmp_path / "old.glb"
    out.write_text("old")
    command = ["export", "mesh-glb", "--avatar", str(path), "--out", str(out)]
    assert main([*command, *arguments]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert words in said[0]
    assert out.read_text() == "old"


@pytest.mark.skipif(
    not BLENDER, reason="set GAUSSIANMOTION_BPY_PYTHON to a Python 3.11 with `pip install bpy`"
)
def test_blender_plays_it_with_our_outline(glb, subject, tmp_path):
    config = RenderConfig(size=256)
    shots, ours = [], []
    for name, frame in (("walk", 0), ("walk", 17), *(("cartwheel", at) for at in (12, 30, 55))):
        motion = load_motion(name)
        whole = PreparedMotion(motion.poses, motion.translation, motion.fps, 0)
        camera = select(film(whole, subject.body, config.size, config)[0], [frame])
        shots.append(
            {
                "motion": name,
                "time": frame / motion.fps,
                "view": camera.viewmats[0].tolist(),
                "focal": float(camera.Ks[0, 0, 0]),
            }
        )
        near = moved(camera, -motion.translation[[frame]])
        alpha = draw_layers(subject, motion.poses[[frame]], near, config).alpha
        ours.append(alpha[0, ..., 0].numpy() > 0.5)
    wanted = {"glb": str(glb), "out": str(tmp_path), "size": config.size, "shots": shots}
    (tmp_path / "wanted.json").write_text(json.dumps(wanted))
    script = Path(__file__).parents[2] / "blender_frames.py"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [BLENDER, str(script), str(tmp_path / "wanted.json")],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    facts = json.loads(done.stdout.split("FACTS ")[1].splitlines()[0])
    assert sorted(facts["bones"]) == sorted(JOINTS)
    assert facts["actions"] == sorted(MOTIONS)
    for index, mask in enumerate(ours):
        with Image.open(tmp_path / f"{index}.png") as image:
            theirs = np.asarray(image)[..., 3] > 127
        assert (mask & theirs).sum() / (mask | theirs).sum() > 0.93, shots[index]


@pytest.mark.skipif(
    not (VALIDATOR and shutil.which("node")),
    reason="set GAUSSIANMOTION_GLTF_VALIDATOR to a folder with `npm install gltf-validator`",
)
def test_khronos_validator_finds_no_fault(glb):
    program = (
        "const v = require('gltf-validator'); const fs = require('fs');"
        "v.validateBytes(new Uint8Array(fs.readFileSync(process.argv[1])))"
        ".then((report) => console.log(JSON.stringify(report.issues)));"
    )
    done = subprocess.run(
        ["node", "-e", program, str(glb)],
        capture_output=True,
        text=True,
        check=True,
        cwd=VALIDATOR,
    )
    issues = json.loads(done.stdout)
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]


def test_a_run_without_motions_is_a_mesh_in_the_a_pose(subject, tmp_path):
    write_mesh(tmp_path / "still.glb", subject, [], RenderConfig())
    document, _ = read_glb(tmp_path / "still.glb")
    assert "animations" not in document
    turned = document["nodes"][JOINTS.index("left_shoulder")]["rotation"]
    assert abs(Rotation.from_quat(turned).magnitude() - np.pi / 4) < 1e-6
