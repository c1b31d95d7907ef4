"""HPSv2: the hpsv2 package's own number from weights that are read once."""

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import open_clip
import pytest
from small_checkpoints import ARCHITECTURE, register, write_hps, write_picture, write_run

from gaussianmotion.config import Config
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pictures.hps_score import SCORE
from gaussianmotion.scores.pictures.prompt_scorers import HpsScorer

PROMPTS = ["a man in a blue suit", "A  woman's <b>red</b> dress, " + "very " * 100 + "long"]

# The package's scoring function, its network replaced by the small one that its own factory builds.
PACKAGE = """
import json, sys
configuration, checkpoint, pictures, prompts = json.loads(sys.argv[1])
from hpsv2.src import open_clip
from hpsv2 import img_score
open_clip.add_model_config(configuration)
model, _, preprocess = open_clip.create_model_and_transforms(
    "gaussianmotion-test", None, precision="amp", device="cpu", light_augmentation=True,
    aug_cfg={}, output_dict=True,
)
img_score.model_dict.update(model=model, preprocess_val=preprocess)
scores = [
    float(img_score.score(picture, prompt, cp=checkpoint)[0])
    for picture in pictures for prompt in prompts
]
print(json.dumps(scores))
"""


@pytest.fixture
def scorer(tmp_path: Path) -> HpsScorer:
    """A scorer with a small checkpoint in the published format."""
    register(tmp_path)
    return HpsScorer(write_hps(tmp_path / "weights"), ARCHITECTURE, "test", "cpu")


def test_the_number_is_that_of_the_hpsv2_package(scorer: HpsScorer, tmp_path: Path) -> None:
    found = find_spec("hpsv2")
    if found is None or not found.submodule_search_locations:
        pytest.skip("hpsv2 is not installed (make env does, without its pinned dependencies)")
    # The package as it should have been published: with CLIP's vocabulary, which it forgot, and
    # without the progress bar of an abandoned library, which it imports and does not use here.
    package = tmp_path / "hpsv2"
    shutil.copytree(found.submodule_search_locations[0], package)
    vocabulary = Path(open_clip.tokenizer.default_bpe())
    shutil.copy(vocabulary, package / "src/open_clip" / vocabulary.name)
    (tmp_path / "clint").mkdir()
    (tmp_path / "clint/__init__.py").touch()
    (tmp_path / "clint/textui.py").write_text("progress = None\n")

    # Square and not, smaller and larger than the network's 32 pixels, and exactly as large.
    sizes = [(64, 64), (50, 81), (33, 20), (32, 32)]
    pictures = [
        write_picture(tmp_path / f"{index}.png", index, size) for index, size in enumerate(sizes)
    ]
    arguments = [
        str(register(tmp_path)),
        str(tmp_path / "weights/HPS_v2.1_compressed.pt"),
        [str(picture) for picture in pictures],
        PROMPTS,
    ]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PACKAGE, json.dumps(arguments)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout.splitlines()[-1])
    pairs = [(picture, prompt) for picture in pictures for prompt in PROMPTS]
    ours = scorer.score([picture for picture, _ in pairs], [prompt for _, prompt in pairs])
    assert ours == pytest.approx(theirs, abs=1e-6)
    assert max(ours) - min(ours) > 0.05


def test_a_run_is_scored_by_its_front_and_its_prompt(scorer: HpsScorer, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", PROMPTS[0], 1)
    weights = {"source": str(tmp_path / "weights"), "file": "HPS_v2.1_compressed.pt"}
    config = Config.model_validate(
        {"models": {"hps": {**weights, "architecture": ARCHITECTURE, "sha256": None}}}
    )
    found = SCORE(run, config, "cpu")
    assert found.values["hpsv2"].value == pytest.approx(
        scorer.score([run / "front.png"], [PROMPTS[0]])[0], abs=1e-6
    )
    assert found.protocol == "hps-1"
    assert found.n == 1
    assert found.model_digest == scorer.digest
    assert list(found.inputs) == ["front.png"]
    assert "HPS_v2.1_compressed" in found.title


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a checkpoint of ViT-S-16"):
        HpsScorer(write_hps(tmp_path), "ViT-S-16", "test", "cpu")


def test_an_unknown_architecture_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'ViT-Q-14' is no network of open_clip"):
        HpsScorer(write_hps(tmp_path), "ViT-Q-14", "test", "cpu")
