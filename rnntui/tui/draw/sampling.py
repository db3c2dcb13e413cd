"""How tokens are chosen, in words."""

from __future__ import annotations

from rnntui.engine.protocol import SamplingKey, Snapshot


def sampling_words(key: SamplingKey, value: float, unit: str) -> str:
    """One setting as a half-sentence."""
    if key == "temperature":
        return f"temperature {value:g}"
    if key == "top_k":
        return f"drawn from the {value:g} likeliest {unit}s" if value else f"drawn from all {unit}s"
    if key == "top_p":
        share = f"the likeliest {unit}s that have {100 * value:g} % together"
        return f"drawn from {share}" if value < 1 else f"drawn from all {unit}s"
    if key == "greedy":
        return f"next {unit}: " + ("always the likeliest" if value else "drawn by probability")
    return f"{value:g} {'text' if value == 1 else 'texts'} at once from the next prompt on"


def sampling_note(snapshot: Snapshot, separator: str) -> str:
    """All settings in few words: "temperature 0.8 · top-k 40 · top-p 0.9", "likeliest"."""
    if snapshot.greedy:
        return "likeliest"
    words = [f"temperature {snapshot.temperature:g}"]
    if snapshot.top_k:
        words.append(f"top-k {snapshot.top_k:g}")
    if snapshot.top_p < 1:
        words.append(f"top-p {snapshot.top_p:g}")
    return separator.join(words)
