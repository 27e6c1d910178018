"""What looking a name up has found, for the chapters after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from netlab.network.dnsanswer import Answer, Record, Service


@dataclass(frozen=True, slots=True)
class Lookup:
    """What chapter 3 found.

    name: the name that was asked for, at last. addresses: in the order in which they are to be
    tried. arrivals: when each was known. asked: whether DNS was. error: a code, when there is no
    address. received_ttl: the hop limit that the deciding answer's packet came with.
    """

    name: str
    addresses: tuple[str, ...] = ()
    arrivals: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None
    records: tuple[Record, ...] = ()
    links: tuple[Record, ...] = ()
    https: tuple[Service, ...] = ()
    asked: bool = True
    answers: Mapping[str, Answer] = field(default_factory=dict)
    received_ttl: int | None = None
