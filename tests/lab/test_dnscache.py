import dns.name
import dns.rrset
import pytest
from dns.edns import EDECode
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from netlab.lab import dnscache
from netlab.lab.dnscache import Cache, Cut, Failed, Found, Memory

WWW = dns.name.from_text("www.example.")
ADDRESS = dns.rrset.from_text("www.example.", 300, "IN", "A", "192.0.2.1")
ALIAS = dns.rrset.from_text("alias.example.", 60, "IN", "CNAME", "www.example.")
SOA = dns.rrset.from_text("example.", 60, "IN", "SOA", "ns1.example. h.example. 1 2 3 4 60")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_ttl_counts_down_in_whole_seconds_and_ends() -> None:
    clock = Clock()
    cache = Cache(clock)
    cache.keep(ADDRESS)
    for passed, left in ((0.0, 300), (0.9, 300), (1.5, 299), (299.5, 1)):
        clock.now = 1000.0 + passed
        found = cache.known(WWW, RdataType.A)
        assert found is not None
        assert found.records[0].ttl == left
    clock.now = 1300.0
    assert cache.known(WWW, RdataType.A) is None
    assert ADDRESS.ttl == 300


def test_an_alias_is_known_for_every_type() -> None:
    cache = Cache(Clock())
    cache.keep(ALIAS)
    found = cache.known(ALIAS.name, RdataType.AAAA)
    assert found is not None
    assert found.records == (ALIAS,)


def test_a_ttl_of_nought_is_for_once_only() -> None:
    cache = Cache(Clock())
    cache.keep(dnscache.with_ttl(ADDRESS, 0))
    assert cache.known(WWW, RdataType.A) is None


def test_a_name_that_does_not_exist_has_no_type_at_all() -> None:
    clock = Clock()
    cache = Cache(clock)
    cache.deny(WWW, RdataType.A, Found((), Rcode.NXDOMAIN, SOA))
    clock.now += 10
    found = cache.known(WWW, RdataType.AAAA)
    assert found is not None
    assert found.rcode == Rcode.NXDOMAIN
    assert found.soa is not None
    assert found.soa.ttl == 50
    clock.now += 50
    assert cache.known(WWW, RdataType.AAAA) is None


def test_a_type_that_is_missing_denies_itself_alone() -> None:
    cache = Cache(Clock())
    cache.deny(WWW, RdataType.AAAA, Found((), Rcode.NOERROR, SOA))
    assert cache.known(WWW, RdataType.AAAA) is not None
    assert cache.known(WWW, RdataType.A) is None


def test_a_no_without_soa_is_not_kept() -> None:
    cache = Cache(Clock())
    cache.deny(WWW, RdataType.A, Found((), Rcode.NXDOMAIN))
    assert cache.known(WWW, RdataType.A) is None


def test_the_nearest_cut_is_found_and_glue_is_no_answer() -> None:
    cache = Cache(Clock())
    assert cache.nearest(WWW) is None
    for zone in (".", "example."):
        cut = Cut(dns.name.from_text(zone), {WWW: ("192.0.2.1",)}, 60)
        cache.cuts.put(cut.zone, cut, cut.ttl)
    nearest = cache.nearest(WWW)
    assert nearest is not None
    assert nearest.zone.to_text() == "example."
    assert cache.known(WWW, RdataType.A) is None


def test_the_oldest_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dnscache, "ENTRIES", 2)
    memory: Memory[str, int] = Memory(Clock())
    for key in ("a", "b", "a", "c"):
        memory.put(key, 1, 60)
    assert list(memory.things) == ["a", "c"]


def test_a_failure_says_what_failed() -> None:
    assert str(Failed(EDECode.OTHER, "the CNAME records never end")) == (
        "the CNAME records never end"
    )
