"""Keeps a program of others on a leash: `python -m netlab.experiments.loadbalancing.leash`.

Such a program does not know of a control pipe. So this small process starts it and watches the
pipe for it: when the parent is gone, however it went, the program ends and its folder goes too.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from netlab.processes import begin

PATIENCE = 1.5
"""Seconds that it has to end by itself."""


def main(settings: Sequence[str]) -> None:
    """Run `command` with its words in `output`, and `home` for its folder. Never returns."""
    begin()
    wish: Mapping[str, Any] = json.loads(settings[0])
    with open(wish["output"], "wb") as output:
        process = subprocess.Popen(
            wish["command"], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    os.write(1, json.dumps({"ready": {"pid": process.pid}}).encode() + b"\n")
    ending = threading.Thread(target=hold, args=(process, wish["home"]), daemon=True, name="leash")
    ending.start()
    process.wait()
    if ended.is_set():
        ending.join()  # which does not come back
    os._exit(1)


ended = threading.Event()


def hold(process: "subprocess.Popen[bytes]", home: str) -> None:
    """Wait for the end of the pipe; end the program, and leave nothing behind."""
    while sys.stdin.buffer.read(4096):
        pass
    ended.set()
    with contextlib.suppress(OSError):
        process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(home, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
