"""How many requests and connections are open at each backend now, for whoever watches."""

import json
import threading


class Samples:
    """Keeps the last pieces of the backends' journals, and reads them only when it is asked."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._lock = threading.Lock()
        self._open: dict[str, tuple[int, int]] = {}

    def take(self, piece: bytes) -> None:
        """Called in the thread that reads a journal."""
        with self._lock:
            self._pieces.append(piece)

    def now(self) -> dict[str, tuple[int, int]]:
        """Open requests and connections by backend.

        A line that came in two pieces is left out: another one follows.
        """
        with self._lock:
            data, self._pieces = b"".join(self._pieces), []
        for line in data.splitlines():
            if line.startswith(b'["open"') and line.endswith(b"]"):
                try:
                    _, _, name, requests, connections = json.loads(line)
                except ValueError:
                    continue
                self._open[name] = requests, connections
        return dict(self._open)
