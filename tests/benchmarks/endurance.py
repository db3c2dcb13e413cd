"""The results of the long scripts, as last recorded with --record, for the guide."""

from __future__ import annotations

from typing import Any

from tests.benchmarks import results


def told() -> str:
    """Format a line per script, under the machine that ran them."""
    kills, keys, stopped, soak = map(
        results.read, (results.KILLS, results.KEYS, results.STOPPED, results.SOAK)
    )
    lines = (
        f"`python -m tests.long.kills --kills {kills['kills']}`: {kills['kills']:,} kills in "
        f"{kills['seconds']:.0f} s, {kills['inside']:,} of them inside a save; of "
        f"{kills['runs']} finished runs {kills['different']} differed; {kills['refused']} "
        f"refused to resume; {kills['passed_over']} checkpoints were skipped.",
        f"`python -m tests.long.keys --events {keys['events']} --seed {keys['seed']}`: "
        f"{keys['events']:,} events in {keys['seconds']:.0f} s, "
        f"{'no exception' if keys['well'] else 'it failed'}.",
        f"`python -m tests.benchmarks.stopped --rounds {stopped['rounds']} --seconds "
        f"{stopped['seconds']:g}`: training speed relative to a working dashboard: "
        f"{results.spread(stopped['stopped'])} with a stopped one, "
        f"{results.spread(stopped['unread'])} with one whose terminal is not read.",
        f"`python -m tests.long.soak --minutes {soak['minutes']:g}`: {_grew('dashboard', soak)}; "
        f"{_grew('trainer', soak)}.",
    )
    return f"On {results.told(kills)}:\n\n" + "".join(f"- {line}\n" for line in lines)


def _grew(name: str, soak: dict[str, Any]) -> str:
    found = soak[name]
    return (
        f"the {name} {found['first']:.1f} MB after {soak['minutes'] / 6:.0f} minutes, "
        f"{found['last']:.1f} MB at the end ({found['growth']:+.2f} MB per hour by least squares), "
        f"descriptors {_range(found['descriptors'])}, threads {_range(found['threads'])}"
    )


def _range(ends: list[int]) -> str:
    least, most = ends
    return f"{least}" if least == most else f"{least} to {most}"
