"""Configuration files and keys, and places that are not where they should be."""

from pathlib import Path

from bad_inputs.case import AVATAR, CONFIG, DRY_RUN, PROMPTS, RUN, Case, keys, nothing, written

REPOSITORY = Path(__file__).resolve().parents[2]


def _yaml(name: str, content: str, says: str) -> Case:
    command = ("prompts", "--config", "tiny.yaml", "mine.yaml", "--out", "prompts.out.tsv")
    return Case(f"yaml, {name}", command, says, written("mine.yaml", content))


def _keys(pairs: tuple[str, ...], says: str) -> Case:
    return Case(f"--config {' '.join(pairs)}", (*DRY_RUN, "--config", *pairs), says)


CASES = [
    _yaml("a key twice", "seeds: [0]\nseeds: [1]\n", "line 2: the key 'seeds' is written twice"),
    _yaml("a key twice after a rare line end", "a: 1 # \u2028\na: 2\n", "line 2: the key 'a'"),
    _yaml("a bell", "prompt: a\x07b\n", r"line 1: holds the character '\\x07'"),
    _yaml("ids that are words", "ablation: {prompts: [no]}\n", r"prompts: \['no'\]"),
    _yaml("a name that is a number", "experiment: 5\n", "experiment: '5'"),
    _yaml("a name that is a switch", "experiment: on\n", "YAML reads yes, no, on and off"),
    _yaml("tabs", "train:\n\tsteps: 1\n", "line 2: .*indent with spaces"),
    _yaml("objects of Python", "prompt: !!python/object/apply:os.getcwd []\n", "line 1"),
    _yaml("a mapping that holds itself", "train: &t {score: *t}\n", "recursive"),
    _yaml("a list", "- 1\n", "a mapping is needed"),
    _yaml("betas beyond people", "body: {betas: [1.0e+30]}\n", "less than or equal to 10"),
    _yaml("a thousand million views", "render: {views: 1000000000}\n", "equal to 1000"),
    _yaml("no motions", "motions: []\n", "motions is .*at least 1 item"),
    Case("yaml, not UTF-8", ("prompts", "--config", "x.yaml", "--out", "o.tsv"), "UTF-8",
         written("x.yaml", b"\xff\xfe\x00")),
    _keys(("experiment=a", "experiment=b"), "experiment is given twice"),
    _keys(("experiment=1e3",), "write for example experiment=run-1e3"),
    _keys(("prompt=",), "prompt has no value"),
    _keys(("train={steps: 1, steps: 2}",), "the key 'steps' is written twice"),
]  # fmt: skip


def _folder(folder: Path) -> None:
    (folder / "mine.yaml").mkdir()


def _missing_disk(folder: Path) -> None:
    (folder / "disk").symlink_to("/mnt/no-such-disk")


PROFILE = ("snakemake", "--profile", str(REPOSITORY / "profiles/laptop"))
CONFIGFILE = ("snakemake", "--cores", "1", "-n", "--configfile")
SHEET = ("sheet", RUN, "--out", "sheet.new.png")
PLACES = [
    Case("results on a missing disk", (*PROMPTS[:-1], "disk/prompts.tsv"), "disk is a link to",
         _missing_disk),
    Case("results on a missing disk, workflow", (*DRY_RUN, "--config", "results=disk"),
         "results: .* is a link to", _missing_disk),
    Case("below a file", (*PROMPTS[:-1], "tiny.yaml/x.tsv"), "lies below a file"),
    Case("log on a full disk", ("--log", "/dev/full", *SHEET), "the log ends here .*No space left",
         code=0, makes=("sheet.new.png",)),
    Case("log below a file", ("--log", "tiny.yaml/x.log", *PROMPTS), "cannot be written"),
    Case("ply from another folder", ("export", "ply", "--avatar", f"../{AVATAR}", "--out", "a.ply"),
         code=0, makes=("a.ply",), folder="elsewhere"),
    Case("views from another folder",
         ("views", "--avatar", f"../{AVATAR}", "--out", "out",
          *keys("render.size=64", "render.views=2", "render.turntable_frames=2", "device=cpu")),
         code=0, makes=("out/views.json", "out/turntable.mp4"), folder="elsewhere"),
    Case("snakemake from another folder", ("snakemake", "--cores", "1", "-n"),
         "no config.yaml in .*: run snakemake in", folder="elsewhere"),
    Case("snakemake and profile from another folder", (*PROFILE, "-n"),
         "no config.yaml in .*: run snakemake in", folder="elsewhere"),
    Case("snakemake, profile and --directory", (*PROFILE, "-n", "--directory", ".."), code=0,
         folder="elsewhere"),
    *(
        Case(f"--configfile, {what}", (*CONFIGFILE, "mine.yaml"), f"gaussianmotion: {says}", change)
        for what, says, change in (
            ("not there", "mine.yaml: no such file", nothing),
            ("a folder", "mine.yaml: cannot be read", _folder),
            ("empty", "mine.yaml: holds no keys", written("mine.yaml", "")),
            ("a list", "mine.yaml: a mapping is needed", written("mine.yaml", "- 1\n")),
            ("not UTF-8", "mine.yaml: is not text in UTF-8", written("mine.yaml", b"\xff\xfe\x00")),
            ("brackets open", "mine.yaml, line 2", written("mine.yaml", "seeds: [1\n")),
            ("tabs", "mine.yaml, line 2", written("mine.yaml", "train:\n\tsteps: 1\n")),
            ("a key twice", "mine.yaml, line 2: the key 'seeds' is written twice",
             written("mine.yaml", "seeds: [0]\nseeds: [1]\n")),
        )
    ),
    *(
        Case(f"config.yaml, {what}", (*DRY_RUN[:1], *DRY_RUN[3:]), f"gaussianmotion: {says}",
             written("elsewhere/config.yaml", content), folder="elsewhere")
        for what, says, content in (
            ("empty", "config.yaml holds no keys", b""),
            ("not UTF-8", "config.yaml: is not text in UTF-8", b"\xff\xfe\x00"),
            ("tabs", "config.yaml, line 2", b"train:\n\tsteps: 1\n"),
            ("of another program", "config.yaml: unknown key samples", b"samples: x.tsv\n"),
        )
    ),
    Case("a motion of another folder", ("animate", *CONFIG, "--avatar", AVATAR, "--motion",
         "none/walk.npz", "--out", "x.mp4"), "none/walk.npz"),
    Case("no avatar", ("export", "ply", "--avatar", "none.safetensors"), "no avatar at none"),
    Case("an avatar that is a folder", ("export", "ply", "--avatar", "results"), "not an avatar"),
]  # fmt: skip
