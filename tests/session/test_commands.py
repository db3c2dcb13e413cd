"""Every command has a handler, and only commands have one."""

from __future__ import annotations

import pytest

from rnntui.protocol.base import REQUESTS
from rnntui.protocol.insight import Again
from rnntui.protocol.messages import Hello, Look, Pause, Stop
from rnntui.session.commands import HANDLERS, handles
from rnntui.session.session import Session


def test_every_request_that_the_engine_does_not_answer_itself_has_a_handler() -> None:
    assert Session  # its modules register their handlers
    assert set(HANDLERS) == set(REQUESTS.values()) - {Again, Hello, Look, Stop}


def test_only_looking_is_open_to_read_only_viewers() -> None:
    assert {kind for kind in REQUESTS.values() if kind.observes} == {Hello, Look}


def test_a_refusal_says_in_plain_words_what_is_not_possible() -> None:
    commands = [kind for kind in REQUESTS.values() if not kind.observes]
    assert len({kind.does for kind in commands}) == len(commands)
    assert all(kind.does and kind.__name__ not in kind.does for kind in commands)


def test_a_command_has_one_handler() -> None:
    with pytest.raises(ValueError, match="Pause has two handlers"):
        handles(Pause)
