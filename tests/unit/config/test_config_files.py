"""Configuration files: layers, overrides, variants, and mistakes explained in one line."""

from pathlib import Path

import pytest
import yaml

from gaussianmotion.config import Config
from gaussianmotion.config.file import (
    load_config,
    load_variants,
    merge,
    validate,
    with_variant,
)
from gaussianmotion.pipeline.experiment import load_experiment
from gaussianmotion.pipeline.experiment_files import motion_names
from gaussianmotion.runtime.errors import UserError

REPOSITORY = Path(__file__).parents[3]
LAPTOP = [REPOSITORY / "config.yaml", REPOSITORY / "config/laptop.yaml"]
PEOPLE = [*LAPTOP, REPOSITORY / "config/people.yaml"]


def test_later_files_replace_single_keys(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("train: {steps: 10, batch: 2}\nseeds: [0, 1]\n")
    (tmp_path / "b.yaml").write_text("train: {steps: 20}\nseeds: [5]\n")
    config = load_config([tmp_path / "a.yaml", tmp_path / "b.yaml"], ["train.score.tau=300"])
    assert (config.train.steps, config.train.batch, config.train.score.tau) == (20, 2, 300)
    assert config.seeds == [5]


def test_merging_leaves_its_arguments_alone() -> None:
    base = {"train": {"score": {"tau": 1}}}
    assert merge(base, {"train": {"score": {"t_min": 2}}})["train"]["score"] == {
        "tau": 1,
        "t_min": 2,
    }
    assert base == {"train": {"score": {"tau": 1}}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train: {score: {tua: 3}}", "did you mean `train: {score: {tau: 3}}`?"),
        ("tau: 300", "it belongs at `train: {score: {tau: 300}}`"),
        ("xyzzy: 1", "unknown key xyzzy; remove it, the keys are experiment, "),
        ("train: {steps: many}", 'train.steps is "many", but must be a whole number'),
        ("train: {steps: 3.5}", "must be a whole number; write for example `train: {steps: 3600}`"),
        ("train: 5", "train is 5, but must be a section of keys"),
        ("train: {score: {method: assd}}", "write for example `train: {score: {method: asd}}`"),
        ("train: {size: 100}", "must be a multiple of 32"),
        ("train: {backgrounds: [[1, 0]]}", "has too few values"),
        ("train: {score: {t_min: 900}}", "t_min < t_max_late <= t_max is needed"),
        ("train: {steps: -1}", "must be greater than or equal to 1"),
        ("experiment: My Run", "may hold only lower-case letters"),
        ("variants: []", "must have at least 1 item"),
        ("seeds: [0]\nseeds: [1]", "line 2: the key 'seeds' is written twice"),
        ("train: {steps: 1", "line 1"),
        ("- 1", "a mapping is needed"),
        ("train.steps: 5", "unknown key train.steps; write `train: {steps: 5}`"),
        ("train: {steps: true}", "steps must be a number, but it is true"),
        ("train: {lr: {means: .inf}}", "must be a finite number"),
        ("train: {lr: {means: 1.0e+38}}", "train.lr: means is 1e+38, which 32 bits cannot"),
        ("train: {lr: {means: 1.0e-50}}", "train.lr: means is 1e-50, which 32 bits cannot"),
        ("render: {fov_y: 1.0e-30}", "must be greater than or equal to 5"),
        ("render: {views: 1000000000}", "must be less than or equal to 1000"),
        ("train: {steps: 100000000000000000000}", "must be less than or equal to 1000000000"),
        ("train: {gaussians: 1}", "must be greater than or equal to 100"),
        ("body: {betas: [1.0e+30]}", "must be less than or equal to 10"),
        ("motions: walk", "must be a list; write for example `motions: [walk]`"),
        ("experiment: 5", "must be text; quote it; write for example `experiment: '5'`"),
        ("prompt: a man: in a suit", "line 1: mapping values are not allowed here"),
        ("prompt: {a man: in red}", "quote it; write for example `prompt: 'a man: in red'`"),
        ("results: ~", "results is null, but must be a path"),
        ("results: ~nobody-of-this-name/x", "no such home folder"),
        ("baselines: {my system: /x}", "may hold only letters, digits"),
        ("models: {clip: {sha256: abc}}", "must be 64 hexadecimal digits"),
        ("seeds: [99999999999999999999]", "seeds.0: a seed is at most 4294967295"),
        ("render: {background: [255, 0, 0]}", "render.background: RGB is in [0, 1]"),
        ("train: {backgrounds: [[255, 0, 0]]}", "train.backgrounds.0: RGB is in [0, 1]"),
        ("train: {cameras: {elevation: [30, -15]}}", "the smaller first"),
        ("train: {cameras: {fov_y: [40, 400]}}", "fov_y must be two numbers within 1 and 150"),
        ("train: {density: {start: 0.8}}", "start must not be above stop"),
        ("train: {opacity: 1}", "opacity must be between 0 and 1"),
        ("scale: [small]", 'scale is ["small"], but must be text'),
        ("scale: smal\nscales: {small: {}}", "did you mean 'small'?"),
        ("scale: small\nscales: {small: }", "scales.small is null, but must be a section"),
        ("scales: {full: {seeds: [1]}}", "give this one another name"),
        ("scales: {a: {scale: b}}", "scales: a must not hold 'scale'"),
        ("seeds: [1]\non: 1", "line 2: the key 'on' is no text; quote it"),
        ("xyzzy: {2026-01-01: 1}", "the key '2026-01-01' is no text"),
        ("train: &t {score: *t}", "recursive"),
        ("train:\n\tsteps: 1", "line 2: found character '\\t' that cannot start any token; indent"),
        ("seeds: [0] # \u2028\nseeds: [1]", "line 2: the key 'seeds' is written twice"),
        ("seeds: [0]\nprompt: a\x07b", "line 2: holds the character '\\x07'; remove it"),
        ("ablation: {prompts: [no]}", "quote it; write for example `ablation: {prompts: ['no']}`"),
        ("ablation: {prompts: [a, 12]}", "write for example `ablation: {prompts: ['12']}`"),
        ("experiment: on", "must be text, and YAML reads yes, no, on and off as true and false"),
        ("experiment: 1.0e+3", "YAML reads it as a number; quote it as it was written"),
        ("seeds: [0]\n---\nseeds: [1]", "line 2: expected a single document"),
    ],
)
def test_a_mistake_is_one_line_with_the_corrected_yaml(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load_config([path])
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["\ufefftrain: {steps: 7}\n", "train: {steps: 7}\r\nseeds: [0]\r\n", "train: {steps: '7'}"],
    ids=["byte order mark", "Windows", "quoted"],
)
def test_files_of_other_systems_are_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.yaml").write_bytes(text.encode())
    assert load_config([tmp_path / "mine.yaml"]).train.steps == 7


