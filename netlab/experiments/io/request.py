"""One request to the slow server.

On the wire: how long the server is to wait (seconds, 8 octets), how long the payload is (4), the
payload. The answer is the payload again.
"""

import struct
from time import perf_counter

from netlab.experiments.io.calls import Socket

HEAD = struct.Struct("!dI")
LONGEST_DELAY = 60.0
LARGEST = 1_000_000


class Request:
    """What is still to be sent on a socket, and what is still missing of its answer.

    gone, come: when all had been sent, and when all of the answer was there.
    """

    def __init__(self, sock: Socket, delay: float, payload: bytes) -> None:
        self.sock, self.delay, self.payload = sock, delay, payload
        self.unsent = HEAD.pack(delay, len(payload)) + payload
        self.answer = bytearray()
        self.gone = self.come = 0.0

    def sent(self, octets: int) -> None:
        """So many went out; a socket may take less than it is given."""
        self.unsent = self.unsent[octets:]
        if not self.unsent:
            self.gone = perf_counter()

    @property
    def missing(self) -> int:
        """Octets of the answer that are still to come."""
        return len(self.payload) - len(self.answer)

    def take(self, octets: bytes) -> None:
        """A piece of the answer. Nothing at all is the end of the stream."""
        if not octets:
            raise ConnectionError("the server hung up in the middle of an answer")
        self.answer += octets
        if not self.missing:
            self.come = perf_counter()
