"""What the view of health shows, at length, with the numbers of the selected finding."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.numbers import count, figure
from rnntui.protocol.insight import Finding, Health, Sign
from rnntui.tui.draw.rows import Rows
from rnntui.tui.draw.views.explain.page import definitions, page, section
from rnntui.tui.draw.views.health_findings import changes, selected_finding
from rnntui.tui.draw.views.options import ViewOptions
from rnntui.tui.draw.views.prose import terms

_WHAT = (
    "Signs are numbers that are measured throughout a run. Findings are problems that the run has "
    "now, drawn from several signs and the loss together.",
    "A single threshold raises false alarms: healthy runs often have saturated units early on, or "
    "updates of 3 % of the weights. So a rule speaks only if the loss agrees, for long enough, and "
    "its finding is withdrawn as soon as it no longer holds. Plateaus often pass.",
    "Saturated is not vanishing: a network with large weights can have 94 % of its units at their "
    "limits while its gradient explodes.",
)
MEASURES = (
    ("reach", "steps back at which less than 1 % of the gradient of ONE error is left"),
    ("update / weight", "rms(Δw) ÷ rms(w) of one update, the largest of the weight matrices"),
    ("saturated", "share of hidden values within 3 % of a limit of the activation, worst layer"),
    ("constant units", "units whose deviation over a chunk is below 0.001, worst layer"),
    ("gradient norm", "‖∂L/∂w‖ of all weights, or of one tensor, before clipping"),
    ("clipped", "share of updates whose gradient was shortened: g × clip ÷ ‖g‖ if ‖g‖ > clip"),
    ("validation - training", "mean validation loss minus mean training loss of the last pass"),
    ("gradient check", "(L(w + ε) - L(w - ε)) ÷ 2ε against the gradient, for some weights"),
)
FORECASTS = (
    ("rows ahead", "forecasts start at origins spread over the held-out part; what came is known"),
    ("RMSE, MAE", "root mean square and mean absolute error, in the units of the source"),
    ("MASE", "MAE ÷ that of the (seasonal) naive forecast of one row in the part trained on"),
    ("last value", "nothing changes"),
    ("seasonal naive", "the last season again"),
    ("autoregression", "least squares on earlier values, with the lags of the season"),
    ("differencing", "an autoregression of the changes since the last season, or from row to row"),
    ("exponential smoothing", "a damped trend, on values without their season"),
    ("theta", "a smoothed level and half the slope of the trend, without the season"),
    ("adaptive mean", "regressions of values, changes and logarithms, by their recent errors"),
    ("auto", "the mean of them that errors inside the part trained on prefer"),
    ("interval", "forecast ± a quantile of the errors of earlier forecasts that far ahead"),
)


def _keys(options: ViewOptions) -> list[tuple[str, str]]:
    """Return the keys of the view, and what they do."""
    key_of = options.key_of
    rates = f"{key_of('rate_down', '[')} {key_of('rate_up', ']')}"
    return [
        (key_of("fix", "m"), "fixes the run: restores earlier weights, halves the learning rate"),
        (rates, "lower and raise the learning rate"),
        (
            key_of("again_with_fix", "r"),
            "starts a new run beside this one with the settings that the finding suggests",
        ),
        (key_of("check_gradients", "c"), "compares the gradient with finite differences"),
        (key_of("dismiss_finding", "D"), "hides the selected finding for the rest of this run"),
    ]


def explain_health(
    message: Health | None,
    findings: Sequence[Finding],
    options: ViewOptions,
    width: int,
    forecasts: bool = False,
) -> Rows:
    """Explain the view in rows of exactly `width` cells, as many as it takes.

    `forecasts`: whether it shows how well the run forecasts.
    """
    glyphs = options.glyphs
    rows = section("health: is something wrong, and what to do", _WHAT, width, glyphs)
    hidden = message.dismissed if message is not None else ()
    finding = selected_finding([f for f in findings if f.id not in hidden], options.finding)
    if finding is not None:
        numbers = [(item.name, figure(item.value)) for item in finding.evidence]
        rows += section(f"{finding.title} ({finding.id})", _told(finding), width, glyphs)
        rows += [*terms(numbers, width, glyphs), []] if numbers else []
    if message is not None and message.signs:
        rows += definitions("signs", [_sign(sign) for sign in message.signs], width, glyphs)
    rows += definitions("how they are measured", MEASURES, width, glyphs)
    if forecasts:
        rows += definitions("forecasts", FORECASTS, width, glyphs)
    rows += definitions("keys", _keys(options), width, glyphs)
    return page(rows, width, glyphs)


def _sign(sign: Sign) -> tuple[str, str]:
    usual = f" (usual here: {sign.usual})" if sign.usual.strip("-– ") else ""
    return sign.name, f"{sign.now}{usual} · {sign.meaning}"


def _told(finding: Finding) -> list[str]:
    evidence, advice = _sentence(finding.short), _sentence(finding.advice)
    texts = [f"Since update {count(finding.since)}. {evidence}", advice]
    if finding.fix:
        texts.append(f"A new run might do better with {changes(finding.fix)}.")
    return [text for text in texts if text]


def _sentence(text: str) -> str:
    """Return a text with a capital and a full stop."""
    return text and text[0].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
