"""`view.json`: what viewers of an ended run need and no other file has.

That is the baselines, the time steps of the last update, the newest evidence of findings, and the
texts generated last.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.protocol.codec import from_plain, to_plain
from rnntui.protocol.insight import Finding
from rnntui.protocol.messages import (
    MOST_STREAMS,
    Baseline,
    PastText,
    ProtocolError,
    TokenSteps,
    ValueSteps,
)
from rnntui.runs.recorder import VIEW
from rnntui.runs.store.files import read_file

MOST_BYTES = 1 << 18
MOST_BASELINES, MOST_FINDINGS, MOST_TEXTS = 8, 15, 100
_STEPS: dict[str, type[TokenSteps] | type[ValueSteps]] = {
    kind.__name__: kind for kind in (TokenSteps, ValueSteps)
}

Part = TypeVar("Part")


@dataclass(frozen=True)
class Shown:
    """The baselines, the time steps of the last update if known, the findings then, and texts."""

    baselines: tuple[Baseline, ...] = ()
    steps: TokenSteps | ValueSteps | None = None
    findings: tuple[Finding, ...] = ()
    past: tuple[PastText, ...] = ()
    streams: tuple[TokenSteps, ...] = ()  # further ones of the same update as `steps`


def shown_bytes(shown: Shown) -> bytes:
    """Encode the content of the file."""
    table: dict[str, Any] = {"baselines": [to_plain(baseline) for baseline in shown.baselines]}
    if shown.steps is not None:
        table["steps"] = {"kind": type(shown.steps).__name__, **to_plain(shown.steps)}
        table["streams"] = [to_plain(stream) for stream in shown.streams]
    table["findings"] = [to_plain(finding) for finding in shown.findings]
    table["texts"] = [to_plain(text) for text in shown.past]
    return json.dumps(table, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def read_shown(directory: Path) -> Shown:
    """Read the file; a missing or damaged one gives whatever is valid."""
    try:
        table = json.loads(read_file(directory / VIEW, MOST_BYTES))
    except (OSError, DataError, ValueError, RecursionError):
        return Shown()
    if not isinstance(table, dict):
        return Shown()
    return Shown(
        _parts(Baseline, table.get("baselines"), MOST_BASELINES),
        _steps(table.get("steps")),
        _parts(Finding, table.get("findings"), MOST_FINDINGS),
        _parts(PastText, table.get("texts"), MOST_TEXTS),
        _streams(table.get("streams")),
    )


def _parts(kind: type[Part], rows: Any, most: int) -> tuple[Part, ...]:
    try:
        return tuple(from_plain(kind, row) for row in rows[:most])
    except (ProtocolError, TypeError, KeyError):
        return ()


def _steps(table: Any) -> TokenSteps | ValueSteps | None:
    kind = table.pop("kind", None) if isinstance(table, dict) else None
    if not isinstance(kind, str) or kind not in _STEPS:
        return None
    try:
        steps = from_plain(_STEPS[kind], table)
    except ProtocolError:
        return None
    return steps if _is_complete(steps) else None


def _streams(rows: Any) -> tuple[TokenSteps, ...]:
    streams = _parts(TokenSteps, rows, MOST_STREAMS)
    return streams if all(map(_is_complete, streams)) else ()


def _is_complete(steps: TokenSteps | ValueSteps) -> bool:
    """Return whether there is an entry for each time step."""
    columns = [steps.input, steps.true, steps.predicted]
    if isinstance(steps, TokenSteps):
        columns.append(steps.probability)  # type: ignore[arg-type]
    return len({len(column) for column in columns}) == 1
