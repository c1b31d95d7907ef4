"""``python -m gaussianmotion``: the same as the command ``gaussianmotion``.

Within a workflow it may be started in a copy of a process that has the libraries loaded already.
"""

import sys

from gaussianmotion.runtime import fork_client

code = fork_client.run(sys.argv[1:])
if code is None:
    from gaussianmotion.cli import main

    code = main()
sys.exit(code)
