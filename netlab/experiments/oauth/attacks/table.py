"""The attacks by name: what each is, what would stop it, and where its defence stands."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from netlab.experiments.oauth.attacks.scene import Scene


@dataclass(frozen=True, slots=True)
class Outcome:
    """loot: what the attacker got. at, by: where it was stopped, and the rule behind that."""

    loot: str = ""
    at: str = ""
    by: str = ""
    moves: Sequence[tuple[str, str]] = ()

    @property
    def succeeded(self) -> bool:
        return bool(self.loot)


@dataclass(frozen=True, slots=True)
class Attack:
    """sentence: for the list. needs: what must be so for it to work.

    server, api, client: protections that stop it, of the authorization server, of the resource
    server, and the application's own. named: the one of them that is on when it is defended. also:
    those of the rest that stop it alone as well; others says so in words.
    """

    name: str
    sentence: str
    needs: str
    named: str
    at: str
    play: Callable[[Scene], Awaitable[Outcome]]
    server: tuple[str, ...] = ()
    api: tuple[str, ...] = ()
    client: tuple[str, ...] = ()
    others: str = ""
    also: tuple[str, ...] = ()
    more: tuple[str, ...] = field(default=())

    @property
    def stoppers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.server, *self.api, *self.client)))


ATTACKS: dict[str, Attack] = {}


def attack(**given: object) -> Callable[[Callable[[Scene], Awaitable[Outcome]]], object]:
    """Put what is below into the table."""

    def known(play: Callable[[Scene], Awaitable[Outcome]]) -> object:
        made = Attack(play=play, **given)  # type: ignore[arg-type]
        ATTACKS[made.name] = made
        return play

    return known
