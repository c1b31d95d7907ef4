"""What this computer has and lacks for an experiment, before anything runs."""

from contextlib import suppress

from gaussianmotion.config import Config, PriorConfig
from gaussianmotion.config.file import load_variants
from gaussianmotion.doctor.computer import look_at_python, look_for_packages
from gaussianmotion.doctor.disk import look_for_room
from gaussianmotion.doctor.finding import Finding
from gaussianmotion.doctor.gpus import look_for_devices
from gaussianmotion.doctor.inputs import look_at_body, look_at_motions
from gaussianmotion.doctor.models import look_for_models
from gaussianmotion.models.sources import experiment_models
from gaussianmotion.pipeline.experiment import own_priors
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.registry import weights_of

__all__ = ["Finding", "examine"]


def examine(config: Config) -> list[Finding]:
    """Look at everything that the experiment needs."""
    models = list(experiment_models(config, _own_priors(config), weights_of(config.scores.names)))
    return [
        look_at_python(),
        *look_for_devices(config),
        look_at_body(config),
        *look_at_motions(config),
        *look_for_packages(config),
        *look_for_models(config, models),
        *look_for_room(config, models),
    ]


def _own_priors(config: Config) -> dict[str, PriorConfig]:
    """Those of variants; that a variant is wrong, the workflow says before it starts."""
    with suppress(UserError):
        return own_priors(config, load_variants(config.variants_file))
    return {}
