"""What the user changed in the dashboard, until it is stored for the next one."""

from __future__ import annotations

from collections.abc import Callable

from textual.timer import Timer

from rnntui.tui.look import Remember

SetTimer = Callable[[float, Callable[[], None]], Timer]
REST_SECONDS = 2.0  # after the last change, until what changed is stored


class Remembering:
    """Collects changed settings, and stores them together once no other change follows."""

    def __init__(self, store: Remember, set_timer: SetTimer) -> None:
        self._store, self._set_timer = store, set_timer
        self._changed: dict[str, str | bool | None] = {}
        self.rest_seconds = REST_SECONDS
        self._timer: Timer | None = None

    def __call__(self, name: str, value: str | bool | None) -> None:
        """Remember the value of a setting; None: its default."""
        self._changed[name] = value
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._set_timer(self.rest_seconds, self.store)

    def store(self) -> None:
        """Store what has changed."""
        changed, self._changed = self._changed, {}
        if changed:
            self._store(changed)
