"""Commands that generate text or a forecast, and set how tokens are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnntui.forecast.verdict import COMBINED, NETWORK
from rnntui.protocol.messages import Generate, SamplingKey, SetSampling, StopGenerating
from rnntui.tui.command import Action, Command, Group, live, shows
from rnntui.tui.draw.sampling import sampling_words
from rnntui.tui.presets import sampling_after

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard


def generate(app: Dashboard) -> None:
    """Generate a continuation of the prompt."""
    if app.state.connection != "live":
        return
    values = app.state.values
    length = 0 if values else app.state.recipe.sample.sample_length
    from rnntui.tui.widgets.prompt import unescaped  # with Textual

    app.display_options.forecast_at = None
    prompt, method = unescaped(app.main.prompt.value), app.display_options.method
    words = "forecasting" if values else "generating"
    app.send_command(Generate(prompt, length, method=method), words)


def change_method(app: Dashboard) -> None:
    """Forecast by the network alone, or by the mean of methods, and do so at once."""
    options = app.display_options
    now = options.method or app.state.recipe.sample.method
    options.method, options.forecast_at = NETWORK if now == COMBINED else COMBINED, None
    shown = app.state.generated
    prompt = shown.prompt if shown is not None else ""
    words = f"forecasting with method = {options.method}"
    app.send_command(Generate(prompt, 0, method=options.method), words)


def _method_now(app: Dashboard) -> str:
    now = app.display_options.method or app.state.recipe.sample.method
    return "network only" if now == COMBINED else "mix methods"


def _forecasting(app: Dashboard) -> bool:
    return live(app) and app.state.forecast(app.display_options) is not None


def set_sampling(app: Dashboard, key: SamplingKey, value: float) -> None:
    """Set a sampling setting."""
    if shown := app.state.shown:
        words = sampling_words(key, value, app.unit)
        expected = shown.sampling.changed(key, value)
        app.send_command(SetSampling(key, value), words, sampling=expected)


def _change(key: SamplingKey, direction: int = 1) -> Action:
    """Return the action that changes a sampling setting to its next or previous preset value."""

    def change(app: Dashboard) -> None:
        if shown := app.state.shown:
            now = getattr(shown.sampling, key)
            set_sampling(app, key, sampling_after(key, now, direction))

    return change


def _prompting(app: Dashboard) -> bool:
    return live(app) and app.prompting


def _generating(app: Dashboard) -> bool:
    return live(app) and app.state.generated is not None and not app.state.generated.finished


def _multiple(app: Dashboard) -> bool:
    return app.text_count > 1


def _has_text(app: Dashboard) -> bool:
    return app.state.generated is not None and not app.state.values


def _has_past(app: Dashboard) -> bool:
    return bool(app.state.past)


def _sampled(app: Dashboard) -> bool:
    return not app.state.values and not app.read_only and app.state.connection != "gone"


def _draws(app: Dashboard) -> bool:
    """The view shows what the sampling settings change."""
    return _sampled(app) and (app.view.has("generated") or app.view.has("guesses"))


def _random(app: Dashboard) -> bool:
    return _draws(app) and not (app.state.shown is not None and app.state.shown.sampling.greedy)


GENERATION = Group(
    "generation",
    (
        Command(
            name="prompt",
            keys=("g", "slash"),
            footer="prompt",
            help="type a prompt; press Enter to generate",
            run=lambda app: app.open_prompt(),
            available=live,
            rank=2,
            footer_now=lambda app: "prompt" if app.view.has("prompt") else "",
            unavailable="the prompt needs the training process",
        ),
        Command(
            name="generate",
            sign="enter",
            footer="generate",
            help="in the prompt: generate with the current weights",
            run=generate,
            available=_prompting,
            rank=1,
            in_prompt=True,
        ),
        Command(
            name="stop_generating",
            keys=("x",),
            footer="stop generating",
            help="stop the generation in progress",
            run=lambda app: app.send_command(StopGenerating(), "generation stopped"),
            available=_generating,
            rank=4,
        ),
        Command(
            name="method",
            keys=("a",),
            footer="method",
            footer_now=_method_now,
            help="forecast by the network alone, or by the mean of methods",
            run=change_method,
            available=shows("generated", _forecasting),
            rank=3,
            unavailable="no forecast is shown",
        ),
        Command(
            name="next_sample",
            keys=("c",),
            footer="next sample",
            help="all samples, or one at a time",
            run=lambda app: app.next_sample(),
            available=shows("generated", _multiple),
            rank=3,
        ),
        Command(
            name="scroll_text_up",
            keys=("pageup",),
            sign="pgup",
            footer="scroll",
            help="scroll the generated text back",
            pair="scroll the generated text back / forward",
            run=lambda app: app.scroll_text(-1),
            available=shows("generated", _has_text),
            rank=9,
            in_prompt=True,
        ),
        Command(
            name="scroll_text_down",
            keys=("pagedown",),
            sign="pgdn",
            footer="scroll",
            help="scroll the generated text forward, up to its end",
            run=lambda app: app.scroll_text(1),
            available=shows("generated", _has_text),
            rank=9,
            in_prompt=True,
        ),
        Command(
            name="samples",
            keys=("S",),
            footer="past texts",
            help="list what was generated so far: read, compare, copy",
            run=lambda app: app.open_samples(),
            available=_has_past,
            rank=7,
            unavailable="no text has been generated yet",
        ),
        Command(
            name="fewer_samples",
            keys=("left_parenthesis",),
            sign="(",
            footer="samples",
            help="generate fewer samples per prompt",
            pair="generate fewer / more samples per prompt (up to 16)",
            run=_change("samples", -1),
            available=shows("generated", _sampled),
            rank=9,
        ),
        Command(
            name="more_samples",
            keys=("right_parenthesis",),
            sign=")",
            footer="samples",
            help="generate more samples per prompt (up to 16)",
            run=_change("samples"),
            available=shows("generated", _sampled),
            rank=9,
        ),
        Command(
            name="colder",
            keys=("left_curly_bracket",),
            sign="{",
            footer="temperature",
            help="lower temperature (less random)",
            pair="lower / raise temperature (less / more random)",
            run=_change("temperature", -1),
            available=_random,
            rank=8,
        ),
        Command(
            name="hotter",
            keys=("right_curly_bracket",),
            sign="}",
            footer="temperature",
            help="raise temperature (more random)",
            run=_change("temperature"),
            available=_random,
            rank=8,
        ),
        Command(
            name="smaller_top_k",
            keys=("k",),
            footer="top-k",
            help="top-k: sample from fewer of the most likely characters",
            pair="top-k: sample from fewer / more of the most likely characters",
            run=_change("top_k", -1),
            available=_random,
            rank=9,
        ),
        Command(
            name="larger_top_k",
            keys=("K",),
            footer="top-k",
            help="top-k: sample from more of the most likely characters, up to all",
            run=_change("top_k"),
            available=_random,
            rank=9,
        ),
        Command(
            name="smaller_top_p",
            keys=("p",),
            footer="top-p",
            help="top-p: smaller probability mass",
            pair="top-p: smaller / larger probability mass",
            run=_change("top_p", -1),
            available=_random,
            rank=9,
        ),
        Command(
            name="larger_top_p",
            keys=("P",),
            footer="top-p",
            help="top-p: larger probability mass, up to 1",
            run=_change("top_p"),
            available=_random,
            rank=9,
        ),
        Command(
            name="greedy",
            keys=("G", "ctrl+g"),
            prompt_key="ctrl+g",
            footer="greedy",
            help="greedy on / off",
            run=_change("greedy"),
            available=_draws,
            rank=9,
            in_prompt=True,
        ),
    ),
)
