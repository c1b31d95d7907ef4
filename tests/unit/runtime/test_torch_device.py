"""What the key ``device`` means, by the GPUs that are here and by what torch can use."""

import pytest

from gaussianmotion.runtime import torch_device
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.torch_device import usable_device


@pytest.mark.parametrize(
    ("device", "here", "fault", "expected"),
    [
        ("auto", True, None, "cuda"),
        ("auto", True, "torch is too new", "cpu"),
        ("auto", False, None, "cpu"),
        ("cpu", True, None, "cpu"),
        ("cuda", True, None, "cuda"),
    ],
)
def test_auto_takes_what_can_be_used(
    device: str, here: bool, fault: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_device, "torch_fault", lambda: fault)
    assert usable_device(device, here) == expected


@pytest.mark.parametrize(
    ("here", "said"),
    [(True, "torch is too new; `gaussianmotion doctor`"), (False, "this computer shows no GPU")],
)
def test_cuda_that_cannot_be_had_is_refused(
    here: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_device, "torch_fault", lambda: "torch is too new")
    with pytest.raises(UserError, match=f"^device is cuda, but {said}"):
        usable_device("cuda", here)
