"""The lock of a file: of one process at a time, and gone with it, however it ends.

By flock itself and not by a library: a file system without locks is no reason to stop here, the
file may hold who has it, and whoever waits says so once.
"""

import errno
import fcntl
import sys

# What flock says on network file systems without locks, or (EBADF) of a file that is not writable.
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF)


def hold(handle: int, waiting: str = "", without_locks: str = "") -> None:
    """Take the exclusive lock of an open file; closing the file gives it back.

    Args:
        handle: File descriptor.
        waiting: The line that is said where somebody else holds it, if any.
        without_locks: The line that is said where the file system has no locks; nothing waits then.
    """
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                print(waiting, file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        if without_locks:
            print(f"{without_locks} ({error.strerror})", file=sys.stderr)


def try_hold(handle: int) -> bool:
    """Take the exclusive lock of an open file without waiting; False where somebody has it.

    A file system without locks says yes: nothing can be kept apart there.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True
