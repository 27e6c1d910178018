"""Stores: bounded, and each thing for its time."""

from netlab.lab.oauth.stores import Store


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_oldest_goes_when_there_is_no_room() -> None:
    store: Store[str, int] = Store(Time(), most=2, lifetime=10)
    for number, key in enumerate("abc"):
        store.put(key, number)
    assert (store.get("a"), store.get("b"), store.get("c"), len(store)) == (None, 1, 2, 2)
    store.put("b", 7)  # put again, it is the newest
    store.put("d", 3)
    assert (store.get("b"), store.get("c")) == (7, None)


def test_each_thing_has_its_time() -> None:
    clock = Time()
    store: Store[str, int] = Store(clock, most=9, lifetime=10)
    store.put("short", 1, lifetime=5)
    store.put("long", 2)
    clock.now = 5
    assert (store.get("short"), list(store.values())) == (None, [2])
    clock.now = 10
    assert (store.pop("long"), len(store)) == (None, 0)
    store.put("next", 3)
    assert len(store.kept) == 1  # what has ended is no longer in memory either


def test_what_is_popped_is_gone() -> None:
    store: Store[str, int] = Store(Time(), most=9, lifetime=10)
    store.put("a", 1)
    assert (store.pop("a"), store.pop("a"), store.get("a")) == (1, None, None)
