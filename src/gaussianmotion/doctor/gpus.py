"""GPUs, their driver and memory, and what draws on them; all of it before anything starts."""

import os
from collections.abc import Iterator

from gaussianmotion.config import Config
from gaussianmotion.doctor.finding import Finding
from gaussianmotion.runtime import gpu, nvidia, torch_device
from gaussianmotion.runtime.driver import OLDER_TORCH, code_fault, driver_fault
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.training.memory import less_memory, peak_gib


def look_for_devices(config: Config) -> Iterator[Finding]:
    """GPUs where they would be used, whether torch and a training fit them, and what draws."""
    pool = gpu.device_pool()
    if not torch_device.wants_gpu(config.device, here=bool(pool)):
        yield Finding("device", True, f"CPU, {os.cpu_count()} cores")
        return
    if not pool:
        yield Finding("GPU", False, _none_here())
        return
    listed = [device for device in nvidia.devices() if {device.uuid, *device.instances} & set(pool)]
    names = ", ".join(dict.fromkeys(device.name for device in listed if device.name))
    yield Finding("GPU", True, f"{len(pool)} ({names or ', '.join(pool)})")
    faults = list(_torch_on(listed))
    yield from faults
    if not faults and (fault := torch_device.torch_fault()) is not None:
        detail = f"{fault}: nvidia-smi shows what the driver says, `sudo dmesg | grep -i nvrm` why"
        yield Finding("torch on the GPU", False, detail)
    yield from _memory(config, listed)
    if config.rasteriser in ("auto", "gsplat"):
        yield _drawing(config, listed)


def _none_here() -> str:
    """Why no GPU can be used here, and the one thing to do."""
    listed = nvidia.devices()
    if listed and all(device.mig and not device.instances for device in listed):
        return (
            "MIG is on and no instance was made: `sudo nvidia-smi mig -cgi 0 -C` makes one of the "
            "whole GPU, `sudo nvidia-smi -mig 0` turns MIG off"
        )
    if listed and "CUDA_VISIBLE_DEVICES" in os.environ:
        visible = os.environ["CUDA_VISIBLE_DEVICES"]
        return f"CUDA_VISIBLE_DEVICES is {visible!r}, which hides {len(listed)}: unset it"
    return (
        "none here; on a cluster run this on a node that has one; without any, use --profile "
        "profiles/laptop (here: --config config.yaml config/laptop.yaml)"
    )


def _torch_on(listed: list[nvidia.Device]) -> Iterator[Finding]:
    """What keeps this torch from these GPUs; nothing where they fit, or nothing is known."""
    import torch

    cuda = torch.version.cuda
    if cuda is None:
        yield Finding(
            "torch",
            False,
            f"torch {torch.__version__} is built without CUDA: `make env TORCH=` installs the "
            "usual one",
        )
        return
    if fault := driver_fault(cuda):
        yield Finding("driver", False, fault)
    built_for = torch.cuda.get_arch_list() or _compiled_for()
    for name, capability in dict.fromkeys((d.name, d.capability) for d in listed):
        fault = code_fault(capability, built_for) if capability and built_for else ""
        if fault:
            what = f"torch {torch.__version__} of CUDA {cuda} {fault} ({name})"
            yield Finding("torch on the GPU", False, f"{what}: {OLDER_TORCH}, or use another GPU")


def _compiled_for() -> list[str]:
    """What torch holds code for; ``get_arch_list`` is silent where no GPU can be used."""
    import torch

    flags = torch._C._cuda_getArchFlags() if hasattr(torch._C, "_cuda_getArchFlags") else None
    return (flags or "").split()


def _memory(config: Config, listed: list[nvidia.Device]) -> Iterator[Finding]:
    """Whether a training fits into each kind of GPU."""
    needed = peak_gib(config)
    known = {(device.name, device.total_gib) for device in listed if not device.mig}
    for name, total in sorted((name, total) for name, total in known if total):
        of = f"{total:.0f} GiB of {name or 'the GPU'}, about {needed:.1f} needed by a training"
        fits = needed <= total
        yield Finding("GPU memory", fits, of if fits else f"{of}: {less_memory(config, total)}")


def _drawing(config: Config, listed: list[nvidia.Device]) -> Finding:
    """Whether gsplat can be compiled, tried with a small kernel; else what draws, and its cost."""
    import torch

    from gaussianmotion.splat.cpu.elsewhere import cost_in_words
    from gaussianmotion.splat.cuda_toolkit import choose_toolkit, host_fault, trial_fault

    capability = next((device.capability for device in listed if device.capability), None)
    target = os.environ.get("TORCH_CUDA_ARCH_LIST") or (
        ".".join(map(str, capability)) if capability else ""
    )
    try:
        toolkit = choose_toolkit(torch.version.cuda or "")
        reason = host_fault() or trial_fault(toolkit, target)
    except UserError as error:
        reason = str(error)
    if not reason:
        return Finding("gsplat's compiler", True, f"{toolkit.home}, CUDA {toolkit.release}")
    if config.rasteriser == "auto":
        return Finding("drawing", True, cost_in_words(reason))
    return Finding("gsplat's compiler", False, reason)
