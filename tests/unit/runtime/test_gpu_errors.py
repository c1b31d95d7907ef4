"""What CUDA says, in one line that says what to do."""

from functools import partial

import pytest

from gaussianmotion import cli
from gaussianmotion.config.file import validate
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.gpu_errors import in_words, one_line
from gaussianmotion.training.memory import less_memory, out_of_memory, peak_gib

SD15 = validate({"train": {"batch": 4, "size": 512}}, "test")
MEMORY = (
    "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of {total} GiB of "
    "which 31.00 MiB is free. {others}Of the allocated memory 9.1 GiB is allocated by PyTorch."
)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "CUDA error: no kernel image is available for execution on the device\nCUDA kernel "
            "errors might be asynchronously reported at some other API call",
            "no code for the GPU: `gaussianmotion doctor`",
        ),
        (
            "CUDA error: CUDA driver version is insufficient for CUDA runtime version",
            "update it, or `make env TORCH=cu126`",
        ),
        (
            "The NVIDIA driver on your system is too old (found version 12020). Please update",
            "update it, or `make env TORCH=cu126`",
        ),
        ("Unable to determine the device handle for GPU 0: GPU is lost. Reboot", "fell off"),
        ("CUDA error: uncorrectable ECC error encountered", "memory is damaged"),
        ("CUDA error: all CUDA-capable devices are busy or unavailable", "nvidia-smi -c DEFAULT"),
        ("No CUDA GPUs are available: no CUDA-capable device is detected", "MIG"),
        ("CUDA error: system not yet initialized", "nvidia-fabricmanager"),
        ("CUDA error: unspecified launch failure", "goes on from its checkpoint"),
    ],
)
def test_errors_of_the_gpu_are_known(said: str, words: str) -> None:
    line = one_line(RuntimeError(said))
    assert line is not None
    assert words in line
    assert "\n" not in line


@pytest.mark.parametrize("said", ["mat1 and mat2 shapes cannot be multiplied", "CUDA error: 17"])
def test_others_stay_bugs(said: str) -> None:
    assert one_line(RuntimeError(said)) is None
    with pytest.raises(RuntimeError), in_words():
        raise RuntimeError(said)


def test_out_of_memory_says_the_need_by_count_and_the_keys() -> None:
    error = RuntimeError(MEMORY.format(total=10.75, others=""))
    with pytest.raises(UserError) as caught, in_words(partial(out_of_memory, SD15)):
        raise error
    said = str(caught.value)
    assert said.startswith("the GPU's memory (10.8 GiB) ran out: about 11.5 GiB are needed at")
    assert "set train.checkpoint_encoder: true (about 8.1 GiB), or train.batch: 2" in said


def test_out_of_memory_names_other_programs_where_they_are_the_reason() -> None:
    others = "Process 4711 has 15.20 GiB memory in use. "
    said = one_line(RuntimeError(MEMORY.format(total=23.6, others=others)))
    assert said is not None
    assert "other programs hold 15.2 GiB of it: `nvidia-smi` shows which" in said


def test_what_would_not_fit_is_not_named() -> None:
    assert "train.checkpoint_encoder: true and train.batch: 1" in less_memory(SD15, 5.5)
    assert less_memory(SD15, 2.0) == "take a larger GPU, or a smaller train.size"
    small = {"prior": {"model": "resources/prior"}}
    assert peak_gib(validate(small, "test")) < 2.0


def test_a_command_that_fails_so_ends_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(options: object) -> None:
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device")

    monkeypatch.setattr("gaussianmotion.cli.manage._doctor", fail)
    assert cli.main(["doctor"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("gaussianmotion: this torch has no code for the GPU")
