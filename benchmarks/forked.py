"""The end of a process that is a copy of this one."""

import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn


def end_with(run: Callable[[], int]) -> NoReturn:
    """End the copy with what ``run`` returns, 1 where it fails; it never goes on as its parent."""
    code = 1
    try:
        code = run()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)
