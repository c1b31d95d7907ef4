"""The doctor on machines with GPUs, each made of stand-ins: it says the one thing that mends it."""

from pathlib import Path

import pytest
import torch
from stand_ins import Card, Machine, named

from gaussianmotion.cli.device import device_of
from gaussianmotion.config.file import validate
from gaussianmotion.doctor.finding import Finding
from gaussianmotion.doctor.gpus import look_for_devices
from gaussianmotion.runtime import gpu, torch_device
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.splat import cuda_toolkit

FAULT = torch_device.torch_fault
TOOLKIT = "`make env GPU=toolkit`"
OLDER = "`make env TORCH=cu126`"


class Right(Machine):
    """A machine on which all is right: what a test takes away is what the doctor must say."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder / "bin", monkeypatch)
        self.home, self.packages = folder / "cuda", folder / "nvidia/cu13"
        monkeypatch.setattr(torch.version, "cuda", "13.0")
        monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_75", "sm_86", "sm_90"])
        monkeypatch.setattr(torch_device, "torch_fault", lambda: None)
        monkeypatch.setattr(cuda_toolkit, "_USUAL", self.home)
        monkeypatch.setattr(cuda_toolkit, "_packages", lambda cuda: [self.packages])
        monkeypatch.setattr("sysconfig.get_path", lambda name: str(folder / name))
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        cuda_toolkit.trial_fault.cache_clear()
        (folder / "include").mkdir()
        (folder / "include/Python.h").touch()
        for name in ("c++", "ninja"):
            self.program(name, ":")
        self.nvidia_smi(Card(named(1)))
        self.toolkit(self.home)

    def says(self, **keys: object) -> dict[str, str]:
        """What is missing, by its name; ``drawing`` whatever it is."""
        found = list(look_for_devices(validate({"device": "cuda", **keys}, "test")))
        assert all("\n" not in finding.line() for finding in found)
        return {f.what: f.detail for f in found if not f.fine or f.what == "drawing"}


@pytest.fixture
def right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Right:
    return Right(tmp_path, monkeypatch)


def test_where_all_is_right_nothing_is_said(right: Right) -> None:
    assert right.says(rasteriser="gsplat") == {}
    assert right.says() == {}


def test_a_wrapper_of_nvcc_on_path_is_no_toolkit(right: Right) -> None:
    right.program("nvcc", f'exec {right.home}/bin/nvcc "$@"')
    assert right.says() == {}
    assert cuda_toolkit.choose_toolkit("13.0").home == right.home


def test_a_link_to_nvcc_on_path_leads_to_its_toolkit(right: Right, tmp_path: Path) -> None:
    home = right.toolkit(tmp_path / "elsewhere")
    (right.folder / "nvcc").symlink_to(home / "bin/nvcc")
    assert cuda_toolkit.choose_toolkit("13.0").home == home


def test_without_nvcc_the_packages_compiler_mends_it(right: Right) -> None:
    (right.home / "bin/nvcc").unlink()
    said = right.says(rasteriser="gsplat")
    assert list(said) == ["gsplat's compiler"]
    assert said["gsplat's compiler"].startswith("no CUDA toolkit is here (nvcc): ")
    assert TOOLKIT in said["gsplat's compiler"]
    # With auto the experiment can run, and this is what it costs.
    drawing = right.says()["drawing"]
    assert TOOLKIT in drawing
    assert "Until then the CPU draws" in drawing

    # What it says to do: packages laid out in their own way, links beside them.
    right.toolkit(right.packages, packed=True)
    assert right.says(rasteriser="gsplat") == {}
    home = cuda_toolkit.choose_toolkit("13.0").home
    assert (home / "lib64/libcudart.so").resolve() == right.packages / "lib/libcudart.so.13"
    assert not (right.packages / "lib64").exists()


def test_a_toolkit_without_headers_is_none(right: Right) -> None:
    (right.home / "include/cuda_runtime.h").unlink()
    said = right.says(rasteriser="gsplat")["gsplat's compiler"]
    assert f"({right.home} lacks include/cuda_runtime.h): {TOOLKIT}" in said


def test_a_compiler_of_another_cuda_version(right: Right) -> None:
    right.toolkit(right.home, release="12.4")
    said = right.says(rasteriser="gsplat")["gsplat's compiler"]
    assert f"{right.home} is of CUDA 12.4, torch of 13.0" in said
    assert TOOLKIT in said
    right.toolkit(right.packages, packed=True)
    assert right.says(rasteriser="gsplat") == {}
    right.toolkit(right.home, release="13.2")  # a newer minor version will do
    assert cuda_toolkit.choose_toolkit("13.0").home == right.home


def test_a_cuda_home_that_is_none_is_to_be_unset(
    right: Right, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    said = right.says(rasteriser="gsplat")["gsplat's compiler"]
    assert f"({tmp_path} lacks bin/nvcc): unset it ({right.home} is whole)" in said
    monkeypatch.delenv("CUDA_HOME")
    assert right.says(rasteriser="gsplat") == {}


def test_a_compiler_that_fails_is_found_out_by_a_small_kernel(right: Right) -> None:
    right.toolkit(right.home, fails="unsupported GNU version! gcc versions later than 13")
    said = right.says(rasteriser="gsplat")["gsplat's compiler"]
    assert "unsupported GNU version" in said


def test_without_a_cxx_compiler_the_cpu_draws_or_it_is_installed(right: Right) -> None:
    (right.folder / "c++").unlink()
    assert "install g++" in right.says(rasteriser="gsplat")["gsplat's compiler"]
    assert "Until then the CPU draws" in right.says()["drawing"]
    right.compiler()
    assert right.says(rasteriser="gsplat") == {}


def test_pythons_headers_and_ninja_are_looked_for(right: Right, tmp_path: Path) -> None:
    (tmp_path / "include/Python.h").unlink()
    assert "python3-dev" in right.says(rasteriser="gsplat")["gsplat's compiler"]
    (tmp_path / "include/Python.h").touch()
    (right.folder / "ninja").unlink()
    assert "ninja is absent" in right.says(rasteriser="gsplat")["gsplat's compiler"]


def test_an_old_driver_is_updated_or_gets_an_older_torch(right: Right) -> None:
    right.nvidia_smi(Card(named(1)), driver="550.54.14")
    said = right.says()
    assert list(said) == ["driver"]
    assert "550.54.14 is too old for CUDA 13.0: update it to 580 or newer" in said["driver"]
    assert OLDER in said["driver"]
    torch.version.cuda = "12.6"  # as after that command
    assert "driver" not in right.says()


def test_an_old_driver_is_seen_without_nvidia_smi(right: Right) -> None:
    (right.folder / "nvidia-smi").unlink()
    right.driver(12040, named(1))
    assert "serves CUDA up to 12.4, is too old for CUDA 13.0" in right.says()["driver"]


def test_without_nvidia_smi_the_drivers_library_knows_the_gpus(right: Right) -> None:
    (right.folder / "nvidia-smi").unlink()
    right.driver(13000, named(1), named(2))
    assert right.says() == {}
    assert gpu.device_pool() == [named(1), named(2)]


@pytest.mark.parametrize("capability", ["7.0", "6.1"])
def test_a_gpu_that_torch_has_no_code_for(right: Right, capability: str) -> None:
    right.nvidia_smi(Card(named(1), "Tesla V100", capability))
    said = right.says()["torch on the GPU"]
    assert f"no code for compute capability {capability} (Tesla V100)" in said
    assert OLDER in said


def test_code_of_an_earlier_minor_version_runs(right: Right) -> None:
    right.nvidia_smi(Card(named(1), capability="8.9"))
    assert right.says() == {}


def test_a_small_gpu_is_told_which_keys_make_a_training_fit(right: Right) -> None:
    right.nvidia_smi(Card(named(1), "NVIDIA RTX 3080", "8.6", total_mib=10240))
    sized = {"steps": 1, "batch": 4, "size": 512}
    said = right.says(train=sized)["GPU memory"]
    assert "10 GiB of NVIDIA RTX 3080" in said
    assert "set train.checkpoint_encoder: true" in said
    assert "GPU memory" not in right.says(train={**sized, "checkpoint_encoder": True})


def test_mig_without_an_instance(right: Right) -> None:
    right.nvidia_smi(Card(named(1), mig="Enabled"))
    assert "no instance was made: `sudo nvidia-smi mig -cgi 0 -C`" in right.says()["GPU"]
    right.nvidia_smi(Card(named(1), mig="Enabled", instances=("MIG-x",)))
    assert right.says() == {}


def test_hidden_gpus(right: Right, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "CUDA_VISIBLE_DEVICES is '', which hides 1: unset it" in right.says()["GPU"]


def test_no_gpu_at_all(right: Right) -> None:
    (right.folder / "nvidia-smi").unlink()
    assert "use --profile profiles/laptop" in right.says()["GPU"]
    (finding,) = look_for_devices(validate({"device": "auto"}, "test"))
    assert finding == Finding("device", True, finding.detail)


def test_a_torch_without_cuda(right: Right, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    assert "`make env TORCH=` installs" in right.says(rasteriser="torch")["torch"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="torch can use the GPU of this computer")
def test_a_gpu_that_torch_cannot_use_for_another_reason(
    right: Right, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_device, "torch_fault", FAULT)
    assert f"torch {torch.__version__}" in right.says()["torch on the GPU"]
    with pytest.raises(UserError, match=r"device is cuda, but torch .*doctor` says what to do"):
        device_of(validate({"device": "cuda"}, "test"), "0")
    assert device_of(validate({"device": "auto"}, "test"), "0") == "cpu"
