"""The gates of a layer, or the share of saturated hidden values in cells without gates."""

from __future__ import annotations

from rnntui.numbers import percent
from rnntui.protocol.insight import Gate, Memory
from rnntui.text import cell_width, fit, pad
from rnntui.tui.draw.bars import divided, division_signs, horizontal_bar
from rnntui.tui.draw.rows import Glyphs, Row, Rows, spelled
from rnntui.tui.draw.views.prose import heading

_LEAST_BAR, _WIDEST_BAR = 16, 64
_LONGEST_NAME = 36
_SHARES = 16  # cells: "40 / 50 / 10 %"
_CARRIES = {"gru": "update", "lstm": "forget"}  # the gate that carries the old value on


def gates_height(message: Memory, chosen: int) -> int:
    """Return the rows that `gates_rows` can use."""
    layer = message.layers[chosen]
    return 1 + (len(layer.gates) or len(message.layers))


def gates_rows(
    message: Memory, chosen: int, cell: str, width: int, height: int, glyphs: Glyphs
) -> Rows:
    """Draw a title and a row per gate; without gates a row per layer: its saturated share."""
    layer = message.layers[chosen]
    if not layer.gates:
        return saturated_rows(message, chosen, width, height, glyphs)
    signs = division_signs(glyphs)
    wide = width >= 100
    ranges = ("below 0.05", "", "above 0.95") if wide else ("", "", "")
    legend = [
        (sign, "line" if name == "open" else "muted", f"{name} {range_}".strip())
        for sign, name, range_ in zip(signs, ("closed", "between", "open"), ranges, strict=True)
    ]
    details = [
        f"of layer {chosen + 1}, share of all units and steps{_carried(layer.gates, cell)}",
        f"of layer {chosen + 1}, share of all units and steps",
        f"of layer {chosen + 1}",
    ]
    rows = [heading("gates", details, width, glyphs, legend)]
    names = [_name(gate, True, glyphs) for gate in layer.gates]
    if max(map(cell_width, names)) > width - _SHARES - 4 - _LEAST_BAR:
        names = [_name(gate, False, glyphs) for gate in layer.gates]
    label = min(_LONGEST_NAME, max(map(cell_width, names)))
    bar = max(1, min(_WIDEST_BAR, width - label - _SHARES - 4))
    for name, gate in zip(names, layer.gates, strict=True):
        shares = (gate.closed, gate.between, gate.open)
        row: Row = [(f" {pad(fit(name, label), label)} ", "")]
        row += [*divided(shares, bar, glyphs), (f"  {_shares(gate)}", "muted")]
        rows.append(row)
    return rows[: max(0, height)]


def _name(gate: Gate, whole: bool, glyphs: Glyphs) -> str:
    name = f"{gate.name} ({gate.meaning})" if whole and gate.meaning else gate.name
    return spelled(name, glyphs)


def _shares(gate: Gate) -> str:
    closed, between, open_ = (percent(s)[:-2] for s in (gate.closed, gate.between, gate.open))
    return f"{closed:>2} / {between:>2} / {open_:>2} %"


def _carried(gates: tuple[Gate, ...], cell: str) -> str:
    """Say how often a unit carries its value on unchanged, for cells with such a gate."""
    start = _CARRIES.get(cell)
    gate = next((gate for gate in gates if start and gate.name.startswith(start)), None)
    if gate is None:
        return ""
    return f" · open {start} gate: the unit keeps its value, {percent(gate.open)}"


def saturated_rows(message: Memory, chosen: int, width: int, height: int, glyphs: Glyphs) -> Rows:
    """Draw a title and a row per layer: the share of its hidden values near their limits."""
    details = [
        "share of hidden values within 3 % of their limits, where they pass on little gradient",
        "share of hidden values near their limits",
        "near the limits",
    ]
    rows = [heading("saturated", details, width, glyphs)]
    bar = max(1, min(_WIDEST_BAR, width - 20))
    for n, layer in enumerate(message.layers):
        role = "strong" if n == chosen and len(message.layers) > 1 else ""
        head = f" layer {n + 1:<3}{percent(layer.saturated):>6} "
        rows.append([(head, role), (horizontal_bar(layer.saturated, bar, glyphs), "line")])
    return rows[: max(0, height)]
