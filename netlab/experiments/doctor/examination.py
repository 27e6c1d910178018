"""The examination, chapter by chapter: facts, and for what is missing how to get it.

Nothing here names the person's machine, its addresses or folders unless full says so: what it
writes is made to be pasted into a bug report.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

from netlab import __version__
from netlab.errors import Exit, NetlabError
from netlab.experiments.bench import Bench
from netlab.experiments.doctor.known import KERNEL, TOOLS
from netlab.experiments.doctor.machine import Asked
from netlab.network.base import Resolver
from netlab.recording.records import Value

POST_QUANTUM = "X25519MLKEM768"
FEW_FILES = 4096


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where this is read, as the command line found it."""

    columns: int
    interactive: bool
    colours: bool
    encoding: str
    glyphs: bool
    keys: bool


@dataclass(frozen=True, slots=True)
class Options:
    """full: names, addresses and folders too. offline: ask no resolver.

    state: the folder that netlab keeps things in, as a person writes it. lab: starts a lab, ends
    it, and says how long it took to stand; raises OSError or NetlabError.
    """

    terminal: Terminal
    state: str
    lab: Callable[[], float]
    full: bool = False
    offline: bool = False


async def run(bench: Bench, asked: Asked, options: Options) -> Exit:
    bench.step("doctor.netlab", "netlab itself")
    itself(bench, asked, options)
    bench.step("doctor.names", "The way out")
    await way_out(bench, asked, options)
    bench.step("doctor.kernel", "The kernel")
    kernel(bench, asked)
    bench.step("doctor.tls", "TLS")
    security(bench, asked)
    bench.step("doctor.waiting", "Waiting")
    waiting(bench, asked)
    bench.step("doctor.terminal", "The terminal")
    terminal(bench, options.terminal)
    bench.step("doctor.tools", "Tools of others")
    await tools(bench, asked, options)
    return Exit.OK


def itself(bench: Bench, asked: Asked, options: Options) -> None:
    step, fact = "doctor.netlab", bench.recorder.fact
    python = asked.python()
    fact(step, "doctor.version", __version__)
    fact(step, "doctor.python", f"{python.implementation} {python.version}")
    fact(step, "doctor.lock", "with" if python.lock else "without")
    fact(step, "doctor.system", python.system)
    fact(step, "doctor.processors", python.processors)
    fact(step, "doctor.packages", list(python.packages))
    fact(step, "doctor.state", options.state)
    if options.full:
        fact(step, "doctor.executable", python.executable)
    if missing := [one for one in python.packages if one.endswith(" missing")]:
        bench.recorder.finding(
            step, "fault", f"Not installed: {', '.join(one.split()[0] for one in missing)}.",
            "install netlab-concepts again with pip or pipx",
        )  # fmt: skip
    try:
        fact(step, "doctor.lab", options.lab(), "s")
    except (OSError, NetlabError) as error:
        known = fact(step, "doctor.lab_error", str(error))
        bench.recorder.finding(
            step, "fault", "The lab does not start: nothing can be shown offline.",
            "netlab trace www.google.com --network lab says where it breaks", (known,),
        )  # fmt: skip


async def way_out(bench: Bench, asked: Asked, options: Options) -> None:
    step, fact, finding = "doctor.names", bench.recorder.fact, bench.recorder.finding
    families, resolvers = asked.families(), asked.resolvers()
    for name in ("ipv4_loopback", "ipv6_loopback", "ipv4_out", "ipv6_out"):
        fact(step, f"doctor.{name}", "yes" if getattr(families, name) else "no", origin="kernel")
    fact(step, "doctor.resolvers", [kind(one) for one in resolvers], origin="configured")
    if options.full:
        addresses: list[Value] = [f"{one.address}:{one.port}" for one in resolvers]
        fact(step, "doctor.resolver_addresses", addresses, origin="configured")
    answer = "not asked" if options.offline else await asked.resolver_answers()
    told = fact(step, "doctor.resolver_answer", "answer" if answer == "other" else answer)
    found = asked.proxies()
    fact(step, "doctor.proxies", list(dict.fromkeys(one.variable for one in found)))
    if options.full:
        fact(step, "doctor.proxy_addresses", [one.address for one in found])
    if answer not in ("other", "not asked"):
        finding(
            step, "warning", "The resolver leads nowhere: --network auto takes the lab.",
            "everything works there; for the internet, look at the network's own settings", (told,),
        )  # fmt: skip
    if not families.ipv6_out:
        finding(
            step, "note", "There is no way out over IPv6: the race of the families is shown in the "
            "lab alone.", "netlab trace www.google.com --network lab",
        )  # fmt: skip
    if found:
        finding(
            step, "note", "The environment names a proxy, which netlab does not use yet.",
            "its journeys go straight out, or not at all where only the proxy may",
        )  # fmt: skip


