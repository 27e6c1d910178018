"""The lab from outside: start it, find its servers, read its journal, tell it what to do.

Only the standard library, and no event loop: the lab is to be spawned before anything heavy is
imported, and its handle serves plain and asynchronous code alike.
"""

import contextlib
import json
import socket
import subprocess
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from typing import IO, Any

from netlab.errors import Exit, NetlabError
from netlab.lab.directory import Directory
from netlab.lab.service import Entry
from netlab.processes import command_line

MODULE = "netlab.lab.process"
START = 15.0
"""Seconds in which the lab must stand; it takes a fraction of one."""
REPLY = 10.0
FAREWELL = 2.0
KEPT = 100_000
"""Entries of the journal that are kept here."""


class Mailbox:
    """All that the lab has said so far. A thread fills it, others wait for it."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.directory: Directory | None = None
        self.entries: deque[Entry] = deque(maxlen=KEPT)
        self.replies: dict[int, Mapping[str, Any]] = {}
        self.dropped = 0
        self.failed = ""
        self.ended = False

    def read(self, lines: IO[bytes]) -> None:
        """Take in lines until they end."""
        try:
            for line in lines:
                self.take(json.loads(line))
        except (ValueError, OSError) as error:
            self.failed = str(error)
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def take(self, line: Mapping[str, Any]) -> None:
        with self.changed:
            match line:
                case {"entry": entry}:
                    self.entries.append(Entry(**entry))
                    return  # nobody waits for entries
                case {"reply": int(number)}:
                    self.replies[number] = line
                case {"ready": directory} | {"directory": directory}:
                    self.directory = Directory.from_json(directory)
                case {"dropped": int(number)}:
                    self.dropped += number
                case {"failed": str(reason)}:
                    self.failed = reason
            self.changed.notify_all()

    def wait(self, for_what: Callable[[], bool], seconds: float) -> bool:
        """Whether it came true in time; at the lab's end there is nothing left to wait for."""
        with self.changed:
            self.changed.wait_for(lambda: for_what() or self.ended or bool(self.failed), seconds)
            return for_what()


class Lab:
    """A handle on a running lab: one that this process started, or one that was announced."""

    def __init__(self, lines: IO[bytes], commands: IO[bytes], end: Callable[[], None]) -> None:
        self.mailbox = Mailbox()
        self.commands = commands
        self.writing = threading.Lock()
        self.numbers = 0
        reader = threading.Thread(
            target=self.mailbox.read, args=(lines,), name="lab's journal", daemon=True
        )
        reader.start()
        # Runs at close, when the handle is forgotten, or at the interpreter's end.
        self.ending = weakref.finalize(self, hang_up, lines, commands, end, reader)

    @classmethod
    def start(cls, distance: Mapping[str, float] | None = None) -> "Lab":
        """A lab that stands. distance: seconds by service, or by kind of service."""
        lab = cls.spawn(distance)
        lab.wait_ready()
        return lab

    @classmethod
    def spawn(cls, distance: Mapping[str, float] | None = None) -> "Lab":
        """A lab that is on its way: this returns at once, `wait_ready` waits."""
        settings = json.dumps({"distance": dict(distance or {})})
        try:
            process = subprocess.Popen(
                command_line(MODULE, settings),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                close_fds=True,
                # Ctrl-C is sent to the whole session of a terminal. The parent decides what it
                # means, and a lab that is still starting up cannot ignore it yet.
                start_new_session=True,
            )
        except OSError as error:
            raise broken("The lab could not be started.", str(error)) from error
        assert process.stdout is not None
        assert process.stdin is not None
        return cls(process.stdout, process.stdin, lambda: reap(process))

    @classmethod
    def over(cls, connection: socket.socket, lines: IO[bytes]) -> "Lab":
        """A handle over a control connection that has been greeted."""
        return cls(lines, connection.makefile("wb"), lambda: hang_up_socket(connection))

    def wait_ready(self, seconds: float = START) -> Directory:
        """Wait until the lab stands. Raises NetlabError when it does not."""
        box = self.mailbox
        if not box.wait(lambda: box.directory is not None, seconds):
            self.close()
            raise broken(
                "The lab did not start.", box.failed or f"It did not stand within {seconds:g} s."
            )
        assert box.directory is not None
        return box.directory

    @property
    def directory(self) -> Directory:
        """Where everything is; waits until the lab stands."""
        return self.mailbox.directory or self.wait_ready()

    @property
    def alive(self) -> bool:
        return self.ending.alive and not self.mailbox.ended

    @property
    def dropped(self) -> int:
        """Entries that the lab threw away because nobody read them."""
        return self.mailbox.dropped

    def entries(self) -> tuple[Entry, ...]:
        """The journal so far, oldest first."""
        with self.mailbox.changed:
            return tuple(self.mailbox.entries)

    def sync(self) -> None:
        """Wait until all that the lab has told before now is in `entries`."""
        self.command("sync")

    def settle(self, websocket: bool = False, oauth: bool = False) -> None:
        """Wait until the lab has made ready all that its first clients would wait for.

        It stands before that. Whoever measures times must settle first, or finds the lab's last
        imports and certificates in the server's time. websocket, oauth: what only these need as
        well.
        """
        self.command("settle", websocket=websocket, oauth=oauth)

    def command(self, name: str, **arguments: object) -> Mapping[str, Any]:
        """Have the lab do something: `stop`, `start` (service=), `distance` (service=, seconds=),
        `fault` (service=, kind=; an empty kind heals), `oauth` (service=, and any setting of
        `netlab.lab.oauth.settings`, as protections={"pkce": False}).

        Returns when it is done. Raises NetlabError when the lab refuses, or has ended.
        """
        with self.writing:
            self.numbers += 1
            number = self.numbers
            line = json.dumps({"id": number, "command": name, **arguments}).encode() + b"\n"
            try:
                self.commands.write(line)
                self.commands.flush()
            except (OSError, ValueError) as error:
                raise broken("The lab has ended.", str(error)) from error
        box = self.mailbox
        if not box.wait(lambda: number in box.replies, REPLY):
            raise broken(f"The lab did not answer the command {name!r}.", box.failed)
        reply = box.replies.pop(number)
        if not reply["ok"]:
            what = f"The lab refuses the command {name!r}: {reply['error']}."
            raise NetlabError(what, advice=reply["advice"])
        return reply

    def close(self) -> None:
        """End the lab if this process started it; let go of it in any case."""
        self.ending()

    def __enter__(self) -> "Lab":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def hang_up(
    lines: IO[bytes], commands: IO[bytes], end: Callable[[], None], reader: threading.Thread
) -> None:
    with contextlib.suppress(OSError):  # it may have gone already
        commands.close()  # the lab sees the end of its control pipe, and goes
    end()
    reader.join(FAREWELL)
    if not reader.is_alive():
        lines.close()


def reap(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(FAREWELL)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def hang_up_socket(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the lab may have been quicker
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def broken(what: str, cause: str) -> NetlabError:
    return NetlabError(what, where="the lab", cause=cause, exit=Exit.CONNECT)
