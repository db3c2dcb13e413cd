"""The settings in which several runs differ. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from rnntui.recipe import Value, keys

Settings = Mapping[str, Value]  # the value of each recipe key


def effective(settings: Settings) -> dict[str, Value]:
    """Return the settings that have an effect: without momentum, say, if the optimizer is adam."""
    without = {
        leaf.name
        for leaf in keys()
        if leaf.rule.only and settings.get(leaf.rule.only[0]) not in leaf.rule.only[1]
    }
    return {key: value for key, value in settings.items() if key not in without}


def differing(runs: Iterable[Settings]) -> tuple[str, ...]:
    """Return the recipe keys in which the runs differ; see `differing_effective`."""
    return differing_effective(map(effective, runs))


def differing_effective(runs: Iterable[Settings]) -> tuple[str, ...]:
    """Return the recipe keys in which settings that have an effect differ, in schema order.

    A run without a key, or on which a key has no effect, is left out for that key: of runs with
    different optimizers, only the optimizer differs. Keys that decide only the speed are left out:
    they may be chosen by the program.
    """
    found: dict[str, set[Value]] = {}
    for settings in runs:
        for key, value in settings.items():
            found.setdefault(key, set()).add(value)
    return tuple(
        leaf.name
        for leaf in keys()
        if leaf.rule.decides != "speed" and len(found.get(leaf.name, ())) > 1
    )


def selected(settings: Settings, names: Collection[str]) -> dict[str, Value]:
    """Return those of the named settings that have an effect, in the order of the schema."""
    useful = effective(settings)
    return {leaf.name: useful[leaf.name] for leaf in keys() if leaf.name in {*names} & {*useful}}


def setting_text(value: Value) -> str:
    """Format a value as `--set` and filters take it: "0.001", "true", "gru"."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(value)