def test_yaml_merge_keys_may_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "variants.yaml"
    path.write_text(
        "a: &a {train: {steps: 7}, rasteriser: numba}\nb: {<<: *a, rasteriser: torch}\n"
    )
    assert load_variants(path)["b"] == {"train": {"steps": 7}, "rasteriser": "torch"}


def test_a_tilde_is_the_users_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    layer = {"results": "~/out", "body": {"path": "~/smpl.npz"}, "baselines": {"TADA": "~/tada"}}
    config = validate(layer, "here")
    assert config.results == Path("/home/ann/out")
    assert config.body.path == Path("/home/ann/smpl.npz")
    assert config.baselines == {"TADA": Path("/home/ann/tada")}
    assert motion_names(["~/walk.npz"]) == {"walk": "/home/ann/walk.npz"}


def test_a_wrong_override_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("seeds: [1]")
    with pytest.raises(UserError, match=r"--set train.steps=many: train.steps is \"many\""):
        load_config([tmp_path / "mine.yaml"], ["train.steps=many"])


def test_what_is_suggested_is_right() -> None:
    with pytest.raises(UserError) as caught:
        validate({"train": {"score": {"tua": 300}}}, "here")
    suggested = str(caught.value).partition("`")[2].partition("`")[0]
    assert validate(yaml.safe_load(suggested), "here").train.score.tau == 300


@pytest.mark.parametrize("text", ["steps", "=3", "train..steps=3", "train.steps=[1"])
def test_an_override_of_the_wrong_form_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="--set"):
        load_config([], [text])


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        load_config([tmp_path / "none.yaml"])
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="UTF-8"):
        load_config([tmp_path / "binary.yaml"])


