"""Makes calls and writes down what each one answered, and how long it took."""

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import ParamSpec, TypeVar

from netlab.recording.records import Value

P = ParamSpec("P")
R = TypeVar("R")


class Log:
    """rows: one for each call: what was called, what came back, how long it took."""

    def __init__(self) -> None:
        self.rows: list[Value] = []
        self.took = 0.0

    def call(self, text: str, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Make the call. An OSError is written down by its name, and goes on to the caller."""
        start = perf_counter()
        try:
            result = function(*args, **kwargs)
        except OSError as error:
            self._row(text, name_of(error), start)
            raise
        self._row(text, shown(result), start)
        return result

    def refused(
        self, text: str, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs
    ) -> str:
        """Make a call that may be refused; answers the error's name, or nothing."""
        try:
            self.call(text, function, *args, **kwargs)
        except OSError as error:
            return name_of(error)
        return ""

    def say(self, text: str, back: str, took: float | None = None) -> None:
        """What is no call, or was made elsewhere, and belongs between two."""
        self.rows.append({"call": text, "back": back, "took": took})

    def _row(self, text: str, back: str, start: float) -> None:
        self.took = perf_counter() - start
        self.rows.append({"call": text, "back": back, "took": self.took})


def name_of(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, type(error).__name__)


def shown(result: object) -> str:
    """What a call brought, in few words."""
    if isinstance(result, bytes):
        return f"{len(result)} octets" if len(result) > 8 else repr(result)
    if isinstance(result, list):
        return f"{len(result)} ready" if result else "nothing is ready"
    return "done" if result is None else str(result)


@contextmanager
def connected() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a TCP connection over loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        far, _ = server.accept()
    with near, far:
        yield near, far
