"""The tables of benchmark results in the README and the guide."""

from __future__ import annotations

from statistics import median
from typing import Any

from rnntui.numbers import si
from tests.benchmarks import results

Found = dict[str, Any]


def speed() -> str:
    """Training and generation, compared with other programs."""
    found = results.read(results.COMPARISON)
    configs = found["configs"].values()
    best = max(config["peak_flops"] for config in configs)
    versions = {}
    for config in configs:
        versions |= config["one core"]["versions"]
    others = sorted({text for name, text in versions.items() if name not in ("ours", "loop")})
    return "\n".join(
        [
            f"On {results.told(found)}; {', '.join(others)}; the peak of one core is "
            f"{best / 1e9:.0f} GFLOP/s.",
            "",
            *_training(found["configs"], best),
            "",
            *_writing(found["configs"]),
            "",
        ]
    )


def speed_in_short() -> str:
    """The range of the ratios on one core, in a sentence."""
    found = results.read(results.COMPARISON)
    training = [c for name, c in found["configs"].items() if not name.startswith("writing")]
    rounds = [config["one core"]["rounds"] for config in training]

    def span(peer: str) -> str:
        medians = [median(results.ratios(one, fastest(one, peer))) for one in rounds]
        return f"{min(medians):.2g} to {max(medians):.2g}"

    several = any("by hand" in name for one in rounds for name in one)
    each = ", each time against\nthe faster of two programs" if several else ""
    return (
        f"On one core of an {found['machine']['cpu']} ({_vector(found)}{found['date']}), an\n"
        f"update takes {span('torch')} times as long in PyTorch and {span('jax')} times as\n"
        f"long in JAX, for {len(rounds)} networks measured side by side{each}.\n"
    )


def _training(configs: Found, best: float) -> list[str]:
    rows = [
        "| training | tokens/s, 1 core | of peak | PyTorch ÷ ours | JAX ÷ ours "
        "| tokens/s, 2 cores | PyTorch ÷ ours | JAX ÷ ours |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, config in configs.items():
        if name.startswith("writing"):
            continue
        one, two = config["one core"]["rounds"], config.get("two cores", {}).get("rounds", {})
        seconds = median(one["ours"])
        cells = [si(config["tokens"] / seconds)]
        cells.append(f"{100 * config['operations'] / seconds / best:.0f} %")
        cells += [_best(one, "torch"), _best(one, "jax")]
        cells.append(si(config["tokens"] / median(two["ours"])) if two.get("ours") else "–")
        cells += [_best(two, "torch"), _best(two, "jax")]
        rows.append(_row(_network(config, True), *cells))
        if "loop" in one:
            rows.append(_row("… and a min-char-rnn loop ÷ ours", "", "", _ratio(one, "loop")))
    return rows


def _writing(configs: Found) -> list[str]:
    rows = [
        "| generation, by character | characters/s | nn.LSTM ÷ ours | nn.LSTMCell ÷ ours |",
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


def fastest(rounds: dict[str, list[float]], library: str) -> str:
    """The fastest program of a library, with whatever threads; empty if none was timed."""
    measured = [name for name in rounds if name.startswith(library) and rounds[name]]
    return min(measured, key=lambda name: median(results.ratios(rounds, name)), default="")


def _best(rounds: dict[str, list[float]], library: str) -> str:
    name = fastest(rounds, library)
    return _ratio(rounds, name) + (" *" if "by hand" in name else "")


def _vector(found: Found) -> str:
    vector = found["machine"].get("vector")
    return f"{vector}, " if vector else ""


def where_time_goes() -> str:
    """The shares of an update, by kind of work."""
    found = results.read(results.PROFILE)
    rows = [
        "| | time | products | tanh, exp | other ufuncs | Python, lookups, sorting, copies |",
        "|---|---|---|---|---|---|",
    ]
    for name, shares in found["configs"].items():
        parts = (f"{100 * shares[kind]:.0f} %" for kind in ("products", "tanh", "ufuncs", "rest"))
        total = 1e3 * shares["total"]
        time = f"{_short(total)} ms" if total >= 0.1 else f"{1e3 * total:.3g} µs"
        rows.append(_row(name, time, *parts))
    return f"On {results.told(found)}.\n\n" + "\n".join(rows) + "\n"


_WATCHING = (  # label, row of the results with {} for a size, unit
    ("training speed with ÷ without the dashboard", "speed, {}", ""),
    ("training speed per CPU second, with ÷ without the dashboard", "speed per CPU second, {}", ""),
    ("key → screen while training at full speed", "key ms, {}", "ms"),
    ("key → screen on a terminal that accepts 12 kB/s", "key ms at 12 kB/s", "ms"),
    ("bytes to the terminal, while the axes still change", "bytes/s, {}", "B/s"),
    ("bytes to the terminal, after ten seconds", "bytes/s later, {}", "B/s"),
    ("CPU of the dashboard process", "UI CPU %, {}", "%"),
    ("CPU of the dashboard process, after ten seconds", "UI CPU % later, {}", "%"),
    ("first rows on the screen", "first paint ms", "ms"),
    ("first complete frame", "first whole frame ms", "ms"),
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
            if (figure := found["rows"].get(name.format(size))) is None:
                continue  # not measured yet when these results were written
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
