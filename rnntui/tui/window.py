"""The range of updates that the zoomed loss plot shows, so that every update can be reached."""

from __future__ import annotations

LEAST_ZOOM = 3  # zoom level available for every run
FEWEST = 256  # updates; a plot has room to show so many one by one


def most_zoom(update: int) -> int:
    """Return the highest zoom level of a run: where each update is drawn separately."""
    return max(LEAST_ZOOM, (update // FEWEST).bit_length())


def zoomed_from(update: int, zoom: int) -> int:
    """Return the start of the last 1/2**zoom of the updates, in strides to keep the plot steady."""
    if zoom == 0:
        return 0
    return (update - (update >> zoom)) // _stride(update, zoom) * _stride(update, zoom)


def zoomed_range(update: int, zoom: int, at: int | None) -> tuple[int, int]:
    """Return the updates to request and show: the last ones, or those around the cursor.

    The last ones extend beyond the latest update, so that the range stays the same for a while.
    """
    first, stride = zoomed_from(update, zoom), _stride(update, zoom)
    if zoom and at is not None:
        centred = max(0, (at - (update >> zoom) // 2) // stride * stride)
        if centred < first:
            return centred, centred + (update >> zoom) + stride
    return first, first + 16 * stride


def zoom_words(zoom: int, around: bool) -> str:
    """Describe how much of the run the plot shows."""
    if not zoom:
        return "the whole run"
    shares = {1: "half", 2: "quarter", 3: "eighth"}
    if around:
        return f"1/{2**zoom} of the run, around the cursor"
    return f"its last {shares.get(zoom, f'1/{2**zoom}')}"


def _stride(update: int, zoom: int) -> int:
    return 1 << max(0, (update >> zoom).bit_length() - 3)
