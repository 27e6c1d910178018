"""`netlab lb demo layers`: the same octets through a balancer at layer 4 and one at layer 7."""

import asyncio
import contextlib
import ssl
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from netlab.balance.events import Event, Finished, Refused
from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.loadbalancing import certificates
from netlab.experiments.loadbalancing.arrivals import Arrival
from netlab.experiments.loadbalancing.engines.netlab import Ours
from netlab.experiments.loadbalancing.farm import Spec, Told
from netlab.experiments.loadbalancing.load import octets
from netlab.experiments.loadbalancing.options import Options
from netlab.experiments.loadbalancing.standing import standing
from netlab.recording.records import Value

Layer = Literal[4, 7]
LAYERS: tuple[Layer, ...] = (4, 7)
MANY, FEW, OTHERS = 100, 4, 7
"""Requests of the busy client, of each other one, and how many others there are."""
PATIENCE = 5.0
MOST = 64 * 1024
HOST = "app.example.com"

SMUGGLED = (
    b"POST /page HTTP/1.1\r\nHost: app.example.com\r\nX-Id: 900\r\n"
    b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG"
)
"""RFC 9112 §6.3: one reader takes six octets for the body, another ends it after five, and then
the G begins the next request."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one layer did with the clients' requests, and what it could tell of them."""

    layer: Layer
    told: list[Told]
    events: list[Event]


def specs(cert: str = "") -> list[Spec]:
    return [
        Spec(f"b{number}", mean=0.001, steady=True, places=64, cert=cert)
        for number in range(1, 5)
    ]  # fmt: skip


async def run(bench: Bench, options: Options) -> Exit:
    recorder = bench.recorder
    recorder.actor("you", "you", "client")
    for layer in LAYERS:
        recorder.actor(f"l{layer}", f"layer {layer}", "load balancer")
    await connections(bench)
    await smuggling(bench)
    await secret(bench)
    return Exit.OK


async def connections(bench: Bench) -> None:
    """One connection with many requests beside others with few."""
    step, recorder = bench.step("lb.layers", "One connection, a hundred requests"), bench.recorder
    recorder.fact(step, "lb.layers.many", MANY, origin="configured")
    recorder.fact(step, "lb.layers.others", OTHERS, origin="configured")
    recorder.fact(step, "lb.layers.few", FEW, origin="configured")
    seen = []
    for layer in LAYERS:
        with recorder.phase(step, f"through layer {layer}", "far end", "detail"):
            seen.append(await through(layer))
    rows: list[Value] = [row for one in seen for row in shares(one)]
    recorder.fact(step, "lb.layers.shares", rows, note="as each backend counts")
    for one in seen:
        homes = {told.backend for told in one.told if told.word == "got" and busy(told)}
        recorder.fact(step, f"lb.layers.homes{one.layer}", len(homes),
                      note="backends that served the busy connection")  # fmt: skip
        recorder.fact(step, f"lb.layers.sees{one.layer}", sees(one), note="by its own journal")
    recorder.question(
        step,
        f"One client sends {MANY} requests over one kept connection. Over how many of four "
        "backends does a balancer at layer 4 spread them?",
        ("four", "one", "it depends on the algorithm"),
        1,
        "It chooses when the connection comes, and never reads what goes through it. At layer 7 "
        "each request is a choice of its own.",
    )


def busy(told: Told) -> bool:
    return 0 <= int(told.more[0]) < MANY


async def through(layer: Layer) -> Seen:
    async with standing(specs(), layer=layer) as stand:
        plans = [range(MANY), *(range(1000 * n, 1000 * n + FEW) for n in range(1, OTHERS + 1))]
        for ids in plans:  # in turn, so that each connection's place in the order is known
            await over_one(stand.target, ids)
        assert isinstance(stand.engine, Ours)
        events = await asyncio.to_thread(stand.engine.events)
        return Seen(layer, stand.told(), events)


