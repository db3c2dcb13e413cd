"""What each command of a viewer does to a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnntui.engine.protocol import (
    Generate,
    Mend,
    Pace,
    Pause,
    Request,
    Resume,
    Save,
    SetLearningRate,
    SetSampling,
    Step,
    StopWriting,
)

if TYPE_CHECKING:
    from rnntui.engine.session import Session


def carry_out(session: Session, request: Request) -> None:
    """Carry out a command. Raises UsageError where it cannot be."""
    match request:
        case Pause():
            session.pause()
        case Resume():
            session.resume()
        case Step():
            session.make_steps(request.count)
        case Pace():
            session.set_pace(request.updates_per_second)
        case SetLearningRate():
            session.set_lr(request.lr)
        case SetSampling():
            session.set_sampling(request.key, request.value)
        case Generate():
            session.generate(request)
        case StopWriting():
            session.stop_writing()
        case Mend():
            session.mend()
        case Save():
            session.save()
