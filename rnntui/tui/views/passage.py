"""Commands of the views that read a passage: positions, other passages, layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from rnntui.protocol.insight import NextPassage
from rnntui.tui.command import Command, live

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard

_JUMP = 10  # positions of a long step
_TYPED = 2000  # characters of a text that becomes the passage


def _positions(app: Dashboard) -> int:
    passage = app.state.passage
    return max(len(passage.tokens), len(passage.rows)) if passage else 0


def _has_passage(app: Dashboard) -> bool:
    return _positions(app) > 0


def choose_position(app: Dashboard, at: int) -> None:
    """Select a position of the passage."""
    at = max(0, min(_positions(app) - 1, at))
    app.ask_insight(replace(app.state.insight_look, at=at))
    app.main.redraw_panels(app.view.name)


def _moves(by: int) -> Callable[[Dashboard], None]:
    def move(app: Dashboard) -> None:
        at = app.state.insight_look.at
        choose_position(app, (_positions(app) - 1 if at < 0 else at) + by)

    return move


def _thaw(app: Dashboard) -> None:
    app.state.frozen = False


def _next_passage(app: Dashboard) -> None:
    _thaw(app)
    app.send_command(NextPassage(), "another passage")


def _written(app: Dashboard) -> str:
    """Return the text that was generated last, with its prompt."""
    generated = app.state.generated
    return (generated.prompt + generated.text)[-_TYPED:] if generated else ""


def _read_written(app: Dashboard) -> None:
    _thaw(app)
    app.send_command(NextPassage(_written(app)), "reading the generated text")


def _freeze(app: Dashboard) -> None:
    app.state.frozen = not app.state.frozen
    key = app.display_options.key_of(f"freeze_{app.view.name}", "f")
    app.show_notice(
        f"frozen: {key} continues" if app.state.frozen else "following the weights again"
    )


def _layers(app: Dashboard) -> int:
    return app.state.passage.layers if app.state.passage else 0


def _next_layer(app: Dashboard) -> None:
    look, layers = app.state.insight_look, _layers(app)
    layer = (layers - 1 if look.layer < 0 else look.layer) + 1
    app.ask_insight(replace(look, layer=layer % layers, unit=-1))
    app.show_notice(f"layer {layer % layers + 1} of {layers}")


def reading(view: str) -> tuple[Command, ...]:
    """Return the commands of a view that reads a passage."""
    return (
        Command(
            name=f"earlier_in_{view}",
            keys=("left",),
            sign="←",
            footer="choose",
            help="choose the previous position of the passage",
            run=_moves(-1),
            available=_has_passage,
            rank=0,
            pair="choose a position of the passage",
        ),
        Command(
            name=f"later_in_{view}",
            keys=("right",),
            sign="→",
            footer="choose",
            help="choose the next position of the passage",
            run=_moves(1),
            available=_has_passage,
            rank=0,
        ),
        Command(
            name=f"far_back_in_{view}",
            keys=("comma",),
            sign=",",
            footer="jump",
            help="jump ten positions back",
            run=_moves(-_JUMP),
            available=_has_passage,
            rank=8,
            pair="jump ten positions back / forward",
        ),
        Command(
            name=f"far_on_in_{view}",
            keys=("full_stop",),
            sign=".",
            footer="jump",
            help="jump ten positions forward",
            run=_moves(_JUMP),
            available=_has_passage,
            rank=8,
        ),
        Command(
            name=f"other_passage_in_{view}",
            keys=("o",),
            footer="other passage",
            help="read another held-out passage",
            run=_next_passage,
            available=live,
            rank=3,
        ),
        Command(
            name=f"generated_in_{view}",
            keys=("O",),
            footer="generated text",
            help="read the text that was generated last, with its prompt",
            run=_read_written,
            available=lambda app: live(app) and not app.state.values and bool(_written(app)),
            rank=6,
            unavailable="no text has been generated yet",
        ),
        Command(
            name=f"freeze_{view}",
            keys=("f",),
            footer="freeze",
            footer_now=lambda app: "unfreeze" if app.state.frozen else "freeze",
            help="keep what is shown, while training continues",
            run=_freeze,
            rank=4,
        ),
    )


def layer_of(view: str) -> Command:
    """Return the command of a view that chooses a layer."""
    return Command(
        name=f"layer_of_{view}",
        keys=("y",),
        footer="layer",
        help="show the next layer",
        run=_next_layer,
        available=lambda app: _layers(app) > 1,
        rank=3,
        unavailable="the network has one layer",
    )
