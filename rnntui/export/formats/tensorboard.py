"""A log folder for TensorBoard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rnntui.export.format import Export, Format, always

if TYPE_CHECKING:
    from rnntui.export.tables import Metrics

TAGS = {"loss": "loss/train", "lr": "learning_rate", "gradient_norm": "gradient_norm"}
FILE = "events.out.tfevents.0.rnntui"  # the same each time, and without this machine's name

Scalar = tuple[str, float, int, float]  # tag, value, update, seconds since 1970


def create(export: Export, target: Path) -> None:
    """Write the losses, validations, learning rates and gradient norms, and the recipe."""
    from tensorboardX import SummaryWriter

    from rnntui.export.portable import without_paths
    from rnntui.export.tables import read_metrics
    from rnntui.recipe import to_toml
    from rnntui.runs.stored_recipe import stored_recipe

    metrics = read_metrics(export.run)
    recipe = to_toml(without_paths(stored_recipe(export.run)))
    with SummaryWriter(str(target)) as log:
        for tag, value, step, time in scalars(metrics):
            log.add_scalar(tag, value, step, walltime=time)
        log.add_text("recipe", "".join(f"    {line}\n" for line in recipe.splitlines()), 0)
    (events,) = target.iterdir()
    events.rename(target / FILE)


def scalars(metrics: Metrics) -> Iterator[Scalar]:
    """Yield what is plotted; numbers that are not finite are left out."""
    from rnntui.export.tables import UPDATES, VALIDATIONS, finite

    for name, tag in TAGS.items():
        for row, value in finite(metrics.updates, UPDATES.index(name)):
            yield tag, value, int(row[0] or 0), float(row[UPDATES.index("time")] or 0.0)
    for row, value in finite(metrics.validations, VALIDATIONS.index("loss")):
        yield "loss/validation", value, int(row[0] or 0), float(row[3] or 0.0)


FORMAT = Format(
    name="tensorboard",
    about="a log folder for TensorBoard",
    suffix="-tensorboard",
    create=create,
    folder=always,
    extra="tensorboard",
    modules=("tensorboardX",),
)
