"""The options of the sampling settings, shared by `train` and `generate`.

They are written out, as `--help` must not wait for the recipe keys to load.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

SAMPLING_OPTIONS = (
    ("temperature", "T", "Sampling temperature: below 1 less random, above 1 more."),
    ("top_k", "K", "Sample from the K most likely tokens only; 0: from all."),
    ("top_p", "P", "Sample from the most likely tokens with total probability P."),
    ("samples", "N", "Number of samples."),
)


def flag_of(name: str) -> str:
    """Return the option of a recipe key."""
    return f"--{name.replace('_', '-')}"


def sampling_options(command: Command) -> Command:
    """Add the options of `generate`; those that are not given default to the recipe."""
    for name, metavar, text in reversed(SAMPLING_OPTIONS):
        command = click.option(flag_of(name), name, metavar=metavar, help=text)(command)
    return click.option(
        "--greedy/--no-greedy",
        default=None,
        help="Always take the most likely token, or sample; default: as the recipe says.",
    )(command)
