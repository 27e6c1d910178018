"""HAProxy: its configuration in a temporary folder, its statistics from its socket."""

import csv
import io
import socket
import threading
from dataclasses import replace
from time import perf_counter

from netlab.addresses import endpoint
from netlab.balance.settings import Server, Settings
from netlab.experiments.loadbalancing.engines import need
from netlab.experiments.loadbalancing.engines.base import (
    Account,
    Change,
    Program,
    Repeat,
    free_port,
)
from netlab.experiments.loadbalancing.haproxyconf import Extra, finer, text
from netlab.recording.records import Value

EVERY = 0.1
KEPT = ("stot", "econ", "eresp", "wretr", "wredis", "chkdown", "connect", "reuse")


class HAProxy(Program):
    """One thread, so that its turns are one sequence."""

    name = "haproxy"

    def start(self, settings: Settings) -> tuple[str, int]:
        self.settings = settings = replace(settings, listen=("127.0.0.1", free_port()))
        self.path = str(self.folder() / "socket")
        config = self.folder() / "haproxy.cfg"
        # A server that is to come later must have been written down: it is switched on then.
        self.spare = f"b{len(settings.backends) + 1}"
        spare = Server(self.spare, "127.0.0.1", 9)
        config.write_text(text(settings, Extra(self.path, 1, (spare,))))
        self.spawn([need("haproxy"), "-db", "-f", str(config)], settings.listen)
        self.changes: list[Change] = []
        self.states: dict[str, str] = {}
        self.over = threading.Event()
        self.watcher = threading.Thread(target=self._watch, daemon=True, name="haproxy's socket")
        self.watcher.start()
        return settings.listen

    def ask(self, command: str) -> str:
        """A question to its socket. Raises OSError."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(2)
            asking.connect(self.path)
            asking.sendall(command.encode() + b"\n")
            answer = b""
            while part := asking.recv(65536):
                answer += part
        return answer.decode(errors="backslashreplace")

    def drain(self, backend: str) -> None:
        self.ask(f"set server servers/{backend} state drain")

    def restore(self, backend: str) -> None:
        self.ask(f"set server servers/{backend} state ready")

    def add(self, server: Server) -> None:
        host, port = endpoint(server.host, server.port).rsplit(":", 1)
        self.ask(f"set server servers/{self.spare} addr {host} port {port}")
        self.ask(f"set server servers/{self.spare} weight {server.weight * finer(self.settings)}")
        self.restore(self.spare)

    def account(self) -> Account:
        self._stop()
        rows = self._rows()
        # It counts how often it turned away from a server, not to whom; only what could not be
        # connected is tried again, so nothing is done twice.
        repeats = [
            Repeat(str(row["backend"]), "", doubled=False)
            for row in rows
            for _ in range(_times(row, "wredis") + _times(row, "wretr"))
        ]
        return Account(self.changes, repeats, rows)

    def _rows(self) -> list[dict[str, Value]]:
        rows = csv.DictReader(io.StringIO(self.ask("show stat").removeprefix("# ")))
        return [
            {"backend": row["svname"], **{key: int(row[key] or 0) for key in KEPT if key in row}}
            for row in rows
            if row["pxname"] == "servers"
            and row["svname"] != "BACKEND"
            and not row["status"].startswith("MAINT")
        ]

    def _watch(self) -> None:
        """How it sees its servers; a change is known within a tenth of a second."""
        while not self.over.wait(EVERY):
            try:
                rows = csv.DictReader(io.StringIO(self.ask("show stat").removeprefix("# ")))
            except OSError:
                return
            for row in rows:
                if row["pxname"] == "servers" and row["svname"] != "BACKEND":
                    self._note(row["svname"], state_of(row["status"]), row.get("last_chk") or "")

    def _note(self, name: str, state: str, why: str) -> None:
        if name in self.states and self.states[name] != state:
            self.changes.append(Change(perf_counter(), name, state, why))
        self.states[name] = state

    def _stop(self) -> None:
        if hasattr(self, "over"):
            self.over.set()
            self.watcher.join()

    def close(self) -> None:
        self._stop()
        super().close()


def _times(row: dict[str, Value], key: str) -> int:
    value = row.get(key)
    return value if isinstance(value, int) else 0


def state_of(status: str) -> str:
    """`UP 1/3` is on its way down, and still up."""
    word = status.partition(" ")[0].lower()
    return {"no": "up", "drain": "draining", "maint": "down"}.get(word, word)
