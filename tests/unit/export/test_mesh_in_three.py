"""three.js, as web pages use it, loads the rigged mesh and plays its clips as the body moves."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from glb_file import read_glb

from gaussianmotion.body import Body
from gaussianmotion.body.joints import JOINTS
from gaussianmotion.body.model import skin
from gaussianmotion.config import Config, RenderConfig
from gaussianmotion.export.mesh import write_mesh
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.rendering.subject import load_subject
from gaussianmotion.scores.pose.mannequin import save_mannequin

# Folder in which `npm install three` was run.
FOLDER = os.environ.get("GAUSSIANMOTION_THREE", "")
NODE = shutil.which("node") or ""
SHOTS = (("walk", 17), ("cartwheel", 40))
EVERY = 97  # of the body's vertices
PROGRAM = """
import { readFileSync } from "node:fs";
import * as THREE from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
const [path, shots, points] = JSON.parse(process.argv[1]);
const { buffer, byteOffset, length } = readFileSync(path);
const data = buffer.slice(byteOffset, byteOffset + length);
const { scene, animations } = await new GLTFLoader().parseAsync(data, "");
const mesh = scene.getObjectByProperty("isSkinnedMesh", true);
const mixer = new THREE.AnimationMixer(scene);
const seen = shots.map(([name, time]) => {
  mixer.stopAllAction();
  mixer.clipAction(THREE.AnimationClip.findByName(animations, name)).play();
  mixer.setTime(time);
  scene.updateMatrixWorld(true);
  mesh.skeleton.update();
  const place = (point) => mesh.getVertexPosition(point, new THREE.Vector3());
  return points.map((point) => place(point).applyMatrix4(mesh.matrixWorld).toArray());
});
const bones = mesh.skeleton.bones.map((bone) => bone.name);
console.log(JSON.stringify({ bones, clips: animations.map((clip) => clip.name), seen }));
"""


@pytest.mark.skipif(
    not (FOLDER and NODE), reason="set GAUSSIANMOTION_THREE to a folder with `npm install three`"
)
def test_three_plays_it_as_the_body_moves(open_body: Body, tmp_path: Path) -> None:
    avatar = save_mannequin(tmp_path / "avatar.safetensors", open_body, Config(), 3000)
    glb = tmp_path / "avatar.glb"
    names = [name for name, _ in SHOTS]
    write_mesh(glb, load_subject(avatar), names, RenderConfig())
    document, arrays = read_glb(glb)
    attributes = document["meshes"][0]["primitives"][0]["attributes"]
    rest = torch.from_numpy(arrays[attributes["POSITION"]].copy())
    points = list(range(0, len(open_body.vertices), EVERY))
    shots = [(name, frame / load_motion(name).fps) for name, frame in SHOTS]
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", PROGRAM, json.dumps([str(glb), shots, points])],
        capture_output=True,
        text=True,
        check=True,
        cwd=FOLDER,
    )
    told = json.loads(done.stdout)
    assert told["bones"] == list(JOINTS)
    assert told["clips"] == names
    for (name, frame), seen in zip(SHOTS, told["seen"], strict=True):
        motion = load_motion(name)
        transforms = open_body.transforms(motion.poses[[frame]], motion.translation[[frame]])
        expected = skin(rest[points], open_body.weights[points], transforms)[0].numpy()
        apart = np.linalg.norm(np.array(seen) - expected, axis=1)
        # Four influences of the body's up to seven.
        assert np.quantile(apart, 0.95) < 1e-3
        assert apart.max() < 0.02