def kind(resolver: Resolver) -> str:
    """What kind of address it has: enough for a bug report, and nobody's own."""
    address = ipaddress.ip_address(resolver.address.partition("%")[0])
    if address.is_loopback:
        return "a stub on this machine"
    near = address.is_private or address.is_link_local
    return "a resolver of the local network" if near else "a resolver on the internet"


def kernel(bench: Bench, asked: Asked) -> None:
    step = "doctor.kernel"
    found = asked.kernel()
    rows: list[Value] = []
    for ability in KERNEL:
        here = getattr(found, ability.key)
        word = "not here" if here is None else "yes" if here else "no"
        fact = bench.recorder.fact(step, f"doctor.{ability.key}", word, origin="kernel")
        rows.append({"what": ability.name, "here": word, "shows": ability.shows})
        if here is False:
            bench.recorder.finding(step, "note", f"No {ability.name}.", ability.how, (fact,))
    bench.recorder.fact(step, "doctor.kernel", rows, origin="kernel")
    bench.recorder.fact(
        step, "doctor.kernel_lacks",
        [ability.name for ability in KERNEL if not getattr(found, ability.key)], origin="kernel",
    )  # fmt: skip


def security(bench: Bench, asked: Asked) -> None:
    step, fact = "doctor.tls", bench.recorder.fact
    tls = asked.tls()
    fact(step, "doctor.openssl", tls.library)
    groups = fact(step, "doctor.groups", list(tls.groups))
    fact(step, "doctor.post_quantum", "yes" if POST_QUANTUM in tls.groups else "no")
    fact(step, "doctor.anchors", "yes" if tls.anchors else "no")
    if POST_QUANTUM not in tls.groups:
        bench.recorder.finding(
            step, "note", f"This OpenSSL does not offer {POST_QUANTUM}, which browsers do.",
            "a Python that is built with OpenSSL 3.5 or later has it", (groups,), "key-exchange",
        )  # fmt: skip
    if not tls.anchors:
        bench.recorder.finding(
            step, "warning", "OpenSSL finds no trust anchors: no certificate can be verified.",
            "install ca-certificates, or name a file in SSL_CERT_FILE",
        )  # fmt: skip


def waiting(bench: Bench, asked: Asked) -> None:
    step, fact = "doctor.waiting", bench.recorder.fact
    found = asked.waiting()
    ways = {"epoll": found.epoll, "kqueue": found.kqueue, "poll": found.poll,
            "io_uring": bool(found.io_uring)}  # fmt: skip
    fact(step, "doctor.ways", ["select", *(name for name, here in ways.items() if here)])
    fact(step, "doctor.ways_lacking", [name for name, here in ways.items() if not here])
    if found.files is None:
        return
    soft, hard = found.files
    fact(step, "doctor.files", limit(soft), origin="kernel")
    most = fact(step, "doctor.files_most", limit(hard), origin="kernel")
    if 0 <= hard < FEW_FILES:
        bench.recorder.finding(
            step, "note", f"A process may have no more than {hard} open files: large runs of "
            "connections stop there.", "ulimit -Hn as root, or /etc/security/limits.conf", (most,),
        )  # fmt: skip


def limit(number: int) -> str:
    return str(number) if 0 <= number < 1 << 40 else "without limit"


def terminal(bench: Bench, found: Terminal) -> None:
    step, fact = "doctor.terminal", bench.recorder.fact
    fact(step, "doctor.columns", found.columns)
    for name in ("interactive", "colours", "glyphs", "keys"):
        fact(step, f"doctor.{name}", "yes" if getattr(found, name) else "no")
    fact(step, "doctor.encoding", found.encoding)
    if not found.glyphs:
        bench.recorder.finding(
            step, "note", f"{found.encoding} has no letters for bars and arrows: plain ones stand "
            "for them.", "PYTHONUTF8=1 in the environment, in a terminal that speaks UTF-8",
        )  # fmt: skip


async def tools(bench: Bench, asked: Asked, options: Options) -> None:
    step, fact = "doctor.tools", bench.recorder.fact
    found = {one.name: one for one in await asked.tools()}
    rows: list[Value] = []
    packages: list[str] = []
    for tool in TOOLS:
        one = found[tool.name]
        here = (one.version or "yes") if one.path else "no"
        rows.append({"tool": tool.name, "version": here, "shows": tool.shows})
        packages += [] if one.path else [tool.package]
    present = [f"{one.name} {one.version}".strip() for one in found.values() if one.path]
    fact(step, "doctor.tools", rows)
    fact(step, "doctor.present", list(present))
    if options.full:
        fact(step, "doctor.paths", [one.path for one in found.values() if one.path])
    missing = fact(step, "doctor.missing", [one.name for one in found.values() if not one.path])
    if packages:
        bench.recorder.finding(
            step, "note", "Some lines under “see it yourself” want tools that are not here.",
            f"on Debian: sudo apt install {' '.join(dict.fromkeys(packages))}", (missing,),
        )  # fmt: skip
