"""Devices without a browser: they wait while their person decides on another (RFC 8628)."""

import math
import secrets
from typing import Any

from netlab.lab.oauth.records import Client, Device, Grant
from netlab.lab.oauth.refusal import Refused
from netlab.lab.oauth.server import AuthorizationServer, fresh, kept_as

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that no code is a word (RFC 8628 §6.1): 20⁸ of them."""
SLOWER = 5.0
EARLY = 0.2
"""Seconds that a poll may come early: the network may have held up the one before it."""


def started(
    client: Client, scope: tuple[str, ...], resources: tuple[str, ...],
    server: AuthorizationServer,
) -> dict[str, Any]:  # fmt: skip
    """The device authorization response (§3.2)."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(8))
    user_code = f"{letters[:4]}-{letters[4:]}"
    life, interval = server.settings.device_lifetime, server.settings.device_interval
    device_code = fresh()
    device = Device(client, user_code, scope, resources, server.clock() + life, interval)
    # Kept beyond its end, to be told expired and not unknown.
    server.devices.put(kept_as(device_code), device, 2 * life)
    page = f"{server.issuer}/device"
    return {
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={user_code}",
        "expires_in": round(life),
        "interval": math.ceil(interval),
    }


def waiting(typed: str, server: AuthorizationServer) -> Device | None:
    """The device whose code a person has typed, in capitals or not, with its dash or not (§6.1)."""
    letters = "".join(letter for letter in typed.upper() if letter in LETTERS)
    now = server.clock()
    return next(
        (
            device
            for device in server.devices.values()
            if device.user_code.replace("-", "") == letters
            and not device.decision
            and device.expires > now
        ),
        None,
    )


def decided(device_code: str, client: Client, server: AuthorizationServer) -> Grant:
    """What the person has granted; Refused says why there is nothing yet, or never will be."""
    device = server.devices.get(kept_as(device_code))
    if device is None:
        raise Refused("invalid_grant", "there is no such device code", "RFC 8628 §3.5")
    if device.client.id != client.id:
        raise Refused("invalid_grant", "it was issued to another client", "RFC 8628 §3.4")
    if device.expires <= server.clock():
        raise Refused("expired_token", "the device code has expired", "RFC 8628 §3.5")
    if device.decision == "denied":
        raise Refused("access_denied", "the person has denied it", "RFC 8628 §3.5")
    if device.grant is None:
        not_too_fast(device, server.clock())
        raise Refused("authorization_pending", "nobody has decided yet", "RFC 8628 §3.5")
    server.devices.pop(kept_as(device_code))
    return device.grant


def not_too_fast(device: Device, now: float) -> None:
    """Who asks before the interval is over waits five seconds longer, from now on (§3.5)."""
    asked, device.asked = device.asked, now
    if asked is not None and now - asked < device.interval - EARLY:
        device.interval += SLOWER
        raise Refused("slow_down", f"wait {device.interval:g} seconds", "RFC 8628 §3.5")
