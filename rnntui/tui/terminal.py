"""Everything that leans on Textual's private parts, in one place.

A terminal that takes less than it is sent falls behind: keys would be answered seconds late. So
after a frame the terminal is asked something (`ESC[?2026$p`, its state of synchronized output), and
nothing new is drawn until its answer has come through the whole link.
"""

from __future__ import annotations

import time
from abc import ABCMeta

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message_pump import _MessagePumpMeta

OTHER_SCREEN = "\x1b[?1049h"
QUERY = "\x1b[?2026$p"
PATIENCE = 5.0  # seconds after which a missing answer is no longer waited for


class AbstractWidgetMeta(_MessagePumpMeta, ABCMeta):
    """The class of widgets that leave methods to those derived from them."""


class TerminalDriver(LinuxDriver):
    """Textual's driver, which also lives with bytes that are not text and a terminal that went."""

    _entered = False

    def write(self, data: str) -> None:
        """Send something; the switch to the other screen is left out if that is shown already."""
        if data == OTHER_SCREEN and not self._entered:
            self._entered = True
            if getattr(self._app, "on_other_screen", False):
                return
        super().write(data)

    def _sigcont_application(self, *_: object) -> None:
        """Go on after a stop that we prepared (Ctrl-Z), or one that nobody can (SIGSTOP).

        After the second Textual would start all again beside what still runs: two threads for the
        keys, one of which never ends, and raw modes taken for those to give back at the end.
        """
        if self._must_signal_resume or not self._auto_restart:
            super()._sigcont_application()
        else:  # not in here: a signal may have come while the queue to the writer was held
            self._loop.call_soon_threadsafe(self._set_up_again)

    def _set_up_again(self) -> None:
        """Whoever had the terminal meanwhile may have left it in any state."""
        self.suspend_application_mode()
        self._must_signal_resume = True
        self.resume_application_mode()

    def _run_input_thread(self) -> None:
        while True:
            try:
                self.run_input_thread()
                return
            except UnicodeDecodeError:
                if self.exit_event.is_set():
                    return
            except OSError:
                self._app.call_later(self._app.hang_up)  # type: ignore[attr-defined]
                return


class TerminalApp(App[int]):
    """An app that knows how far its terminal is behind, and that fails without a traceback."""

    def __init__(self) -> None:
        super().__init__(driver_class=TerminalDriver)
        self._asked: float | None = None
        self.on_other_screen = False  # whether whoever started the app has switched to it

    def ask_terminal(self) -> None:
        """Ask for a sign that everything drawn so far has arrived, if this terminal gives one."""
        driver = self._driver
        if driver is None or not self._sync_available or driver.is_headless:
            return
        self._asked = time.monotonic()
        driver.write(QUERY)

    @property
    def caught_up(self) -> bool:
        """Whether the terminal has shown the last frame, or never says."""
        return self._asked is None or time.monotonic() - self._asked > PATIENCE

    def on_terminal_supports_synchronized_output(self) -> None:
        """The terminal's answer: to Textual's first question, then to each of ours."""
        self._asked = None
        self.terminal_answered()

    def terminal_answered(self) -> None:
        """The last frame has been shown."""

    def hang_up(self) -> None:
        """The terminal is gone."""

    def forget_question(self) -> None:
        """After a suspension the answer may have gone to the shell."""
        self._asked = None

    @property
    def crash(self) -> BaseException | None:
        """The exception that ended the app."""
        return self._exception

    def crashed(self, error: BaseException) -> None:
        """End the app because of an exception that Textual has not seen."""
        self._handle_exception(error if isinstance(error, Exception) else Exception(repr(error)))

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    def panic(self, *_renderables: object) -> None:
        """End the app; what went wrong is told by who started it."""
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        self._exit_renderables.clear()
