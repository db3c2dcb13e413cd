"""Every way a command can end, as one line on stderr and an exit code; never a traceback."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable

import click

from rnntui.errors import RnntuiError

INTERRUPTED = 128 + signal.SIGINT
PIPE_CLOSED = 141  # as a shell reports a program that SIGPIPE ended
LONGEST = 200


def guarded(command: Callable[[], int]) -> int:
    """Run a command; the exit code, whatever happens."""
    _prepare_streams()
    try:
        code = command()
        sys.stdout.flush()
    except BrokenPipeError:
        code = PIPE_CLOSED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.ClickException as error:
        code = _say(_click_line(error), error.exit_code)
    except RnntuiError as error:
        code = _say(str(error), error.exit_code)
    except MemoryError:
        code = _say("out of memory: lower hidden, batch or seq_len", 1)
    except Exception as error:
        code = _say(_unexpected(error), 1)
    _let_go_of_a_closed_pipe()
    return code


def _say(line: str, code: int) -> int:
    """Print a line that may hold foreign text."""
    from rnntui.text import fit, safe_text

    said = fit(safe_text(f"rnntui: {line}"), LONGEST)
    said = said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"  # marks take no cells
    try:
        print(said, file=sys.stderr, flush=True)
    except OSError:  # nobody is left to tell
        return code
    return code


def _click_line(error: click.ClickException) -> str:
    """What click has to say, in one line, and where help is."""
    message = " ".join(error.format_message().split()).rstrip(".")
    close = getattr(error, "possibilities", None)
    if close and isinstance(error, click.UsageError):
        message = f"{error.message.rstrip('.')}: did you mean '{close[0]}'?"
    elif isinstance(error, click.UsageError) and error.ctx is not None:
        message += f" (see '{error.ctx.command_path} --help')"
    return message[:1].lower() + message[1:]


def _unexpected(error: Exception) -> str:
    """An error nobody foresaw: its name, and the file that holds the details."""
    import tempfile
    import traceback

    what = f"unexpected {type(error).__name__}"
    said = " ".join(str(error).split())
    if said:
        what += f": {said[:80]}"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="rnntui-", suffix=".log", delete=False, encoding="utf-8", errors="replace"
        ) as file:
            traceback.print_exception(error, file=file)
    except OSError:
        return what
    return f"{what} (details in {file.name})"


def _prepare_streams() -> None:
    """Closed streams take nothing; a character that the locale lacks becomes an escape."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, io.StringIO())
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _let_go_of_a_closed_pipe() -> None:
    """Drop what cannot be written, or the interpreter would complain of it, or wait, at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            discard(stream.fileno())


def discard(descriptor: int) -> None:
    """From now on, what is written there goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
