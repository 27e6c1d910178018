"""A lab that keeps running, and how a later command of the same user finds it.

The announcement is a small file that only this user can read: process, port and token of the
lab's control port. It lies in XDG_RUNTIME_DIR, which the system empties at log-out, or else in a
folder of the user's own among the temporary ones.
"""

import contextlib
import json
import os
import secrets
import signal
import socket
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from netlab import __version__
from netlab.errors import Exit, NetlabError
from netlab.lab.client import Lab
from netlab.lab.proof import proof

NAME = "lab.json"
PATIENCE = 1.0
"""Seconds that an announced lab may take to say that it is there."""
LOOK = 0.5
"""Seconds between two looks at whether the lab still lives, while nothing happens."""
LARGEST = 1 << 16


def folder(environ: Mapping[str, str] = os.environ) -> Path:
    """This user's folder for announcements; it need not exist."""
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime and Path(runtime).is_dir():
        return Path(runtime) / "netlab"
    user = str(os.getuid()) if hasattr(os, "getuid") else environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"netlab-{user}"


def ours_alone(path: Path) -> bool:
    """Whether it is no link, belongs to this user, and lets no other in."""
    try:
        found = path.lstat()
    except OSError:
        return False
    if stat.S_ISLNK(found.st_mode):
        return False
    if not hasattr(os, "getuid"):  # Windows keeps temporary folders per user
        return True
    return found.st_uid == os.getuid() and not found.st_mode & 0o077


def publish(lab: Lab, place: Path | None = None) -> Path:
    """Open the lab's control port and announce it; answers the file, to be unlinked at the end."""
    place = place or folder()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not ours_alone(place):
        raise NetlabError(
            f"{place} is not this user's alone, so the lab cannot be announced there.",
            where="the lab",
            advice=f"Remove it, or set XDG_RUNTIME_DIR. (chmod 700 {place} if it is yours.)",
            exit=Exit.FILE,
        )
    port = lab.command("listen")
    data = {
        "version": __version__,
        "pid": lab.directory.pid,
        "port": port["port"],
        "token": port["token"],
    }
    return write(place / NAME, json.dumps(data).encode())


def write(path: Path, data: bytes) -> Path:
    """Put the file there in one step, readable by this user alone."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with open(draft, "xb", opener=private) as file:
            file.write(data)
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise NetlabError(
            "The lab could not be announced.", "the lab", str(error), exit=Exit.FILE
        ) from error
    return path


def private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def find(place: Path | None = None) -> Lab | None:
    """The announced lab, if it lives, is this user's, and is of this very version."""
    path = (place or folder()) / NAME
    if not ours_alone(path.parent) or not ours_alone(path):
        return None
    try:
        data = json.loads(path.read_bytes()[:LARGEST])
        if data["version"] != __version__:
            return None
        return reach_out(int(data["port"]), str(data["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def reach_out(port: int, token: str) -> Lab | None:
    """Connect to a control port; None unless it proves that it is the announced lab's."""
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
    lines = connection.makefile("rb")
    try:
        greeted = greet(connection, lines, token)
    except OSError:
        greeted = False
    if not greeted:
        lines.close()
        connection.close()
        return None
    connection.settimeout(None)
    lab = Lab.over(connection, lines)
    try:
        lab.wait_ready(PATIENCE)
    except NetlabError:
        return None
    return lab


def greet(connection: socket.socket, lines: IO[bytes], token: str) -> bool:
    """Have the lab prove that it knows the token, then prove it ourselves."""
    nonce = secrets.token_hex(16).encode()
    connection.sendall(nonce + b"\n")
    shown = lines.readline(LARGEST).strip()
    if not secrets.compare_digest(shown, proof(token, b"lab", nonce)):
        return False
    connection.sendall(proof(token, b"client", nonce) + b"\n")
    return True


def up(
    ready: Callable[[Lab], None],
    distance: Mapping[str, float] | None = None,
    place: Path | None = None,
) -> None:
    """Keep an announced lab running until SIGINT or SIGTERM. ready: called once it stands."""
    if other := find(place):
        pid = other.directory.pid
        other.close()
        raise NetlabError(
            f"A lab is up already (process {pid}).",
            where="the lab",
            advice="netlab trace finds it by itself. End it where it was started, with Ctrl-C.",
        )
    with signals() as told, Lab.start(distance) as lab:
        path = publish(lab, place)
        try:
            ready(lab)
            while not told.wait(LOOK):
                if not lab.alive:
                    raise NetlabError(
                        "The lab has ended by itself.", where="the lab", exit=Exit.CONNECT
                    )
        finally:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, in place of what they do otherwise."""
    told = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before: dict[signal.Signals, Any] = {
        number: signal.signal(number, lambda *_: told.set()) for number in numbers
    }
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
