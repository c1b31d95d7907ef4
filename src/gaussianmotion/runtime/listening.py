"""A port to listen at, taken before anything is said or loaded."""

import socket

from gaussianmotion.runtime.errors import UserError


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; 0 is any free port.

    Raises:
        UserError: the port is taken, there is no such address, or it may not be used.
    """
    # create_server leaves its socket open after the OverflowError of a port that cannot be.
    if not 0 <= port <= 65535:
        raise UserError(f"cannot listen at port {port}; choose another one with --port, 0 to 65535")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise UserError(
            f"cannot listen at {host}, port {port} ({error}); choose another one with --port"
        ) from None
