"""How many requests and connections are open at each backend now, for whoever watches."""

import json
import threading


class Samples:
    """Keeps the last pieces of the backends' journals, and reads them only when it is asked."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._lock = threading.Lock()
        self._open: dict[str, int] = {}

    def take(self, piece: bytes) -> None:
        """Called in the thread that reads a journal."""
        with self._lock:
            self._pieces.append(piece)

    def now(self) -> dict[str, int]:
        """Open requests by backend. A line that is cut in two is left out: another one follows."""
        with self._lock:
            data, self._pieces = b"".join(self._pieces), []
        for line in data.splitlines():
            if line.startswith(b'["open"') and line.endswith(b"]"):
                try:
                    self._open[str(json.loads(line)[2])] = int(json.loads(line)[3])
                except (ValueError, IndexError):
                    continue
        return dict(self._open)
