"""Dataclasses whose methods are written late: they are like those of the standard library."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from typing import Any

import pytest

from rnntui.dataclass import dataclass


class BrokenOff(BaseException):
    """What a signal's handler raises."""


Decorator = Callable[..., Any]
KINDS = [dataclass, dataclasses.dataclass]


def classes(decorator: Decorator) -> dict[str, Any]:
    """Classes of all kinds that the program uses."""

    @decorator(frozen=True)
    class Point:
        """A point."""

        x: int
        y: int = 2
        names: list[str] = field(default_factory=list, compare=False)

    @decorator(frozen=True)
    class Space(Point):
        """A point with another default."""

        z: int = field(default=3, repr=False)

    @decorator(eq=False, kw_only=True)
    class Counter:
        """Can be set."""

        count: int
        twice: int = field(init=False)

        def __post_init__(self) -> None:
            self.twice = 2 * self.count

    @decorator(slots=True)
    class Slots:
        """Has no dictionary."""

        a: int

    @decorator(kw_only=True)
    class Made(Counter):
        """Has values of all kinds, by name."""

        given: list[int] = field(default_factory=list)
        own: dict[str, int] = field(init=False, default_factory=dict)
        fixed: int = field(init=False, default=3)
        choice: int = 4

    @decorator
    class Empty:
        """Has nothing."""

    class Plain(Point):
        """Inherits `__init__` without being decorated."""

    @decorator
    class Own:
        """Has an `__init__` of its own."""

        a: int

        def __init__(self) -> None:
            self.a = 7

    return {c.__name__: c for c in (Point, Space, Counter, Slots, Made, Empty, Plain, Own)}


def seen(make: Callable[[], object]) -> object:
    try:
        made = make()
    except Exception as error:
        return type(error), str(error)
    return repr(made).split(".")[-1], getattr(made, "__dict__", None)


MADE: list[Callable[[dict[str, Any]], object]] = [
    lambda c: c["Point"](1),
    lambda c: c["Point"](1, y=5, names=["a"]),
    lambda c: c["Point"](),
    lambda c: c["Point"](1, 2, [], 4),
    lambda c: c["Point"](1, q=2),
    lambda c: c["Space"](1),
    lambda c: c["Space"](1, 2, [], 4),
    lambda c: c["Plain"](1),
    lambda c: c["Own"]().a,
    lambda c: c["Own"](1),
    lambda c: c["Counter"](count=2).twice,
    lambda c: c["Counter"](2),
    lambda c: c["Made"](count=1),
    lambda c: vars(c["Made"](count=1, choice=5, given=[1])),
    lambda c: c["Made"](count=1, own={}),
    lambda c: c["Made"](count=1).given is c["Made"](count=1).given,
    lambda c: c["Empty"]() == c["Empty"](),
    lambda c: c["Empty"](1),
    lambda c: c["Slots"](1).a,
    lambda c: c["Slots"](1).__dict__,
    lambda c: c["Point"](1) == c["Point"](1, 2, ["other"]),
    lambda c: c["Point"](1) == c["Point"](2),
    lambda c: c["Point"](1) == c["Space"](1),
    lambda c: hash(c["Point"](1)),
    lambda c: hash(c["Slots"](1)),
    lambda c: c["Counter"](count=2) == c["Counter"](count=2),
    lambda c: dataclasses.replace(c["Space"](1), y=9),
    lambda c: dataclasses.replace(c["Space"](1), q=9),
    lambda c: dataclasses.asdict(c["Space"](1)),
    lambda c: [f.name for f in dataclasses.fields(c["Space"])],
    lambda c: [f.name for f in dataclasses.fields(c["Plain"])],
    lambda c: [dataclasses.is_dataclass(one) for one in c.values()],
    lambda c: dataclasses.fields(c["Space"])[0].type,
    lambda c: c["Space"].__match_args__ if c["Space"](1) else None,
    lambda c: setattr(c["Point"](1), "x", 3),
    lambda c: setattr(c["Space"](1), "other", 3),
    lambda c: delattr(c["Point"](1), "x"),
    lambda c: setattr(c["Counter"](count=1), "count", 3),
]


@pytest.mark.parametrize("n", range(len(MADE)))
def test_it_is_like_the_standard_one(n: int) -> None:
    ours, standard = (seen(lambda kind=kind: MADE[n](classes(kind))) for kind in KINDS)
    assert ours == standard


def test_methods_are_written_for_the_first_instance() -> None:
    point = classes(dataclass)["Point"]
    assert "__eq__" not in vars(point)
    with pytest.raises(FrozenInstanceError):
        point(1).x = 2
    assert "__eq__" in vars(point)
    assert vars(point)["__init__"].__name__ == "__init__"


def test_a_subclass_completes_what_it_inherits_from() -> None:
    made = classes(dataclass)
    made["Space"](1)
    assert "__eq__" in vars(made["Point"])


def test_threads_may_make_the_first_instance_at_once() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(30):
            kind, wrong = classes(dataclass)["Space"], list[BaseException]()
            ready = threading.Barrier(4)

            def make(kind: Any = kind, wrong: Any = wrong, ready: Any = ready) -> None:
                ready.wait()
                try:
                    for n in range(50):
                        assert kind(n, 1) == kind(n, 1)
                except BaseException as error:
                    wrong.append(error)

            threads = [threading.Thread(target=make) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert not wrong
    finally:
        sys.setswitchinterval(interval)


@pytest.mark.parametrize("name", ["Point", "Space", "Counter"])
def test_a_signal_may_break_off_the_first_instance(name: str) -> None:
    """At any of the functions called for it: afterwards, it is as if nothing had happened."""
    given = {"count": 2} if name == "Counter" else {"x": 2}
    wanted = seen(lambda: classes(dataclass)[name](**given))
    broken_off = 0
    for stop in range(1, 10_000, 11):
        kind, calls = classes(dataclass)[name], 0

        def interrupt(_frame: object, event: str, called: object, stop: int = stop) -> None:
            nonlocal calls
            calls += event in ("call", "c_call") and called is not sys.setprofile
            if calls == stop:
                sys.setprofile(None)
                raise BrokenOff

        try:
            sys.setprofile(interrupt)
            kind(**given)
        except BrokenOff:
            broken_off += 1
        else:
            break
        finally:
            sys.setprofile(None)
        assert seen(lambda kind=kind: kind(**given)) == wanted  # type: ignore[misc]
        assert hash(kind(**given)) == hash(kind(**given)) or name == "Counter"
    assert broken_off > 10


def test_few_classes_are_complete_after_the_imports_of_a_training_process() -> None:
    """One that needed an instance, or a class's fields, while it is imported would be seen here."""
    program = (
        "import dataclasses; made = []; real = dataclasses._process_class\n"
        "dataclasses._process_class = lambda cls, *rest: made.append(cls) or real(cls, *rest)\n"
        "import rnntui.engine.__main__, rnntui.session.session, rnntui.tui.app\n"
        "print(len([c for c in made if c.__module__.startswith('rnntui')]))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert 10 < int(found.stdout) < 200
