"""The models stage: fetches what the configuration needs, once, checked, into a shared folder."""

import errno
import fcntl
import json
import os
import shutil
import stat
import threading
from pathlib import Path

import pytest
from fake_hub import CLIP, COMMIT, HPS, INCEPTION, FakeHub, check_models, digest

from gaussianmotion.config import Config
from gaussianmotion.config.file import merge, validate
from gaussianmotion.models.fetch import model_path, prior_digests, weights_digest
from gaussianmotion.models.shared_folder import one_at_a_time
from gaussianmotion.models.sources import MODELS_FOLDER
from gaussianmotion.runtime.errors import UserError

SHIPPED = {"model": "resources/prior", "controlnet": "resources/prior/controlnet"}


def changed(settings: dict, **overlay: object) -> Config:
    return validate(merge(settings, overlay), "test")


def refused(config: Config) -> str:
    with pytest.raises(UserError) as caught:
        check_models(config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_everything_is_fetched_and_recorded(config: Config, hub: FakeHub, tmp_path: Path):
    check_models(config, tmp_path / "models.json")
    facts = json.loads((tmp_path / "models.json").read_text())
    assert set(facts) == {
        "prior.model",
        "prior.controlnet",
        "models.clip.source",
        "models.inception.source",
        "models.hps.source",
    }
    assert facts["prior.model"]["revision"] == COMMIT
    assert facts["prior.model"]["checked_against"] == "commit"
    assert set(facts["prior.model"]["weights_sha256"]) == {
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
    }
    assert facts["models.clip.source"]["weights_sha256"] == {"clip.safetensors": digest(CLIP)}
    assert facts["models.clip.source"]["checked_against"] == "configuration"
    assert facts["models.hps.source"]["checked_against"] == "commit"
    assert not hub.downloads("pytorch_model.bin") + hub.downloads(
        "safety_checker/model.safetensors"
    )


def test_scores_find_their_weights(config: Config):
    check_models(config)
    path = model_path(config, "clip")
    assert path.read_bytes() == CLIP
    assert (path.parent / "open_clip_config.json").is_file()
    assert weights_digest(path) == digest(CLIP)
    assert model_path(config, "hps").read_bytes() == HPS
    assert model_path(config, "inception").read_bytes() == INCEPTION


def test_a_second_call_asks_the_network_for_nothing(config: Config, hub: FakeHub):
    first = check_models(config)
    hub.requests.clear()
    assert check_models(config) == first
    assert hub.requests == []


def test_only_what_the_configuration_needs(settings: dict, hub: FakeHub):
    facts = check_models(changed(settings, scores={"names": ["hps", "geometry"]}))
    assert set(facts) == {"prior.model", "prior.controlnet", "models.hps.source"}
    assert not hub.downloads("clip.safetensors") + hub.downloads("inception.pth")


def test_what_a_variant_is_trained_with_is_fetched_too(settings: dict, hub: FakeHub):
    local = changed(settings, scores={"names": ["geometry"]}, prior=SHIPPED)
    own = changed(settings, prior={"model": "some/model", "controlnet": SHIPPED["controlnet"]})
    facts = check_models(local, own_priors={"larger": own.prior})
    assert set(facts) == {"prior.model", "prior.controlnet", "variant larger: prior.model"}
    assert hub.downloads("unet/diffusion_pytorch_model.safetensors")
    assert not hub.downloads("control/")


def test_a_broken_download_of_the_hub_goes_on_where_it_broke(config: Config, hub: FakeHub):
    hub.cut_after = [1000, 0, 0, 0]
    assert "cannot be fetched" in refused(config)
    hub.requests.clear()
    hub.cut_after = []
    check_models(config)
    large = [r for _, path, r in hub.requests if path.endswith(".safetensors")]
    assert "bytes=1000-" in large


def test_a_copy_of_the_folder_works_without_network(settings: dict, hub: FakeHub, tmp_path: Path):
    check_models(validate(settings, "test"))
    shutil.copytree(tmp_path / "models", tmp_path / "copy", symlinks=True)
    hub.requests.clear()
    hub.files.clear()
    config = changed(settings, models={"folder": str(tmp_path / "copy")})
    check_models(config)
    assert str(model_path(config, "clip")).startswith(str(tmp_path / "copy"))
    assert hub.requests == []


def test_own_copies_are_taken_as_they_are(settings: dict, hub: FakeHub, tmp_path: Path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "HPS.pt").write_bytes(HPS)
    (own / "any_name.pth").write_bytes(INCEPTION)
    shutil.copytree("resources/prior", own / "prior")
    config = changed(
        settings,
        scores={"names": ["hps", "fid"]},
        prior={"model": str(own / "prior"), "controlnet": str(own / "prior/controlnet")},
        models={"hps": {"source": str(own)}, "inception": {"source": str(own / "any_name.pth")}},
    )
    facts = check_models(config)
    assert hub.requests == []
    assert not (tmp_path / "models").exists()
    assert facts["models.hps.source"]["checked_against"] == "nothing"
    assert model_path(config, "inception") == own / "any_name.pth"
    names = {
        name.split("/", 1)[1].split("/")[0] for name in prior_digests(config.prior, pose=False)
    }
    assert names == {"unet"}  # it draws pixels: no autoencoder


@pytest.mark.parametrize(
    ("copied", "key", "lacking"),
    [
        ("clip", "models.clip.source", "open_clip_config.json"),
        ("clip/clip.safetensors", "models.clip.source", "open_clip_config.json"),
        ("prior", "prior.model", "unet/diffusion_pytorch_model.safetensors"),
    ],
)
def test_an_own_copy_that_lacks_a_file_is_found_before_anything_runs(
    settings: dict, tmp_path: Path, copied: str, key: str, lacking: str
):
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip/clip.safetensors").write_bytes(CLIP)
    shutil.copytree("resources/prior", tmp_path / "prior")
    # As a download of another format leaves it, which is not loaded.
    weights = tmp_path / "prior/unet/diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_name("diffusion_pytorch_model.bin"))
    section, name, *rest = key.split(".")
    own: object = str(tmp_path / copied)
    message = refused(changed(settings, **{section: {name: {rest[0]: own} if rest else own}}))
    assert message.startswith(f"{key}: ")
    assert f"holds no {lacking}" in message


def test_a_file_in_the_hub_clients_store_of_shared_files_is_not_damaged(
    config: Config, tmp_path: Path
):
    """The client may put a repository's large file behind a second link, under another hash."""
    check_models(config)
    link = model_path(config, "hps")
    blob, store = link.parent / link.readlink(), tmp_path / "models/hub/blobs/00" / ("0" * 64)
    store.parent.mkdir(parents=True)
    blob.rename(store)
    blob.symlink_to(store)
    facts = check_models(config)["models.hps.source"]
    assert isinstance(facts, dict)
    assert facts["checked_against"] == "commit"
    assert weights_digest(link) == digest(HPS)


def test_offline_is_said_at_once(
    config: Config, hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    message = refused(config)
    assert f"some/model is not in {tmp_path / 'models/hub'}, and HF_HUB_OFFLINE is set" in message
    assert "set prior.model to your own copy" in message
    assert hub.requests == []


@pytest.mark.parametrize("taken", ["hub", "files"])
def test_a_folder_that_cannot_be_written_is_said(config: Config, tmp_path: Path, taken: str):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / taken).write_text("no folder")
    message = refused(config)
    assert f"{tmp_path / 'models' / taken}" in message
    assert "cannot be written" in message
    assert "set models.folder to a folder of yours" in message


def test_a_download_that_was_damaged_on_disk_is_to_be_fetched_again(config: Config):
    check_models(config)
    path = model_path(config, "inception")
    path.write_bytes(b"half a file")
    assert "delete it and run again" in refused(config)
    path.unlink()
    check_models(config)
    assert path.read_bytes() == INCEPTION


def test_a_digest_that_the_configuration_does_not_expect(settings: dict, tmp_path: Path):
    message = refused(changed(settings, models={"inception": {"sha256": "0" * 64}}))
    assert f"has the SHA-256 {digest(INCEPTION)}, not {'0' * 64}" in message
    own = tmp_path / "mine.pth"
    own.write_bytes(b"another network")
    message = refused(changed(settings, models={"inception": {"source": str(own)}}))
    assert f"not {digest(INCEPTION)}" in message
    assert "set models.inception.sha256 if you trust this one" in message
    assert own.read_bytes() == b"another network"


def test_a_file_that_was_damaged_on_disk(config: Config):
    check_models(config)
    path = model_path(config, "hps").resolve()
    path.write_bytes(b"half a file")
    message = refused(config)
    assert f"delete {path} and run `gaussianmotion models`" in message
    path.unlink()
    check_models(config)
    assert model_path(config, "hps").read_bytes() == HPS


def test_what_the_hub_sends_must_be_what_the_commit_says(config: Config, hub: FakeHub):
    hub.corrupt = {"some/hps/HPS.pt"}
    message = refused(config)
    assert "models.hps.source" in message
    assert "set aside" in message


def test_a_hub_that_cannot_be_reached(settings: dict, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the client's, between its tries
    message = refused(validate(settings, "test"))
    assert message.startswith("prior.model: some/model cannot be fetched")
    assert "or set prior.model to your own copy" in message


def test_a_repository_that_lacks_the_file(settings: dict):
    config = changed(settings, models={"hps": {"file": "HPS_v9.pt"}})
    assert "some/hps at revision aaaa" in (message := refused(config))
    assert "has no HPS_v9.pt" in message


def test_a_name_that_is_no_folder_and_no_hub_id(settings: dict):
    config = changed(settings, models={"clip": {"source": "/data/nowhere/clip"}})
    message = "models.clip.source: /data/nowhere/clip is neither a folder here nor a hub id"
    assert refused(config).startswith(message)
    with pytest.raises(UserError, match=message):
        model_path(config, "clip")
    message = refused(changed(settings, prior={"model": "~/nowhere/at all"}))
    assert "is neither a folder here nor a hub id" in message


def test_nothing_is_downloaded_where_a_score_looks_for_its_weights(config: Config, hub: FakeHub):
    with pytest.raises(UserError, match="is not here: run `gaussianmotion models`"):
        model_path(config, "clip")
    assert hub.requests == []


def test_two_jobs_at_once_download_once(config: Config, hub: FakeHub):
    failures: list[Exception] = []

    def job() -> None:
        try:
            check_models(config)
        except Exception as error:
            failures.append(error)

    jobs = [threading.Thread(target=job) for _ in range(2)]
    before = os.umask(0o022)
    try:
        for thread in jobs:
            thread.start()
        for thread in jobs:
            thread.join()
    finally:
        os.umask(before)  # Threads share it, jobs do not.
    assert failures == []
    assert len(hub.downloads("inception.pth")) == 1
    assert len(hub.downloads("HPS.pt")) == 1


def test_the_group_may_read_and_go_on(config: Config, tmp_path: Path):
    before = os.umask(0o077)
    try:
        check_models(config)
    finally:
        assert os.umask(before) == 0o077
    for path in [tmp_path / "models", *(tmp_path / "models").rglob("*")]:
        mode = path.lstat().st_mode
        if path.is_symlink():
            continue
        assert mode & stat.S_IRGRP, path
        if path.is_dir():
            assert mode & stat.S_ISGID, path
            assert mode & stat.S_IWGRP, path


def test_a_job_of_the_workflow_shares_the_folder_too(
    config: Config, hub: FakeHub, tmp_path: Path, monkeypatch
):
    # The key is no setting of the stage: where models are kept changes no result.
    monkeypatch.setenv(MODELS_FOLDER, str(tmp_path / "models"))
    models = config.models.model_copy(update={"folder": None})
    before = os.umask(0o077)
    try:
        check_models(config.model_copy(update={"models": models}), only="prior")
    finally:
        os.umask(before)
    assert (tmp_path / "models/hub").stat().st_mode & stat.S_IWGRP


def test_what_else_is_in_the_folder_keeps_its_permissions(config: Config, tmp_path: Path):
    folder = tmp_path / "models"
    (folder / "private").mkdir(parents=True)
    (folder / "private/key").write_text("mine")
    for path, mode in (
        (folder, 0o755),
        (folder / "private", 0o700),
        (folder / "private/key", 0o600),
    ):
        path.chmod(mode)
    check_models(config)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "private").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "private/key").stat().st_mode) == 0o600
    assert (folder / "files").stat().st_mode & stat.S_IWGRP


@pytest.mark.parametrize("fault", [errno.EBADF, errno.ENOLCK])
def test_a_network_file_system_locks_only_what_may_be_written_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fault: int
):
    """NFS wants a writable file for an exclusive lock, and some clusters mount without locks."""
    real = fcntl.flock

    def network(handle: int, operation: int) -> None:
        mode = fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE
        if fault != errno.EBADF or mode == os.O_RDONLY:
            raise OSError(fault, os.strerror(fault))
        real(handle, operation)

    monkeypatch.setattr("fcntl.flock", network)
    for _ in range(2):  # The second time the lock's file is there already.
        with one_at_a_time(tmp_path):
            warned = "start no second download into it" in capsys.readouterr().err
            assert warned is (fault == errno.ENOLCK)