@pytest.mark.parametrize("files", [LAPTOP[:1], LAPTOP, PEOPLE], ids=["paper", "laptop", "people"])
def test_every_shipped_variant_is_valid(files: list[Path]) -> None:
    config = load_config(files)
    variants = load_variants(REPOSITORY / "config/variants.yaml")
    assert {"ours", "no_pose_guidance", "tau_100", "sds", "prune_0.01", "static_pose"} <= set(
        variants
    )
    made = {name: with_variant(config, name, variants) for name in variants}
    assert made["ours"] == config
    assert made["tau_500"].train.score.tau == 500
    assert made["asd_literal"].train.score.low_t_scale == "1"
    assert made["prune_0.02"].train.loss.scale == 0.0


def test_a_variant_changes_training_only(tmp_path: Path) -> None:
    path = tmp_path / "variants.yaml"
    path.write_text("mine: {results: elsewhere}\n")
    with pytest.raises(UserError, match="mine changes 'results'"):
        load_variants(path)
    path.write_text("mine: 5\n")
    with pytest.raises(UserError, match="mine must hold keys"):
        load_variants(path)


def test_an_unknown_variant_names_the_closest() -> None:
    with pytest.raises(UserError, match="did you mean 'tau_100'"):
        with_variant(Config(), "tau_10", {"tau_100": {}, "ours": {}})


def test_two_motions_must_not_share_a_video() -> None:
    assert motion_names(["walk", "/data/My Walk.npz"]) == {
        "walk": "walk",
        "my-walk-ac4561": "/data/My Walk.npz",
    }
    with pytest.raises(UserError, match=r"walk\.mp4"):
        motion_names(["walk", "/data/walk.npz"])


def test_a_results_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    layer = {"results": str(tmp_path / "file/results")}
    with pytest.raises(UserError, match="results: "):
        load_experiment(layer, "here")


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"motions": ["wlak"]}, "no clip 'wlak'; choose some of .* did you mean 'walk'"),
        ({"motions": ["./none.npz"]}, "no file none.npz; name a motion file"),
        ({"body": {"path": "none.npz"}}, "body.path: no file none.npz"),
        ({"results": "a{b}"}, "results: a{b}: the name may not hold braces"),
        ({"experiment": "mlflow"}, "write another name, for example my_mlflow"),
        ({"study": {"compared": "owrs"}}, "compared: 'owrs' is neither a variant"),
        ({"study": {"against": ["ours"]}}, "'ours' is compared with itself"),
        ({"scores": {"names": ["clip", "clip"]}}, "names: 'clip' is listed twice"),
        ({"variants_file": "none.yaml"}, "none.yaml: no such file"),
    ],
)
def test_what_an_experiment_names_must_be_there(layer: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_experiment(layer, "here")


def test_bodies_and_motions_are_read_before_anything_runs(tmp_path: Path) -> None:
    for name in ("walk.npz", "body.npz"):
        (tmp_path / name).write_bytes(b"junk")
    layer = {"motions": [str(tmp_path / "walk.npz")], "body": {"path": str(tmp_path / "body.npz")}}
    load_experiment(layer, "here")
    with pytest.raises(UserError, match=r"walk.npz is .*; and .*body.npz is damaged or no .npz"):
        load_experiment(layer, "here", opened=True)


def test_an_experiment_has_at_least_one_motion() -> None:
    with pytest.raises(UserError, match="motions"):
        load_experiment({"motions": []}, "x")


def test_a_seed_listed_twice_is_refused() -> None:
    with pytest.raises(UserError, match="seeds: 1 is listed twice"):
        load_experiment({"seeds": [1, 1]}, "here")


def test_tables_compare_the_papers_rule_and_people_go_beyond_it() -> None:
    paper, laptop, people = (load_config(files).train for files in (LAPTOP[:1], LAPTOP, PEOPLE))
    for compared in (paper, laptop):
        assert compared.score.method == "asd"
        assert compared.score.late_method is None
        assert (compared.skirt, compared.smooth_weights) == (0.0, False)
    assert people.score.late_method == "sdedit"
    assert people.cameras.head == laptop.cameras.head >= 0.25
    assert people.cameras.lower_body >= 0.1
