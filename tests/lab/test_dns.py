"""The door of the lab's DNS; and dig, which is not ours, as a witness."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from netlab.lab.dns import RESOLVER, ROOTS, hints, hosts, services
from netlab.lab.service import Dialled, Seen, World
from tests.witness import need, output

Directory = dict[Seen, Dialled]


def test_the_root_hints_are_names_with_addresses() -> None:
    assert len(ROOTS) >= 3
    assert ROOTS[0] == ("a.root-servers.net", ("192.0.2.1", "2001:db8:1::1"))
    assert [name.to_text(omit_final_dot=True) for name in hints().servers] == [
        name for name, _ in ROOTS
    ]


def test_every_server_has_an_id_of_its_own_and_the_resolver_is_last() -> None:
    ids = [service.id for service in services(World(lambda _: None, lambda _: 0.0))]
    assert len(ids) == len(set(ids))
    assert ids[0] == "ns:a.root-servers.net"
    assert ids[-1] == "resolver"


def test_without_ipv6_all_addresses_are_served_by_ipv4() -> None:
    both = ("192.0.2.1", "2001:db8:1::1")
    assert hosts(both, ipv6=True) == {"192.0.2.1": "127.0.0.1", "2001:db8:1::1": "::1"}
    assert set(hosts(both, ipv6=False).values()) == {"127.0.0.1"}


def test_the_heavy_modules_of_dnspython_stay_out() -> None:
    code = (
        "import sys; import netlab.lab.dns as door; door.services(None);"
        "print(*(m for m in ('resolver', 'query', 'zone', 'asyncresolver', 'asyncquery')"
        " if f'dns.{m}' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


@pytest.fixture(scope="module")
def directory() -> Iterator[Directory]:
    """All DNS servers, running in a loop of their own beside the test."""
    found: Directory = {}
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    done = asyncio.Event()

    async def run() -> None:
        servers = services(World(lambda _: None, lambda _: 0.0))
        for server in servers:
            found.update(await server.start())
        ready.set()
        await done.wait()
        for server in servers:
            await server.stop()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(10)
    yield found
    loop.call_soon_threadsafe(done.set)
    thread.join(10)
    loop.close()


def dig(directory: Directory, address: str, *words: str) -> str:
    need("dig")
    host, port = directory["udp", address, 53]
    return output(["dig", f"@{host}", "-p", str(port), "+tries=1", "+time=3", *words])


def records(text: str) -> list[str]:
    """The records that dig prints, one space between their fields."""
    rows = (" ".join(line.split()) for line in text.splitlines())
    return sorted(row for row in rows if row and not row.startswith(";"))


@pytest.mark.witness
def test_dig_sees_the_roots_referral(directory: Directory) -> None:
    text = dig(directory, "192.0.2.1", "+norecurse", "www.google.com", "A")
    assert "status: NOERROR" in text
    assert "flags: qr;" in text
    assert "ANSWER: 0, AUTHORITY: 3, ADDITIONAL: 7" in text
    assert "udp: 1232" in text
    assert "com. 172800 IN NS a.gtld-servers.net." in records(text)
    assert "a.gtld-servers.net. 172800 IN A 192.0.2.11" in records(text)


@pytest.mark.witness
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_dig_sees_the_authoritative_answer(directory: Directory, transport: str) -> None:
    text = dig(
        directory, "198.51.100.129", "+norecurse", transport, "wWw.google.com", "A"
    )  # fmt: skip
    assert "flags: qr aa;" in text
    assert records(text) == ["wWw.google.com. 300 IN A 203.0.113.10"]
    https = dig(directory, "198.51.100.129", "+norecurse", transport, "www.google.com", "TYPE65")
    assert 'www.google.com. 300 IN HTTPS 1 . alpn="h2"' in records(https)


@pytest.mark.witness
def test_dig_sees_a_no_and_a_refusal(directory: Directory) -> None:
    text = dig(directory, "198.51.100.165", "+norecurse", "nxdomain.broken.example.org")
    assert "status: NXDOMAIN" in text
    assert records(text)[0].startswith("broken.example.org. 60 IN SOA ns1.broken.example.org.")
    assert "status: REFUSED" in dig(directory, "198.51.100.165", "+norecurse", "www.naver.com")


@pytest.mark.witness
@pytest.mark.parametrize("size", ["+noedns", "+bufsize=512", "+bufsize=4096"])
def test_dig_turns_to_tcp_for_a_large_answer(directory: Directory, size: str) -> None:
    name = "truncated.broken.example.org"
    whole = dig(directory, "198.51.100.165", "+norecurse", size, name)
    assert "Truncated, retrying in TCP mode" in whole
    assert len(records(whole)) == 7
    cut = dig(directory, "198.51.100.165", "+norecurse", "+ignore", size, name)
    assert "flags: qr aa tc;" in cut
    assert len(records(cut)) < 7


@pytest.mark.witness
def test_dig_gets_the_resolvers_answer_with_its_ttls(directory: Directory) -> None:
    for _ in range(2):
        text = dig(directory, RESOLVER[0], "cdn.example.net", "A", "+ttlid")
        assert "flags: qr rd ra;" in text
        rows = [row.split() for row in records(text)]
        assert {(row[0], row[3], row[4]) for row in rows} == {
            ("cdn.example.net.", "CNAME", "cdn.example.net.edge.example.com."),
            ("cdn.example.net.edge.example.com.", "CNAME", "e7.edge.example.com."),
            ("e7.edge.example.com.", "A", "203.0.113.40"),
        }
        assert all(
            int(row[1]) in (*range(295, 301), *range(55, 61), *range(15, 21)) for row in rows
        )


@pytest.mark.witness
def test_dig_reads_why_the_resolver_failed(directory: Directory) -> None:
    text = dig(directory, RESOLVER[0], "lame.broken.example.org")
    assert "status: SERVFAIL" in text
    assert "EDE: 22 (No Reachable Authority)" in text
    assert "198.51.100.184 does not serve it" in text


@pytest.mark.witness
def test_dig_hears_nothing_from_a_silent_server(directory: Directory) -> None:
    text = dig(
        directory, "198.51.100.183", "+norecurse", "+time=1", "silent-dns.broken.example.org"
    )
    assert "timed out" in text


@pytest.mark.witness
def test_dig_reaches_the_ipv6_address(directory: Directory) -> None:
    text = dig(directory, "2001:db8:1::1", "+norecurse", "kr", "NS")
    assert "kr. 172800 IN NS b.dns.kr." in records(text)
