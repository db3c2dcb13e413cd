"""The README's tables of what benchmarks have measured."""

from __future__ import annotations

from statistics import median
from typing import Any

from rnntui.foreground.numbers import si
from tests.benchmarks import results

Found = dict[str, Any]


def speed() -> str:
    """Training and writing, beside others."""
    found = results.read(results.COMPARISON)
    configs = found["configs"].values()
    best = max(config["peak_flops"] for config in configs)
    versions = {}
    for config in configs:
        versions |= config["one core"]["versions"]
    others = sorted({text for name, text in versions.items() if name not in ("ours", "loop")})
    return "\n".join(
        [
            f"On {results.told(found)}; {', '.join(others)}; the peak of a core is "
            f"{best / 1e9:.0f} GFLOP/s.",
            "",
            *_training(found["configs"], best),
            "",
            *_writing(found["configs"]),
            "",
        ]
    )


def _training(configs: Found, best: float) -> list[str]:
    rows = [
        "| training | tokens/s, 1 core | of peak | torch ÷ ours | JAX ÷ ours "
        "| tokens/s, 2 cores | torch's best ÷ ours | JAX ÷ ours |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, config in configs.items():
        if name.startswith("writing"):
            continue
        one, two = config["one core"]["rounds"], config.get("two cores", {}).get("rounds", {})
        seconds = median(one["ours"])
        cells = [si(config["tokens"] / seconds)]
        cells.append(f"{100 * config['operations'] / seconds / best:.0f} %")
        cells += [_ratio(one, "torch"), _ratio(one, "jax")]
        cells.append(si(config["tokens"] / median(two["ours"])) if two.get("ours") else "–")
        cells += [_ratio(two, _faster_torch(two)), _ratio(two, "jax")]
        rows.append(_row(_network(config, True), *cells))
        if "loop" in one:
            rows.append(_row("… and a min-char-rnn loop ÷ ours", "", "", _ratio(one, "loop")))
    return rows


def _writing(configs: Found) -> list[str]:
    rows = [
        "| writing, one character at a time | characters/s | nn.LSTM ÷ ours | nn.LSTMCell ÷ ours |",
        "|---|---|---|---|",
    ]
    for name, config in configs.items():
        if name.startswith("writing"):
            rounds = config["one core"]["rounds"]
            rate = si(1 / median(rounds["ours"]))
            ratios = _ratio(rounds, "torch"), _ratio(rounds, "torch cell")
            rows.append(_row(_network(config, False), rate, *ratios))
    return rows


def _network(config: Found, chunk: bool) -> str:
    sizes = f", {config['batch']} x {config['steps']}" if chunk else ""
    return f"{config['cell']} {config['layers']} x {config['hidden']}{sizes}"


def _ratio(rounds: dict[str, list[float]], name: str) -> str:
    return results.spread(results.ratios(rounds, name) if rounds else [])


def _faster_torch(rounds: dict[str, list[float]]) -> str:
    """Of one and two threads."""
    measured = [name for name in rounds if name.startswith("torch") and rounds[name]]
    return min(measured, key=lambda name: median(rounds[name]), default="")


def where_time_goes() -> str:
    """The shares of an update, by kind of work."""
    found = results.read(results.PROFILE)
    rows = [
        "| | time | matrix products | tanh | other ufuncs | Python, lookups, sorting, copies |",
        "|---|---|---|---|---|---|",
    ]
    for name, shares in found["configs"].items():
        parts = (f"{100 * shares[kind]:.0f} %" for kind in ("products", "tanh", "ufuncs", "rest"))
        total = 1e3 * shares["total"]
        time = f"{_short(total)} ms" if total >= 0.1 else f"{1e3 * total:.3g} µs"
        rows.append(_row(name, time, *parts))
    return f"On {results.told(found)}.\n\n" + "\n".join(rows) + "\n"


_WATCHING = (  # label, row of the results with {} for a size, unit
    ("training speed with the dashboard ÷ silence", "speed, {}", ""),
    ("the same per CPU second", "speed per CPU second, {}", ""),
    ("key → screen while training flat out", "key ms, {}", "ms"),
    ("key → screen when the terminal takes 12 kB/s", "key ms at 12 kB/s", "ms"),
    ("bytes to the terminal, while the axes still move", "bytes/s, {}", "B/s"),
    ("CPU of the dashboard's process", "UI CPU %, {}", "%"),
    ("first rows on the screen", "first paint ms", "ms"),
    ("first whole frame", "first whole frame ms", "ms"),
    ("first update shown", "first update ms", "ms"),
    ("`rnntui --help`", "--help ms", "ms"),
)


def watching() -> str:
    """What the dashboard costs."""
    found = results.read(results.DASHBOARD)
    rows = ["| | median | least … most | 99th percentile |", "|---|---|---|---|"]
    for label, name, unit in _WATCHING:
        sizes = ("small", "large") if "{}" in name else [""]
        for size in sizes:
            figure = found["rows"][name.format(size)]
            shown = f"{label}, {size}" if size else label
            often = figure["count"] >= 50
            rows.append(
                _row(
                    shown,
                    f"{_short(figure['median'])} {unit}".strip(),
                    f"{_short(figure['least'])} … {_short(figure['most'])}",
                    _short(figure["p99"]) if often else "",
                )
            )
    return f"On {results.told(found)}.\n\n" + "\n".join(rows) + "\n"


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 999.5 else f"{value:,.0f}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
