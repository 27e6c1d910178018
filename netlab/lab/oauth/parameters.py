"""The parameters of a request, as OAuth reads them: each once, and an empty one is none at all."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from netlab.lab.oauth.refusal import Refused

MOST = 64
REPEATABLE = frozenset({"resource"})
"""RFC 8707 §2 lets one ask for several resource servers."""


class Parameters:
    """values: by name. repeated: names that stand more than once, which only `once` complains of,
    as an authorization server must know whom it may tell first.
    """

    def __init__(self, text: str | bytes, rule: str) -> None:
        self.rule = rule
        self.many: dict[str, list[str]] = {}
        try:
            octets = text.encode("latin-1") if isinstance(text, str) else text
            pairs = parse_qsl(octets.decode(), max_num_fields=MOST, errors="strict")
        except ValueError:
            raise Refused("invalid_request", "the parameters cannot be read", rule) from None
        for name, value in pairs:
            self.many.setdefault(name, []).append(value)

    @classmethod
    def of(cls, values: Mapping[str, str], rule: str) -> "Parameters":
        made = cls("", rule)
        made.many = {name: [value] for name, value in values.items()}
        return made

    def once(self) -> None:
        """No parameter may be included more than once (RFC 6749 §3.1, §3.2)."""
        for name, values in self.many.items():
            if len(values) > 1 and name not in REPEATABLE:
                raise Refused("invalid_request", f"{name} is given more than once", self.rule)

    def get(self, name: str) -> str:
        return self.many.get(name, [""])[0]

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(self.many.get(name, ()))

    def is_repeated(self, name: str) -> bool:
        return len(self.many.get(name, ())) > 1

    def need(self, name: str) -> str:
        """Raises Refused where a required parameter is missing."""
        value = self.get(name)
        if not value:
            raise Refused("invalid_request", f"{name} is missing", self.rule)
        return value
