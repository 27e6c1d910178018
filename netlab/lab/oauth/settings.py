"""What can be set on a server of the lab's OAuth while it runs."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from netlab.lab.oauth.protections import NAMES, Protections

LONGEST = 86_400.0
"""Seconds: the longest that anything may be set to live."""
CHOICES = {
    "access_tokens": ("jwt", "opaque"),
    "mode": ("jwt", "introspect"),
    "forwards_to": ("", "https://auth.example.com"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """access_tokens: of which kind, where the client has no kind of its own. mode: how a resource
    server learns what a token is worth. forwards_to: makes an authorization server an attacker's,
    which passes visitors on to that one and keeps what clients then bring to it (a mix-up, RFC
    9700 §4.4). The others are lifetimes and an interval, in seconds.
    """

    protections: Protections = field(default_factory=Protections)
    access_tokens: str = "jwt"
    mode: str = "jwt"
    forwards_to: str = ""
    access_lifetime: float = 300.0
    code_lifetime: float = 60.0
    refresh_lifetime: float = 14_400.0
    device_lifetime: float = 600.0
    device_interval: float = 5.0

    def with_(self, wanted: Mapping[str, Any]) -> "Settings":
        """These settings, changed as asked. Raises ValueError in plain words."""
        changes: dict[str, Any] = {}
        for name, value in wanted.items():
            changes[name] = self.checked(name, value)
        return replace(self, **changes)

    def checked(self, name: str, value: Any) -> Any:
        if name == "protections":
            return protections(value)
        if name in CHOICES:
            if value not in CHOICES[name]:
                raise ValueError(f"{name} is one of {', '.join(CHOICES[name])}, not {value!r}")
            return value
        if name not in {each.name for each in fields(self)}:
            raise ValueError(f"there is no setting {name!r}")
        return seconds(name, value)

    def told(self) -> dict[str, str | float | bool]:
        """As the journal has it: flat, with a comma between the protections that are off."""
        off = [name for name, on in asdict(self.protections).items() if not on]
        rest = {key: value for key, value in asdict(self).items() if key != "protections"}
        return {"off": ", ".join(off), **rest}


def legacy() -> Settings:
    """With the grants that should not be used any more: implicit and password."""
    return Settings(Protections(no_implicit=False, no_password=False))


def protections(value: Any) -> Protections:
    """All on but what is named as off: nothing is left over from an attack before."""
    if not isinstance(value, Mapping):
        raise ValueError("protections are named one by one: {'pkce': false}")
    for name, on in value.items():
        if name not in NAMES:
            raise ValueError(f"there is no protection {name!r}; there are {', '.join(NAMES)}")
        if not isinstance(on, bool):
            raise ValueError(f"protection {name} is true or false, not {on!r}")
    return Protections(**value)


def seconds(name: str, value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not 0 < value <= LONGEST:
        raise ValueError(f"{name} lies above 0 and up to {LONGEST:g} seconds, not {value!r}")
    return float(value)
