"""One attack, undefended and defended: servers set, parties cast, the outcome told."""

from contextlib import AsyncExitStack

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.oauth import questions
from netlab.experiments.oauth.application import CHECKS
from netlab.experiments.oauth.attacks import codes as _codes  # noqa: F401 - they fill the table
from netlab.experiments.oauth.attacks import tokens as _tokens  # noqa: F401
from netlab.experiments.oauth.attacks.scene import Scene
from netlab.experiments.oauth.attacks.table import ATTACKS, Attack, Outcome
from netlab.experiments.oauth.refusing import Stopped
from netlab.experiments.oauth.restoring import restoring
from netlab.experiments.oauth.world import World
from netlab.recording.records import Value

SERVERS = {"server": "web:auth.example.com", "api": "web:api.example.com"}
ROGUE, VICTIM = "web:auth.example.net", "https://auth.example.com"


async def run(
    bench: Bench, name: str, undefended: bool = True, defended: bool = True, by: str = ""
) -> Exit:
    """Exit.OK when each outcome is the one that was foretold. by: another protection to be on."""
    attack = ATTACKS[name]
    foretold = True
    first = bench.step("attack.undefended" if undefended else "attack.defended",
                       "Undefended" if undefended else "Defended")  # fmt: skip
    for note in bench.network.set_up():
        bench.recorder.fact(first, "run.note", note, origin="configured")
    async with restoring(bench.network, *SERVERS.values(), *rogue(attack)):
        if undefended:
            outcome = await _once(bench, attack, "attack.undefended", frozenset())
            foretold &= outcome.succeeded
        if defended:
            outcome = await _once(bench, attack, "attack.defended", frozenset({by or attack.named}))
            foretold &= not outcome.succeeded and (bool(by) or outcome.at == attack.at)
    return Exit.OK if foretold else Exit.HTTP


async def _once(bench: Bench, attack: Attack, topic: str, on: frozenset[str]) -> Outcome:
    world = World(bench)
    _cast(world)
    world.chapter(topic, "Undefended" if not on else "Defended")
    await _set(bench, attack, on)
    checks = CHECKS - (set(attack.client) - on)
    world.load()
    async with AsyncExitStack() as stack:
        scene = Scene(world, on | (CHECKS - set(attack.stoppers)), frozenset(checks), stack)
        try:
            outcome = await attack.play(scene)
        except Stopped as stopped:
            outcome = Outcome(at=stopped.where, by=f"{stopped.why} ({stopped.rule})".strip())
    world.rest()
    _ask(world, attack, on, outcome)
    _tell(world, attack, on, outcome, scene)
    return outcome


def rogue(attack: Attack) -> tuple[str, ...]:
    return (ROGUE,) if "rogue" in attack.more else ()


async def _set(bench: Bench, attack: Attack, on: frozenset[str]) -> None:
    """Protections as they are to be, and nothing left over of what was set before."""
    for role, service in SERVERS.items():
        names = attack.server if role == "server" else attack.api
        off = {name: False for name in names if name not in on}
        await bench.network.command("oauth", service=service, reset=True, protections=off)
    for service in rogue(attack):
        await bench.network.command("oauth", service=service, forwards_to=VICTIM)


def _cast(world: World) -> None:
    world.actor("attacker", "the attacker", "attacker")
    world.actor("browser", "Alice's browser", "user agent, scripted")
    world.actor("client", "the application", "client application")
    world.actor("as", "auth.example.com", "authorization server", "auth.example.com")
    world.actor("rogue", "auth.example.net", "authorization server", "auth.example.net")
    world.actor("rs", "api.example.com", "resource server", "api.example.com")
    world.actor("files", "files.example.com", "resource server", "files.example.com")


def _ask(world: World, attack: Attack, on: frozenset[str], outcome: Outcome) -> None:
    """What can be guessed before this half is shown."""
    question: questions.Ask | None
    if on:
        question = questions.place(outcome.at, outcome.by)
    else:
        question = questions.stops(attack.named, attack.stoppers, attack.needs)
    if question is not None:
        question.write(world.bench.recorder, world.step)


def _tell(world: World, attack: Attack, on: frozenset[str], outcome: Outcome, scene: Scene) -> None:
    fact = world.fact
    fact("attack.name", attack.name, origin="configured")
    fact("attack.sentence", attack.sentence, origin="standard")
    fact("attack.needs", attack.needs, origin="standard")
    fact("attack.off", [name for name in attack.stoppers if name not in on], origin="configured")
    moves: list[Value] = [{"who": who, "what": what} for who, what in scene.moves]
    fact("attack.moves", moves)
    won = fact("attack.succeeded", outcome.succeeded)
    if outcome.loot:
        fact("attack.loot", outcome.loot)
    if outcome.at:
        fact("attack.stopped_at", outcome.at)
        fact("attack.stopped_by", outcome.by)
    if on:
        fact("attack.on", [*on], origin="configured")
        fact("attack.others", attack.others, origin="standard")
    foretold = outcome.succeeded is not bool(on) and (not on or outcome.at == attack.at)
    if not foretold:
        what = "worked" if outcome.succeeded else f"failed at the {outcome.at or 'end'}"
        world.bench.recorder.finding(
            world.step, "fault", f"The attack {what}, which was not foretold.",
            "The lab's servers and netlab's application should behave otherwise: please report it.",
            (won,), "oauth",
        )  # fmt: skip


__all__ = ["ATTACKS", "run"]