async def over_one(target: tuple[str, int], ids: range) -> None:
    """All requests over one connection, each after the last one's answer."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(*target)
        try:
            for id in ids:
                writer.write(octets(Arrival(id, 0.0)))
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
        finally:
            writer.close()


def shares(seen: Seen) -> list[Value]:
    connected = Counter(one.backend for one in seen.told if one.word == "connected")
    got = Counter(one.backend for one in seen.told if one.word == "got")
    return [
        {
            "layer": seen.layer, "backend": name, "connections": connected[name],
            "connection_share": 100 * connected[name] / (sum(connected.values()) or 1),
            "requests": got[name], "request_share": 100 * got[name] / (sum(got.values()) or 1),
        }
        for name in ("b1", "b2", "b3", "b4")
    ]  # fmt: skip


def sees(seen: Seen) -> list[Value]:
    """The first of its own notes, whatever they hold."""
    done = [one for one in seen.events if isinstance(one, Finished)]
    return [
        {
            "client": one.client, "backend": one.backend, "in": one.received, "out": one.sent,
            "request": one.request, "status": one.status,
        }
        for one in done[:2]
    ]  # fmt: skip


async def smuggling(bench: Bench) -> None:
    """A request with two lengths: RFC 9112 §6.3 calls it a possible attack."""
    step, recorder = bench.step("lb.layers-smuggling", "A request with two lengths"), bench.recorder
    rows: list[Value] = []
    for layer in LAYERS:
        async with standing(specs(), layer=layer) as stand:
            at = recorder.now()
            answer = await raw(stand.target, SMUGGLED)
            assert isinstance(stand.engine, Ours)
            events = await asyncio.to_thread(stand.engine.events)
            got = [one.backend for one in stand.told() if one.word == "got"]
        recorder.message(step, "you", f"l{layer}", "http/1.1", "POST /page, with two lengths",
                         SMUGGLED, at=at)  # fmt: skip
        line = answer.partition(b"\r\n")[0].decode("latin-1") or "nothing"
        recorder.message(step, f"l{layer}", "you", "http/1.1", line, answer)
        why = [one.why for one in events if isinstance(one, Refused)]
        rows.append(
            {
                "layer": layer, "answer": line, "reached": got[0] if got else "no backend",
                "why": why[0] if why else "",
            }
        )  # fmt: skip
        recorder.fact(step, f"lb.layers.smuggled{layer}", bool(got))
        recorder.fact(step, f"lb.layers.answer{layer}", line)
    recorder.fact(step, "lb.layers.smuggling", rows)


async def raw(target: tuple[str, int], data: bytes) -> bytes:
    """What comes back for these octets, until the other side ends or is silent."""
    reader, writer = await asyncio.open_connection(*target)
    found = b""
    try:
        writer.write(data)
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(1.0):
                while len(found) < MOST and (part := await reader.read(4096)):
                    found += part
                    if not found.startswith(b"HTTP/1.1 4") and b"\r\n\r\n" in found:
                        break
    finally:
        writer.close()
    return found


async def secret(bench: Bench) -> None:
    """TLS to the same backends: passed unopened, not understood, or ended at the balancer."""
    step, recorder = bench.step("lb.layers-tls", "What TLS hides"), bench.recorder
    rows: list[Value] = []
    with tempfile.TemporaryDirectory(prefix="netlab-lb-") as folder:
        theirs, own = Path(folder) / "backend.pem", Path(folder) / "balancer.pem"
        certificates.write(theirs, "the backend", HOST)
        certificates.write(own, "the balancer", HOST)
        cases = (
            ("layer 4", str(theirs), {"layer": 4}),
            ("layer 7, without a certificate", "", {"layer": 7}),
            ("layer 7, with its own certificate", "",
             {"layer": 7, "tls_cert": str(own), "tls_key": str(own)}),
        )  # fmt: skip
        for title, cert, settings in cases:
            async with standing(specs(cert), **settings) as stand:
                rows.append(await greeted(title, stand.target))
    recorder.fact(step, "lb.layers.tls", rows)


async def greeted(title: str, target: tuple[str, int]) -> dict[str, Value]:
    """A TLS handshake and a request; whose certificate came, and what was answered."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # whose it is, is the point
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(
                *target, ssl=context, server_hostname=HOST
            )
            try:
                session = writer.get_extra_info("ssl_object")
                whose = certificates.organization(session.getpeercert(binary_form=True))
                writer.write(octets(Arrival(1, 0.0)))
                line = (await reader.readline()).decode("latin-1").strip()
            finally:
                writer.close()
    except ssl.SSLError as error:
        why = (error.reason or "").replace("_", " ").lower()
        return {"through": title, "certificate": "none", "answer": f"no handshake: {why}"}
    except (OSError, TimeoutError):
        return {"through": title, "certificate": "none", "answer": "no handshake: cut off"}
    return {"through": title, "certificate": whose, "answer": line}
