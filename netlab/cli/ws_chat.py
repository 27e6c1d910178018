"""`netlab ws chat`: a line typed is a message sent, and every frame is shown as it passes."""

import asyncio
import sys
import threading

from netlab.cli.networks import chosen
from netlab.cli.options import Look
from netlab.cli.run import perform
from netlab.cli.ws_runs import Asked, warm
from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.websocket import talking
from netlab.experiments.websocket.options import Options
from netlab.experiments.websocket.talking import Lines
from netlab.recording.recorder import Started
from netlab.recording.records import Fact, Message, Record
from netlab.views.text import escape


def converse(asked: Asked, plain: bool) -> Exit:
    """Open, then talk until /close, the end of input, or the other side's close."""
    options = asked.options()
    how = asked.opening
    network, _ = chosen(
        how.network.value, options.target.typed.host, how.resolver, how.cacert, {}, warm, True
    )
    return perform(
        "ws chat", lambda bench: _chat(bench, options), network, Look(brief=True, plain=plain)
    )


async def _chat(bench: Bench, options: Options) -> Exit:
    bench.recorder.subscribe(show)
    lines = Lines()
    threading.Thread(
        target=read, args=(asyncio.get_running_loop(), lines), name="input", daemon=True
    ).start()
    return await talking.run(bench, options, lines)


def read(loop: asyncio.AbstractEventLoop, lines: Lines) -> None:
    """What is typed, line by line; None at its end."""
    try:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line.rstrip("\r\n"))
        loop.call_soon_threadsafe(lines.put_nowait, None)
    except RuntimeError:  # the conversation ended first, and its loop with it
        return


def show(record: Record | Started) -> None:
    """One line a frame, at once."""
    if isinstance(record, Message) and record.protocol == "WebSocket":
        sign = "──▶" if record.sender == "you" else "◀──"
        sys.stdout.write(f"{sign} {escape(record.title)}\n")
    elif isinstance(record, Fact) and record.name == "ws.ping_time":
        sys.stdout.write(f"    round trip {float(str(record.value)) * 1000:.3g} ms\n")
    else:
        return
    sys.stdout.flush()
