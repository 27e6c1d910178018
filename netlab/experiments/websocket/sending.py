"""`netlab ws send`: the person's own messages, each to the server and what comes back."""

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.trace import totals
from netlab.experiments.websocket.handshake import begin, broken, close, set_up, tell_frames
from netlab.experiments.websocket.options import Options
from netlab.experiments.websocket.reach import Clock, reach
from netlab.experiments.websocket.told import Teller
from netlab.recording.records import Value


async def run(bench: Bench, options: Options, messages: tuple[str, ...]) -> Exit:
    """Open, send every message, wait for what comes back, close."""
    set_up(bench)
    clock = Clock.of(bench, options)
    try:
        reached = await reach(bench, options, clock)
        if isinstance(reached, Exit):
            return reached
        opened = await begin(bench, options, reached, clock)
        if isinstance(opened, Exit):
            return opened
        connection, teller = opened
        try:
            await send_all(bench, teller, options, messages)
        except OSError as error:
            return await broken(bench, teller, connection, error)
        return await close(bench, teller, connection)
    finally:
        totals.run(bench)


async def send_all(
    bench: Bench, teller: Teller, options: Options, messages: tuple[str, ...]
) -> None:
    """One chapter: message after message, each waited for. Raises OSError."""
    step = bench.step("ws.messages", "Messages")
    rows: list[Value] = []
    with bench.recorder.phase(step, "to the server and back", "far end"):
        for message in messages:
            start = bench.recorder.now()
            await teller.connection.send(message)
            try:
                back = await teller.connection.message(options.patience)
            except TimeoutError:
                back = None
            came = None if back is None else back.data.decode("utf-8", "backslashreplace")
            took = None if back is None else bench.recorder.now() - start
            rows.append({"message": message, "answer": came, "time": took})
    sent = [one for one in tell_frames(bench, step, teller) if one.direction == "sent"]
    data = [one.frame for one in sent if one.frame.type == "text"]
    for row, frame in zip(rows, data, strict=False):
        if isinstance(row, dict) and isinstance(row["message"], str):
            row["size"] = len(row["message"].encode("utf-8"))
            row["on_wire"] = len(frame.payload)
            row["frame"] = frame.length
    bench.recorder.fact(step, "ws.messages", rows)
    larger = [
        row for row in rows
        if isinstance(row, dict) and isinstance(row.get("on_wire"), int)
        and row["on_wire"] > row["size"]  # type: ignore[operator]
    ]  # fmt: skip
    if larger and teller.connection.deflate:
        rests = bench.recorder.fact(step, "ws.deflate_larger", len(larger), origin="computed")
        bench.recorder.finding(
            step, "note", f"Compression made {len(larger)} of {len(rows)} messages larger.",
            "Deflate needs repetition: a short message has none. A sender may leave RSV1 off for "
            "such a message (RFC 7692 §6), and many libraries do so below a size.",
            (rests,), "websocket",
        )  # fmt: skip
