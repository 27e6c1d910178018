"""Which backend, and whether what it failed to do may be asked of another.

Nothing is lost that can be repeated, and nothing is repeated that might count twice. A request of
which no octet was sent may go anywhere. One that was sent may be repeated when its method is
idempotent (RFC 9110 §9.2.2), its body is still here, no octet of a response has come, and it has
not been repeated before.
"""

from dataclasses import dataclass

from netlab.balance.backend import Backend
from netlab.balance.events import Fault, Lost, Retried
from netlab.balance.http.head import RequestHead
from netlab.balance.http.refusal import Refusal
from netlab.balance.http.site import Site

IDEMPOTENT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"})
"""RFC 9110 §9.2.2. TRACE is not forwarded; of methods unknown here nothing is assumed."""

TRIES = 3


@dataclass
class Broken(Exception):
    """A backend did not answer a request as it should.

    sent: octets of the request had left. started: octets of a response had come. reused: on a
    connection that had served before, and that the backend may have been closing.
    """

    why: str
    sent: bool = True
    started: bool = False
    reused: bool = False
    status: int = 502

    def __str__(self) -> str:
        return self.why


class Asking:
    """The choice of backends for one request, over all its tries."""

    def __init__(self, site: Site, request: RequestHead, source: str) -> None:
        self.site = site
        self.request = request
        self.name = f"{request.method.decode()} {request.target.path.decode()}"
        among = site.router.among(request)
        if among is None:
            raise Refusal(404, "no route leads from here to a backend", "RFC 9110 §15.5.5")
        self.among = among
        self.key = site.router.key(request, source)
        self.tried: list[Backend] = []
        self.repeated = False
        self.last: tuple[Backend, Broken] | None = None

    @property
    def idempotent(self) -> bool:
        return self.request.method in IDEMPOTENT

    def next(self) -> Backend:
        """The backend to ask now. Raises Refusal when there is none left."""
        chosen = self.choose()
        if chosen is None:
            raise self.lost() if self.last else Refusal(503, "no backend is up", "RFC 9110 §15.6.4")
        if self.last is not None:
            self.tell_retried(self.last, chosen)
        return chosen

    def choose(self) -> Backend | None:
        if self.last is not None and self.last[1].reused:
            # Its connection was at its end, which says nothing of the backend: a new one will tell.
            return self.last[0]
        pool = self.site.pool
        stuck = self.stuck()
        if stuck is not None and stuck not in self.tried and pool.stick(stuck):
            return stuck
        return pool.pick(self.key, self.tried, self.among)

    def stuck(self) -> Backend | None:
        """The backend that the client's cookie names, where its route allows that one."""
        if self.site.sticky is None:
            return None
        backend = self.site.sticky.backend(self.request.fields)
        if backend is None or (self.among and backend.name not in self.among):
            return None
        return backend

    def broke(self, backend: Backend, broken: Broken, replayable: bool) -> None:
        """Take note of it. Raises Refusal unless the request may be made again."""
        self.last = backend, broken
        if not broken.reused:
            self.tried.append(backend)
            fault: Fault = "late" if broken.status == 504 else "broken"
            self.site.pool.failed(backend, broken.why, fault)
        if len(self.tried) >= TRIES or not self.may_repeat(broken, replayable):
            raise self.lost()

    def may_repeat(self, broken: Broken, replayable: bool) -> bool:
        if not broken.sent:
            return True
        if broken.status == 504 or broken.started or self.repeated:
            # What is silent may be at work on it still.
            return False
        if not (self.idempotent and replayable):
            return False
        self.repeated = True
        return True

    def lost(self) -> Refusal:
        """No backend has served it: tell that, and what to answer."""
        assert self.last is not None
        backend, broken = self.last
        self.site.pool.tell(Lost(self.site.pool.clock(), self.name, backend.name, broken.why))
        section = "RFC 9110 §15.6.5" if broken.status == 504 else "RFC 9110 §15.6.3"
        return Refusal(broken.status, f"the backend {broken.why}", section)

    def tell_retried(self, last: tuple[Backend, Broken], second: Backend) -> None:
        pool, (first, broken) = self.site.pool, last
        pool.tell(Retried(pool.clock(), self.name, first.name, second.name, broken.sent))
