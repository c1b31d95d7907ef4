"""``python -m gaussianmotion``: the same as the command ``gaussianmotion``."""

import sys

from gaussianmotion.cli import main

sys.exit(main())
