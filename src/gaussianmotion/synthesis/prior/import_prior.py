"""A shipped prior becomes checkpoints again, so that its training can go on anywhere.

Checkpoints (weights, averages, optimiser) are 270 MB and stay where the training ran; the fp16
weights that ship are enough to go on. Only Muon's momentum is lost, which is new after 20 steps.
"""

from pathlib import Path

from diffusers import AutoencoderTiny, ControlNetModel, UNet2DConditionModel
from torch import float32

from gaussianmotion.guidance.load import load_network, read_json
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.prior.checkpoint import load_checkpoint, save_checkpoint
from gaussianmotion.synthesis.prior.diffusion_trainer import DiffusionSettings, Trainer
from gaussianmotion.synthesis.prior.train_autoencoder import KIND as AUTOENCODER
from gaussianmotion.synthesis.prior.train_diffusion import KIND as DIFFUSION


def import_prior(prior: Path, out: Path) -> tuple[Path, Path]:
    """Write ``shipped.pt`` and ``autoencoder.pt`` of a prior.

    Go on with ``train_prior(dataset, autoencoder.pt, out, steps=..., resume=shipped.pt)``, where
    ``steps`` counts from the beginning, those of ``training.json`` included.

    Args:
        prior: Folder of the prior.
        out: Folder for the two checkpoints.

    Returns:
        Their paths: of the diffusion and of the autoencoder.

    Raises:
        UserError: a part of the prior is missing or damaged, or ``out`` holds a training's own
            autoencoder, which would be lost.
    """
    autoencoder = out / "autoencoder.pt"
    if autoencoder.exists() and "digest" in load_checkpoint(autoencoder, AUTOENCODER):
        raise UserError(f"{autoencoder} is of a training: give --out another folder")
    facts = read_json(prior / "training.json")
    try:
        settings = {**DiffusionSettings().__dict__, **facts["settings"]}
        trainer = Trainer(DiffusionSettings(**settings))
    except (KeyError, TypeError) as error:
        raise UserError(f"{prior / 'training.json'} is of another kind of training") from error
    for name, kind in (("unet", UNet2DConditionModel), ("controlnet", ControlNetModel)):
        weights = load_network(kind, prior / name, float32).state_dict()
        trainer.networks[name].load_state_dict(weights)
    for name, p in trainer.networks.named_parameters():
        trainer.averages[name].copy_(p.detach())
    vae = load_network(AutoencoderTiny, prior / "vae", float32)
    state = {
        "digest": "",  # Of no data: it can be resumed from, but is nobody's interrupted run.
        "settings": settings,
        "step": int(facts["steps"]),
        "seconds": 3600.0 * float(facts["hours"]),
        "scaling": float(read_json(prior / "vae" / "config.json")["scaling_factor"]),
        "networks": trainer.networks.state_dict(),
        "averages": trainer.averages,
        "optimiser": trainer.optimiser.state_dict(),
    }
    save_checkpoint(out / "shipped.pt", DIFFUSION, state)
    save_checkpoint(autoencoder, AUTOENCODER, {"network": vae.state_dict()})
    return out / "shipped.pt", autoencoder
