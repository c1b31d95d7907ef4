"""GaussianMotion: animatable 3D Gaussian avatars from text, a reproducible pipeline."""

import os

__version__ = "0.1.0"

# On Intel's processors MKL, with which torch multiplies matrices, rounds by where in memory they
# lie: a training that was killed would go on to other bytes. Read at MKL's first product.
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
