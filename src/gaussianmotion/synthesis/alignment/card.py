"""The README of the text alignment model, written from what was measured."""

import json
from pathlib import Path
from typing import Any

from gaussianmotion.runtime.atomic import write_text
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.alignment.export import TRAINING
from gaussianmotion.synthesis.alignment.measure import CHOICES, MEASURES

_HEAD = """\
# The text alignment model

A small text-image model in open_clip's format. It says how well a picture of one whole dressed
person fits a description of that person, and stands in for CLIP where there is no GPU and no
download. It is not CLIP, and its numbers are comparable with nothing but its own. Loaded by

    open_clip.create_model_from_pretrained("local-dir:resources/alignment")

| file | what it is |
|---|---|
| open_clip_model.safetensors | weights, fp16: ModifiedResNet at 96 px, text transformer |
| open_clip_config.json | open_clip's `model_cfg` and `preprocess_cfg` |
| lexicon.json | words that are read (`scores/pictures/descriptions.py`), and all words known |
| distractors.txt | descriptions of held-out people, among which a prompt is ranked |
| training.json, measures.json | how it was trained, what was measured |

Most of the weights' file is the table of CLIP's 49,408 tokens; rows of tokens that the training
lacks are zero. Both towers were trained here from nothing. In particular the text tower is not the
text encoder of the embedded prior (MiniLM): what that one misunderstands is not misunderstood here
for the same reason. The pictures are of the same synthetic people as the prior's training, though:
a flaw of those renders is shared by both.
"""

_LIMITS = """\
## What it cannot judge

* Anything that its captions do not name: identity, ethnicity, faces, expressions, beards, glasses,
  materials, patterns, accessories, professions, fantasy figures. Prompts like "a viking" get no
  number, and unknown words of a prompt are listed in the score's file and otherwise ignored.
* The camera (view, framing) and the ground: captions were trained without these words.
* Quality: it was trained to see through blur, grain, uneven colour and changed light, so that it
  judges content. A noisy avatar with the right colours scores well.
* Pose and geometry; the back, since the score looks at the front view.
* Near colours (navy and black, beige and white, grey and white) in changed light, and what the
  tables above show to be weak. A hat or hair colour is a few pixels at 96 px.
* Hats, unless "hat left out" is well above 50 %: it is the share of hat wearers whose caption fits
  better with the hat than without. Below, a text with a hat is taken for false, hat or no hat, and
  prompts with a hat get lower numbers than they should.
* Sex apart from clothes: in its world only women wear dresses and skirts and only men wear suits.
* Real photographs. No real person was in its training.

It learnt from mesh renders and judges splatted avatars. The augmentation is meant to bridge that;
how far it does is not measured here, for want of avatars with known content.
"""


def write_alignment_card(folder: Path) -> Path:
    """Write ``README.md`` into the model's folder.

    Raises:
        UserError: ``training.json`` or ``measures.json`` is missing or damaged.
    """
    training, found = _read(folder / TRAINING), _read(folder / MEASURES)
    settings = training["settings"]
    lines = [
        _HEAD,
        "## Data and licences\n",
        f"{training['pictures']:,} full-body renders made by this project, of which the README of "
        "the embedded prior names the inputs and their licences (CC0), with captions from the "
        "same attributes: no photograph, no scraped text, no real person. The weights are under "
        "the project's licence. open_clip's tokenizer (MIT) is used, not copied.\n",
        "## Training\n",
        f"{training['pictures_seen']:,} pictures in {training['steps']:,} of "
        f"{training['of_steps']:,} steps of {settings['batch']}, {training['cpu_minutes']:g} "
        f"minutes of one CPU core, seed {settings['seed']}. Contrastive loss over the batch and "
        f"{settings['false_each']} false versions of each caption (one thing changed, or the "
        "colours of two garments exchanged). `training.json` has the settings.\n",
        f"## Measured (protocol {found['protocol']})\n",
        f"{found['items']} true renders of held-out people, whole, on white; "
        f"{found['front_items']} of them front views. The blurred ones went through half "
        "the pixels and back.\n",
        *_tables(found),
        _LIMITS,
    ]
    path = folder / "README.md"
    write_text(path, "\n".join(lines))
    return path


def _tables(found: dict[str, Any]) -> list[str]:
    views = [name for name, value in found.items() if isinstance(value, dict)]
    lines = [
        f"| among {CHOICES}, by chance {1 / CHOICES:.0%} | " + " | ".join(views) + " |",
        "|---|" + "---|" * len(views),
    ]
    for key, title in (
        ("caption_of_picture", "a picture finds its caption"),
        ("picture_of_caption", "a caption finds its picture"),
    ):
        shares = (found[view]["retrieval"].get(key) for view in views)
        cells = ("-" if share is None else f"{share:.0%}" for share in shares)
        lines.append(f"| {title} | {' | '.join(cells)} |")
    lines += [
        "",
        "One thing changed in the caption: share of pairs judged right, by chance 50 %; and, of "
        "sharp pictures, how often the caption is the best of all values of that thing.",
        "",
        "| changed | items | " + " | ".join(views) + " | best of all | by chance |",
        "|---|---|" + "---|" * (len(views) + 2),
    ]
    first = found[views[0]]["pairs"]
    for slot, row in first.items():
        shown = [
            f"{found[view]['pairs'][slot]['pairs_right']:.0%}"
            if slot in found[view]["pairs"]
            else "-"
            for view in views
        ]
        lines.append(
            f"| {slot.replace('_', ' ')} | {row['items']} | {' | '.join(shown)} "
            f"| {row['best_of_all']:.0%} | {1 / row['values']:.0%} |"
        )
    return [*lines, ""]


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"{path} is missing or damaged: run `gaussianmotion synthesis alignment` again"
        ) from error
