"""Which handler executes which command.

A handler is registered where it is defined: here for what the session does itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from rnntui.protocol.base import Request
from rnntui.protocol.messages import (
    Fix,
    Generate,
    Pace,
    Pause,
    Resume,
    Save,
    SetLearningRate,
    SetSampling,
    Step,
    StopGenerating,
)

if TYPE_CHECKING:
    from rnntui.session.session import Session

Command = TypeVar("Command", bound=Request)
HANDLERS: dict[type[Request], Callable[[Session, Any], None]] = {}


def handles(
    kind: type[Command],
) -> Callable[[Callable[[Session, Command], None]], Callable[[Session, Command], None]]:
    """Return a decorator that registers the handler of a command.

    The handler may raise UsageError. Raises ValueError if the command has a handler already.
    """
    if kind in HANDLERS:
        raise ValueError(f"{kind.__name__} has two handlers")

    def register(
        handler: Callable[[Session, Command], None],
    ) -> Callable[[Session, Command], None]:
        HANDLERS[kind] = handler
        return handler

    return register


def execute(session: Session, request: Request) -> None:
    """Execute a command. Raises UsageError if it cannot be executed."""
    HANDLERS[type(request)](session, request)


@handles(Pause)
def _pause(session: Session, _request: Pause) -> None:
    session.pause()


@handles(Resume)
def _resume(session: Session, _request: Resume) -> None:
    session.resume()


@handles(Step)
def _step(session: Session, request: Step) -> None:
    session.make_steps(request.count)


@handles(Pace)
def _pace(session: Session, request: Pace) -> None:
    session.set_pace(request.updates_per_second)


@handles(SetLearningRate)
def _set_learning_rate(session: Session, request: SetLearningRate) -> None:
    session.set_lr(request.lr)


@handles(SetSampling)
def _set_sampling(session: Session, request: SetSampling) -> None:
    session.set_sampling(request.key, request.value)


@handles(Generate)
def _generate(session: Session, request: Generate) -> None:
    session.generate(request)


@handles(StopGenerating)
def _stop_generating(session: Session, _request: StopGenerating) -> None:
    session.stop_generating()


@handles(Fix)
def _fix(session: Session, _request: Fix) -> None:
    session.fix()


@handles(Save)
def _save(session: Session, _request: Save) -> None:
    session.save()
