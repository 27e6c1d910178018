"""Values as people read them: three significant digits, and a unit that fits their size."""

from netlab.recording.records import Value

HOUR = 3600
DAY = 86400


def say(value: Value, unit: str | None = None, compact: bool = False) -> str:
    """A fact's value in words.

    compact leaves out what only running text has room for (the days in a count of seconds).
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return number(value, unit, compact)
    if isinstance(value, list):
        return ", ".join(say(item, unit, compact) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {say(item, unit, compact)}" for key, item in value.items())
    return "none" if value is None else value


def number(value: int | float, unit: str | None = None, compact: bool = False) -> str:
    if unit == "s":
        return whole_seconds(value, compact) if isinstance(value, int) else seconds(value)
    if unit == "B":
        return size(value)
    text = f"{value}" if isinstance(value, int) else digits(value)
    return f"{text} {unit}" if unit else text


def seconds(value: float) -> str:
    """A measured time: `26.4 µs`, `12.4 ms`, `1.23 s`."""
    if value == 0:
        return "0 s"
    for factor, unit in ((1e6, "µs"), (1e3, "ms")):
        # Compared after rounding, or 0.9999 ms would read "1000 µs".
        if abs(float(f"{value * factor:.3g}")) < 1000:
            return f"{digits(value * factor)} {unit}"
    return f"{digits(value)} s"


def whole_seconds(value: int, compact: bool = False) -> str:
    """A lifetime, which protocols count in whole seconds: exact, and in days where that helps."""
    if compact or abs(value) < HOUR:
        return f"{value} s"
    count, name = (value / DAY, "day") if abs(value) >= DAY else (value / HOUR, "hour")
    about = "" if count == float(f"{count:.3g}") else "about "
    short = f"{count:.0f}" if abs(count) >= 1000 else f"{count:.3g}"
    return f"{value} s ({about}{short} {name}{'' if short == '1' else 's'})"


def size(value: int | float) -> str:
    """A number of octets: `512 B`, `14.6 KiB`, `8.00 GiB`."""
    if abs(value) < 1024:
        return f"{value:.0f} B"
    amount = float(value)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= 1024
        if abs(float(f"{amount:.3g}")) < 1000 or unit == "GiB":
            break
    return f"{digits(amount)} {unit}"


def digits(value: float) -> str:
    """Three significant digits, never in powers of ten."""
    rounded = float(f"{value:.3g}")
    if abs(rounded) >= 100:
        return f"{value:.0f}"
    if abs(rounded) >= 10:
        return f"{value:.1f}"
    if abs(rounded) >= 1:
        return f"{value:.2f}"
    return f"{value:.3g}" if abs(value) >= 1e-4 or value == 0 else f"{value:.6f}"
