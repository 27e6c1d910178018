"""How a device asks until somebody has decided (RFC 8628 §3.4, §3.5).

Time is handed in: an interval of five seconds, and whatever slow_down adds to it, is lived through
by a person and by no test.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from netlab.experiments.oauth.application import Application
from netlab.experiments.oauth.refusing import Stopped
from netlab.recording.records import Value

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
USUAL = 5.0
"""Seconds between polls where the server names none (RFC 8628 §3.2)."""
MORE = 5.0
"""What each slow_down adds, for good (RFC 8628 §3.5)."""
SHORTEST, LONGEST = 1.0, 60.0
LIFETIME, LONGEST_LIFETIME = 600.0, 3600.0
"""Of a device code: where the server does not say, and the most that netlab waits."""


@dataclass(frozen=True, slots=True)
class Pace:
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(slots=True)
class Polls:
    """rows: what was heard, the same answer after the same wait counted together."""

    app: Application
    asked: Mapping[str, Any]
    pace: Pace = field(default_factory=Pace)
    interval: float = USUAL
    waited: float = 0.0
    rows: list[dict[str, Value]] = field(default_factory=list)

    async def until_decided(self) -> dict[str, Any]:
        """The tokens. Raises Stopped where there will be none, OSError where nobody answers."""
        self.interval = bounded(self.asked.get("interval"), USUAL, SHORTEST, LONGEST)
        life = bounded(self.asked.get("expires_in"), LIFETIME, SHORTEST, LONGEST_LIFETIME)
        ends = self.pace.clock() + life
        while (left := ends - self.pace.clock()) > 0:
            wait = min(self.interval, left)
            await self.pace.sleep(wait)
            self.waited += wait
            answer = await self.poll(wait)
            if answer is not None:
                return answer
        what = "the device code has expired, and nobody has decided"
        raise Stopped("token endpoint", what, "expired_token", "RFC 8628 §3.5")

    async def poll(self, wait: float) -> dict[str, Any] | None:
        """One question; None where it is to be asked again."""
        form = {"grant_type": GRANT, "device_code": str(self.asked["device_code"])}
        try:
            answer = await self.app.tokens_for(form)
        except TimeoutError:
            # No answer in time: half as often from now on (RFC 8628 §3.5).
            self.interval = min(2 * self.interval, LONGEST)
            self.heard(wait, "no answer in time")
            return None
        except Stopped as stopped:
            self.heard(wait, stopped.error or "no answer of OAuth's")
            if stopped.error not in ("authorization_pending", "slow_down"):
                raise
            self.interval += MORE if stopped.error == "slow_down" else 0.0
            return None
        self.heard(wait, "a token")
        return answer

    def heard(self, after: float, answer: str) -> None:
        last = self.rows[-1] if self.rows else {}
        if (last.get("after"), last.get("answer")) == (after, answer):
            last["times"] = int(str(last["times"])) + 1
        else:
            self.rows.append({"after": after, "answer": answer, "times": 1})


def bounded(value: object, otherwise: float, least: float, most: float) -> float:
    """A number of seconds, written as a number or as text; whoever sent it is a stranger."""
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number) or number < 0:
        return otherwise
    return min(max(number, least), most)
