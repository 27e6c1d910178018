"""The embedded Internet: real servers on this machine.

    from netlab.lab import Lab

    with Lab.start() as lab:
        lab.directory.dialled("tcp", "203.0.113.10", 443)

Importing the package costs nothing; the servers live in a process of their own.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netlab.lab.client import Lab as Lab
    from netlab.lab.directory import Directory as Directory

__all__ = ["Directory", "Lab"]


def __getattr__(name: str) -> Any:
    if name == "Lab":
        from netlab.lab.client import Lab

        return Lab
    if name == "Directory":
        from netlab.lab.directory import Directory

        return Directory
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
