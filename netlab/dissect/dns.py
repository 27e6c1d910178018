"""DNS messages (RFC 1035 §4): bytes in, fields out."""

from netlab.dissect import dns_rdata
from netlab.dissect.dns_names import name
from netlab.dissect.dns_registry import CLASSES, OPCODES, RCODES, TYPES
from netlab.dissect.reader import Bits, Reader, dissect
from netlab.recording.records import Field

OPT = 41

FLAGS = (
    Bits("QR", 0, 1, {0: "query", 1: "response"}),
    Bits("Opcode", 1, 4, OPCODES),
    Bits("AA", 5),
    Bits("TC", 6),
    Bits("RD", 7),
    Bits("RA", 8),
    Bits("Z", 9),
    Bits("AD", 10),
    Bits("CD", 11),
    Bits("RCODE", 12, 4, RCODES),
)

EDNS_FLAGS = (Bits("DO", 0), Bits("Z", 1, 15))


def message(data: bytes) -> tuple[Field, ...]:
    """A whole DNS message, without the two octets of length that precede it over TCP."""
    return dissect(data, _message)


def _message(reader: Reader) -> None:
    questions, *sections = _header(reader)
    if questions:
        with reader.part("question") as section:
            for _ in range(questions):
                _question(section)
    for title, count in zip(("answer", "authority", "additional"), sections, strict=True):
        if count:
            with reader.part(title) as section:
                for _ in range(count):
                    _record(section)


def _header(reader: Reader) -> list[int]:
    with reader.part("header") as header:
        header.uint("ID", 2)
        header.word("flags", 2, FLAGS)
        return [header.uint(title, 2) for title in ("QDCOUNT", "ANCOUNT", "NSCOUNT", "ARCOUNT")]


def _question(reader: Reader) -> None:
    with reader.part("entry") as entry:
        qname = name(entry, "QNAME")
        qtype = entry.uint("QTYPE", 2, TYPES)
        qclass = entry.uint("QCLASS", 2, CLASSES)
        entry.value = f"{qname} {_class(qclass)} {_type(qtype)}"


def _record(reader: Reader) -> None:
    with reader.part("record") as record:
        owner = name(record, "NAME")
        number = record.uint("TYPE", 2, TYPES)
        record.meaning = TYPES.get(number)
        if number == OPT:
            words = [owner, "OPT"]
            _edns(record)
        else:
            class_number = record.uint("CLASS", 2, CLASSES)
            ttl = record.uint("TTL", 4)
            words = [owner, str(ttl), _class(class_number), _type(number)]
        record.value = " ".join(words)
        length = record.uint("RDLENGTH", 2)
        with record.part("RDATA", length) as rdata:
            # A dynamic update names a record to delete by an empty RDATA (RFC 2136 §2.5).
            rdata.value = dns_rdata.parse(rdata, number) if length else ""
        record.value = " ".join([*words, str(record.fields[-1].value or "")]).rstrip()


def _edns(record: Reader) -> None:
    """OPT gives CLASS and TTL other meanings (RFC 6891 §6.1.2, §6.1.3)."""
    record.uint("UDP payload size", 2)
    rcode = record.peek(1) << 4 | record.data[3] & 0x0F
    record.uint("EXTENDED-RCODE", 1, {rcode >> 4: RCODES.get(rcode, f"RCODE{rcode}")})
    record.uint("VERSION", 1)
    record.word("EDNS flags", 2, EDNS_FLAGS)


def _class(number: int) -> str:
    return CLASSES.get(number, f"CLASS{number}")  # RFC 3597 §5


def _type(number: int) -> str:
    return TYPES.get(number, f"TYPE{number}")
