"""What a command of the dashboard is, and the conditions under which commands are available."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from rnntui.charset import Glyphs
from rnntui.dataclass import dataclass
from rnntui.numbers import rate
from rnntui.tui.draw.keys import printed

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard

Action = Callable[["Dashboard"], object]
Condition = Callable[["Dashboard"], bool]


def always(_app: Dashboard) -> bool:
    """No condition."""
    return True


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command of the user.

    `keys` are Textual's key names, `sign` is the first one as the footer prints it, if different.
    Commands with the same `footer` word share a footer entry; entries of higher `rank` are dropped
    first when the footer is narrow.
    """

    name: str
    footer: str
    help: str
    run: Action
    keys: tuple[str, ...] = ()
    sign: str = ""
    available: Condition = always
    rank: int = 5
    in_prompt: bool = False  # also available while the prompt has the focus
    prompt_key: str = ""  # the key to show while the prompt has the focus, if different
    footer_now: Callable[[Dashboard], str] | None = None
    pair: str = ""  # help line shared by this command and the next one
    urgent: bool = False  # its keys work in jump mode, too
    unavailable: str = ""  # message if it is not available; empty: a generic one

    @property
    def shown(self) -> str:
        """The key as it is printed; empty if the user has given it to another command."""
        return self.sign or (self.keys[0] if self.keys else "")

    def footer_word(self, app: Dashboard) -> str:
        """Return the current word for the footer; empty: it has no entry."""
        return self.footer_now(app) if self.footer_now else self.footer


@dataclass(frozen=True)
class Group:
    """Commands on one subject, under a title of the help page."""

    title: str
    commands: tuple[Command, ...]


def quit_keys(commands: Iterable[Command]) -> tuple[str, ...]:
    """Return the characters that quit."""
    return tuple(key for c in commands if c.name == "quit" for key in c.keys if len(key) == 1)


def shown_key(command: Command, glyphs: Glyphs) -> str:
    """Return a command's key, spelled in ASCII if the glyphs are."""
    return printed(command.shown, glyphs)


# ---- conditions -------------------------------------------------------------------------------


def running(app: Dashboard) -> bool:
    """Training can be controlled."""
    return app.state.running and not app.read_only


def live(app: Dashboard) -> bool:
    """The training process can be asked to generate."""
    return app.state.connection == "live" and not app.read_only


def in_training_process(app: Dashboard) -> bool:
    """The run has its training process: one shown from its files takes no experiments."""
    shown_from_files = app.state.welcome is not None and app.state.welcome.ended
    return live(app) and not shown_from_files


NEEDS_TRAINING_PROCESS = "needs the training process: resume the run first"  # to be available


def shows(panel: str, condition: Condition = always) -> Condition:
    """The view has a panel of this name, and a condition holds."""
    return lambda app: app.view.has(panel) and condition(app)


# ---- actions that several commands share ------------------------------------------------------


def set_lr(app: Dashboard, lr: float) -> None:
    """Set the learning rate."""
    from rnntui.protocol.messages import SetLearningRate  # the screen that compares needs none

    notice = f"learning rate {rate(lr)} from the next update on"
    app.send_command(SetLearningRate(lr), notice, lr=lr)
