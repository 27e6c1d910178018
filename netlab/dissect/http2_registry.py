"""Numbers and names of HTTP/2, from IANA's "Hypertext Transfer Protocol version 2 (HTTP/2)
Parameters" and RFC 9113 §6."""

from netlab.dissect.reader import Bits

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = 0, 1, 2, 3, 4
PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 5, 6, 7, 8, 9

TYPES = {
    DATA: "DATA",
    HEADERS: "HEADERS",
    PRIORITY: "PRIORITY",
    RST_STREAM: "RST_STREAM",
    SETTINGS: "SETTINGS",
    PUSH_PROMISE: "PUSH_PROMISE",
    PING: "PING",
    GOAWAY: "GOAWAY",
    WINDOW_UPDATE: "WINDOW_UPDATE",
    CONTINUATION: "CONTINUATION",
    10: "ALTSVC",
    12: "ORIGIN",
    16: "PRIORITY_UPDATE",
}

FLAGS = {
    DATA: {0x01: "END_STREAM", 0x08: "PADDED"},
    HEADERS: {0x01: "END_STREAM", 0x04: "END_HEADERS", 0x08: "PADDED", 0x20: "PRIORITY"},
    SETTINGS: {0x01: "ACK"},
    PUSH_PROMISE: {0x04: "END_HEADERS", 0x08: "PADDED"},
    PING: {0x01: "ACK"},
    CONTINUATION: {0x04: "END_HEADERS"},
}


def flag_bits(kind: int) -> tuple[Bits, ...]:
    """The eight bits of the flags octet, most significant first."""
    names = FLAGS.get(kind, {})
    return tuple(Bits(names.get(0x80 >> bit, "unused"), bit) for bit in range(8))


SETTING_NAMES = {
    1: "SETTINGS_HEADER_TABLE_SIZE",
    2: "SETTINGS_ENABLE_PUSH",
    3: "SETTINGS_MAX_CONCURRENT_STREAMS",
    4: "SETTINGS_INITIAL_WINDOW_SIZE",
    5: "SETTINGS_MAX_FRAME_SIZE",
    6: "SETTINGS_MAX_HEADER_LIST_SIZE",
    8: "SETTINGS_ENABLE_CONNECT_PROTOCOL",
    9: "SETTINGS_NO_RFC7540_PRIORITIES",
    16: "TLS_RENEG_PERMITTED",
}

ERRORS = {
    0: "NO_ERROR",
    1: "PROTOCOL_ERROR",
    2: "INTERNAL_ERROR",
    3: "FLOW_CONTROL_ERROR",
    4: "SETTINGS_TIMEOUT",
    5: "STREAM_CLOSED",
    6: "FRAME_SIZE_ERROR",
    7: "REFUSED_STREAM",
    8: "CANCEL",
    9: "COMPRESSION_ERROR",
    10: "CONNECT_ERROR",
    11: "ENHANCE_YOUR_CALM",
    12: "INADEQUATE_SECURITY",
    13: "HTTP_1_1_REQUIRED",
}
