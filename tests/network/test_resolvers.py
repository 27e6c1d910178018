"""What the machine's files say of resolvers, search lists and order."""

import sys
from pathlib import Path
from types import SimpleNamespace

import dns.name
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.network import resolvers
from netlab.network.base import Resolver
from netlab.network.resolvers import parse_nsswitch, parse_resolv_conf, read_file

FILE = "/etc/resolv.conf"


def test_servers_search_list_and_options() -> None:
    found = parse_resolv_conf(
        "# a comment\n; another\nnameserver 192.0.2.1\nnameserver\t2001:db8::1\n"
        "nameserver fe80::1%eth0\nnameserver 192.0.2.4\n"
        "domain old.example\nsearch corp.example. lab.example\noptions edns0 ndots:2\n",
        FILE,
    )
    assert found.resolvers == tuple(
        Resolver(address, 53, FILE) for address in ("192.0.2.1", "2001:db8::1", "fe80::1%eth0")
    )
    assert found.search == ("corp.example", "lab.example")
    assert (found.ndots, found.source) == (2, FILE)


def test_the_last_of_search_and_domain_wins() -> None:
    assert parse_resolv_conf("search a.example\ndomain b.example", FILE).search == ("b.example",)


def test_without_a_server_the_machine_itself_is_asked() -> None:
    found = parse_resolv_conf("nameserver not-an-address\nnameserver\n", FILE)
    assert [(one.address, one.port) for one in found.resolvers] == [("127.0.0.1", 53)]
    assert "names none" in found.resolvers[0].source


@pytest.mark.parametrize(
    ("options", "ndots"),
    [("ndots:0", 0), ("ndots:99", 15), ("ndots:x", 1), ("ndots:²", 1), ("ndots:2 ndots:3", 3)],
)
def test_ndots_is_bounded(options: str, ndots: int) -> None:
    assert parse_resolv_conf(f"options {options}", FILE).ndots == ndots


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("passwd: files\nhosts: files dns\n", ("files", "dns")),
        (
            "hosts:\tfiles mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL = return] dns # x",
            ("files", "mdns4_minimal", "resolve", "dns"),
        ),
        ("hosts: dns[NOTFOUND=return]files", ("dns", "files")),
        ("# hosts: files\n", None),
        ("", None),
    ],
)
def test_the_order_of_places(text: str, order: tuple[str, ...] | None) -> None:
    assert parse_nsswitch(text) == order


@settings(deadline=None)
@given(st.text())
def test_no_text_makes_reading_fail(text: str) -> None:
    assert parse_resolv_conf(text, FILE).resolvers
    parse_nsswitch(f"hosts:{text}")


def test_files_are_read_no_further_than_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "long"
    file.write_bytes(b"\xff" + b"x" * 100)
    assert read_file(str(file), 3) == "\\xffxx"
    assert read_file(str(tmp_path / "absent")) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such files")
def test_the_machines_own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "resolv").write_text("nameserver 192.0.2.9\n")
    (tmp_path / "nsswitch").write_text("hosts: files dns\n")
    monkeypatch.setattr(resolvers, "RESOLV_CONF", str(tmp_path / "resolv"))
    monkeypatch.setattr(resolvers, "NSSWITCH", str(tmp_path / "nsswitch"))
    monkeypatch.setattr(sys, "platform", "linux")
    found = resolvers.machine()
    assert found.resolvers == (Resolver("192.0.2.9", 53, str(tmp_path / "resolv")),)
    assert (found.order, found.order_source) == (("files", "dns"), str(tmp_path / "nsswitch"))
    assert found.notes == ()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such files")
def test_macos_says_what_its_file_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    found = resolvers.machine()
    assert found.order is None
    assert "scutil --dns" in found.notes[0]


def test_windows_is_read_from_its_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """dnspython reads the registry; what it found is carried over."""
    info = SimpleNamespace(
        nameservers=["192.0.2.1", "bad", "2001:db8::1"], search=[], domain=dns.name.from_text("c.d")
    )
    module = SimpleNamespace(get_dns_info=lambda: info)
    monkeypatch.setattr(resolvers, "import_module", {"dns.win32util": module}.__getitem__)
    monkeypatch.setattr(sys, "platform", "win32")
    found = resolvers.machine()
    assert [one.address for one in found.resolvers] == ["192.0.2.1", "2001:db8::1"]
    assert (found.search, found.order) == (("c.d",), None)
    assert "does not tell" in found.notes[0]
