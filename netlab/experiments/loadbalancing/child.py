"""A process of ours that ends with us: the balancer, or a group of backends.

It is run as `python -m MODULE SETTINGS`. Its standard input is the control pipe, whose end it
takes for the end of its parent; it writes one line with `ready`, then its journal. A thread here
keeps what it writes and reads none of it until the run is over: parsing beside a load that is
being timed would falsify it.
"""

import contextlib
import json
import subprocess
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import IO, Any

from netlab.errors import Exit, NetlabError
from netlab.processes import command_line

READY = 15.0
FAREWELL = 2.0
MOST = 256 * 1024 * 1024
"""Octets of a journal that are kept."""


class Journal:
    """All that a child has written, and its first line."""

    def __init__(self, heard: Callable[[bytes], None] | None) -> None:
        self.heard = heard
        self.ready = threading.Event()
        self.first = b""
        self.pieces: list[bytes] = []
        self.kept = 0

    def read(self, lines: IO[bytes]) -> None:
        with contextlib.suppress(ValueError, OSError):
            self.first = lines.readline()
            self.ready.set()
            while piece := lines.read1(65536):  # type: ignore[attr-defined]
                if self.kept < MOST:
                    self.pieces.append(piece)
                    self.kept += len(piece)
                if self.heard is not None:
                    self.heard(piece)
        self.ready.set()


class Child:
    """heard: told of each piece that came, in the thread that read it: it must be quick."""

    def __init__(
        self, module: str, settings: str, heard: Callable[[bytes], None] | None = None
    ) -> None:
        try:
            self.process = subprocess.Popen(
                command_line(module, settings),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=True,
                # Ctrl-C is sent to the whole session of a terminal. The parent decides what it
                # means, and a child that is still starting up cannot ignore it yet.
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise broken(module, str(error)) from error
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.module = module
        self.commands = self.process.stdin
        self.journal = Journal(heard)
        reader = threading.Thread(
            target=self.journal.read, args=(self.process.stdout,), daemon=True, name=module
        )
        reader.start()
        self.ending = weakref.finalize(self, end, self.process, reader)

    def ready(self) -> Mapping[str, Any]:
        """What it says once it stands. Raises NetlabError when it does not."""
        self.journal.ready.wait(READY)
        try:
            said = json.loads(self.journal.first)
        except ValueError:
            said = {}
        if "ready" not in said:
            self.close()
            raise broken(self.module, str(said.get("failed", "it did not stand in time")))
        ready: Mapping[str, Any] = said["ready"]
        return ready

    def tell(self, command: Mapping[str, Any]) -> None:
        """Hand it a command; one that is dead already hears nothing."""
        with contextlib.suppress(OSError, ValueError):
            self.commands.write(json.dumps(command).encode() + b"\n")
            self.commands.flush()

    def kill(self) -> None:
        """Die, as a machine does whose power is cut: nothing is said to anybody."""
        self.process.kill()

    def lines(self) -> list[Any]:
        """The journal, parsed; to be asked for when the run is over. A cut last line is left."""
        whole = b"".join(self.journal.pieces)
        return [json.loads(line) for line in whole[: whole.rfind(b"\n") + 1].splitlines()]

    def close(self) -> None:
        self.ending()


def end(process: "subprocess.Popen[bytes]", reader: threading.Thread) -> None:
    with contextlib.suppress(OSError):
        assert process.stdin is not None
        process.stdin.close()  # it sees the end of its control pipe, and goes
    try:
        process.wait(FAREWELL)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    reader.join(FAREWELL)
    assert process.stdout is not None
    if not reader.is_alive():
        process.stdout.close()


def broken(module: str, cause: str) -> NetlabError:
    return NetlabError(
        f"{module} could not be started.", where="the load-balancing demo", cause=cause,
        exit=Exit.CONNECT,
    )  # fmt: skip
