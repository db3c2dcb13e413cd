"""What the view of neurons shows, at length, with the numbers at the selected position."""

from __future__ import annotations

from rnntui.numbers import count, finite
from rnntui.protocol.insight import Follows, Neurons, Passage
from rnntui.tui.draw.rows import Rows
from rnntui.tui.draw.views.explain.page import computed, definitions, page, section
from rnntui.tui.draw.views.neuron_view import NeuronView, signed, two_decimals
from rnntui.tui.draw.views.options import ViewOptions

_NEAR = 0.03  # of a limit, as a share of the range on that side of zero
_WHAT = (
    "A recurrent network keeps what it has read in the values of its hidden units. This view shows "
    "one unit over a passage that stays the same while the network learns, so that you can watch "
    "the unit change.",
    "The text is coloured by the unit: bright where its value is high. The bars below the text are "
    "the same values, from the lowest that the unit can take to the highest.",
    "The rows of units are scaled one by one, each from its lowest to its highest value in this "
    "passage. A row without a pattern still fills the range.",
)
_RANKING = (
    "For each feature of the text (such as bracket depth, or whether a quote is open), the unit "
    "with the highest correlation is chosen on one half of some held-out text. r is its "
    "correlation on the other half, which played no part in the choice.",
    "Random weights have correlated units, too: with many units, one always fits by chance. "
    '"untrained" is the best unit of the same network before training, chosen and measured alike. '
    "A unit counts as found only if r² exceeds that of the untrained one by at least 0.2.",
    '"all units" is the correlation of the best weighted sum of all units (ridge regression). It '
    "can be near 1 where no single unit follows the feature: what a network knows is often spread "
    "over many units. Single units may even become less readable as the loss falls.",
)
_FORMULAS = (
    ("r", "covariance(unit, feature) ÷ (deviation(unit) × deviation(feature)), from -1 to +1"),
    ("r²", "share of the feature's variance that the unit explains"),
    ("low, high", "limits of the activation: -1 and +1 for tanh, 0 and 1 for sigmoid"),
)


def explain_neurons(
    message: Neurons | None, passage: Passage | None, options: ViewOptions, width: int
) -> Rows:
    """Explain the view in rows of exactly `width` cells, as many as it takes."""
    glyphs = options.glyphs
    rows = section("neurons: what a unit does", _WHAT, width, glyphs)
    if message is not None and passage is not None:
        rows += section("here", _here(NeuronView(message, passage, options)), width, glyphs)
    rows += section("which unit follows what", _RANKING, width, glyphs)
    rows += definitions("formulas", _FORMULAS, width, glyphs)
    if message is not None and message.follows:
        rows += section("these numbers", _measured(message), width, glyphs)
    rows += computed(message.details if message else None, width, glyphs)
    return page(rows, width, glyphs)


def _here(view: NeuronView) -> list[str]:
    neurons, passage = view.neurons, view.passage
    known = [value for value in neurons.activation if finite(value)]
    if not known:
        return ["The unit has not been read yet."]
    layer = f" of layer {neurons.layer + 1}" if passage.layers > 1 else ""
    text = (
        f"Unit {neurons.unit}{layer}, with the weights of update {count(neurons.step)}: from "
        f"{signed(min(known))} to {signed(max(known))} over {len(known)} positions"
    )
    if finite(neurons.low) and finite(neurons.high):
        near = _NEAR * (neurons.high if neurons.low < 0 else neurons.high - neurons.low)
        close = sum(not neurons.low + near <= v <= neurons.high - near for v in known)
        text += f", within 3 % of a limit at {count(close)} of them"
    place = view.described
    if place < 0:
        return [f"{text}."]
    return [f"{text}. At position {count(place + 1)} it is {signed(neurons.activation[place])}."]


def _measured(neurons: Neurons) -> list[str]:
    text = (
        f"Ranked at update {count(neurons.ranked_at)} on {count(neurons.measured)} held-out tokens."
    )
    return [text, *(_reading(follows) for follows in neurons.follows[:3])]


def _reading(follows: Follows) -> str:
    gain = follows.r * follows.r - follows.untrained * follows.untrained
    verdict = "found" if follows.found else "not found"
    own, untrained = (two_decimals(r * r) for r in (follows.r, follows.untrained))
    return (
        f"{follows.feature}: unit {follows.unit} has r = {signed(follows.r)}, so r² = {own}; "
        f"untrained {untrained}. The gain is {signed(gain)}: {verdict}. "
        f"All units together reach {two_decimals(follows.all_units)}."
    )
