"""Frames by hand, as the lab writes them too: what experiments send that no library builds."""

from netlab.lab.wsoctets import BINARY, CLOSE, FIN, PING, RSV1, RSV2, RSV3, TEXT, close, frame

__all__ = ["BINARY", "CLOSE", "FIN", "PING", "RSV1", "RSV2", "RSV3", "TEXT", "close", "frame"]
