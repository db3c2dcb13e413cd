"""What the long scripts gave when they were last run with --record, for the README."""

from __future__ import annotations

from typing import Any

from tests.benchmarks import results


def told() -> str:
    """A line for each script, under the machine it ran on."""
    kills, keys, stopped, soak = map(
        results.read, (results.KILLS, results.KEYS, results.STOPPED, results.SOAK)
    )
    lines = (
        f"`python -m tests.kills --kills {kills['kills']}`: {kills['kills']:,} kills in "
        f"{kills['seconds']:.0f} s, {kills['inside']:,} of them inside a save; of "
        f"{kills['runs']} finished runs {kills['different']} different, {kills['refused']} "
        f"resumptions refused, {kills['passed_over']} checkpoints passed over.",
        f"`python -m tests.keys --events {keys['events']} --seed {keys['seed']}`: "
        f"{keys['events']:,} events in {keys['seconds']:.0f} s, "
        f"{'no exception' if keys['well'] else 'it failed'}.",
        f"`python -m tests.benchmarks.stopped --rounds {stopped['rounds']} --seconds "
        f"{stopped['seconds']:g}`: of the updates beside a dashboard that is read, "
        f"{results.spread(stopped['stopped'])} beside one that is stopped, "
        f"{results.spread(stopped['unread'])} beside one whose terminal nobody reads.",
        f"`python -m tests.soak --minutes {soak['minutes']:g}`: {_grew('dashboard', soak)}; "
        f"{_grew('trainer', soak)}.",
    )
    return f"On {results.told(kills)}:\n\n" + "".join(f"- {line}\n" for line in lines)


def _grew(name: str, soak: dict[str, Any]) -> str:
    found = soak[name]
    return (
        f"the {name} {found['first']:.1f} MB after {soak['minutes'] / 6:.0f} minutes, "
        f"{found['last']:.1f} MB at the end ({found['growth']:+.2f} MB an hour by least squares), "
        f"descriptors {_range(found['descriptors'])}, threads {_range(found['threads'])}"
    )


def _range(ends: list[int]) -> str:
    least, most = ends
    return f"{least}" if least == most else f"{least} to {most}"
