"""Tables for a spreadsheet, pandas or R: losses, validations, events, findings, the backtest."""

from __future__ import annotations

from pathlib import Path

from rnntui.export.format import Export, Format, always


def create(export: Export, target: Path) -> None:
    """Write a folder with a file per table, numbers in full digits."""
    from rnntui.export import tables
    from rnntui.export.writing import write_table

    metrics = tables.read_metrics(export.run)
    events = tables.read_events(export.run)
    target.mkdir()
    write_table(target / "updates.csv", tables.UPDATES, metrics.updates)
    write_table(target / "validations.csv", tables.VALIDATIONS, metrics.validations)
    write_table(target / "events.csv", tables.EVENTS_TABLE, tables.event_rows(events))
    write_table(target / "findings.csv", tables.FINDINGS, tables.finding_rows(events))
    _backtest(export, target)


def _backtest(export: Export, target: Path) -> None:
    """Write the backtest of a series, or a note on why there is none."""
    from rnntui.errors import RnntuiError
    from rnntui.export.backtest import backtest
    from rnntui.export.writing import write_table
    from rnntui.runs.stored_recipe import stored_recipe
    from rnntui.runs.trained_model import load_model

    if stored_recipe(export.run).data.task != "values":
        return
    try:
        found = backtest(export.run, load_model(export.run, "best"))
    except RnntuiError as error:
        export.note(f"no backtest.csv: {error}")
        return
    write_table(target / "backtest.csv", found.header, found.rows)


FORMAT = Format(
    name="csv",
    about="tables of losses, validations, events, findings and, of a series, forecasts",
    suffix="-csv",
    create=create,
    folder=always,
)
