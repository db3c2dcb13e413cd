"""Turn every way a command can end into an exit code and at most one line on stderr."""

from __future__ import annotations

import contextlib
import errno
import io
import re
import signal
import sys
from collections.abc import Callable

import click

from rnntui.errors import OutputError, RnntuiError
from rnntui.streams import PIPE_CLOSED, discard

INTERRUPTED = 128 + signal.SIGINT
MAX_CELLS = 200
# Errors of printing to a full disk, a closed terminal or an unsuitable descriptor.
_OUTPUT_FAILS = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.ENXIO, errno.EAGAIN,
)  # fmt: skip


# As click says it:
_RANGE = re.compile(r"is not in the range (?:(-?\d+)<=x<=(-?\d+)|x>=(-?\d+)|x<=(-?\d+))")
_NUMBER = re.compile(r"is not a valid (integer|float)(?: range)?")


def guarded(command: Callable[[], int]) -> int:
    """Run a command and return its exit code, whatever happens."""
    _prepare_streams()
    try:
        code = command()
        sys.stdout.flush()
    except BrokenPipeError:
        code = PIPE_CLOSED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except click.exceptions.Abort:  # of a question, by ctrl+c or ctrl+d
        with contextlib.suppress(OSError):  # stderr is closed
            click.echo(err=True)
        code = INTERRUPTED
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.ClickException as error:
        code = _fail(_click_line(error), error.exit_code)
    except RnntuiError as error:
        code = _fail(str(error), error.exit_code)
    except OSError as error:
        if _is_output(error):
            code = _fail(f"cannot write to stdout: {error.strerror}", OutputError.exit_code)
        else:
            code = _fail(_unexpected(error), 1)
    except MemoryError:
        code = _fail("out of memory: lower hidden, batch or seq_len", 1)
    except Exception as error:
        code = _fail(_unexpected(error), 1)
    _discard_unwritten_output()
    return code


def _fail(message: str, code: int) -> int:
    """Print an error, which may contain foreign text, and return the exit code."""
    from rnntui.text import fit, safe_text

    line = fit(safe_text(f"rnntui: {message}"), MAX_CELLS)
    line = line if len(line) <= MAX_CELLS else line[: MAX_CELLS - 1] + "…"  # marks take no cells
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:  # stderr is closed
        return code
    return code


def _click_line(error: click.ClickException) -> str:
    """Return click's message as one line, with a pointer to the help."""
    message = " ".join(error.format_message().split()).rstrip(".")
    message = _RANGE.sub(_range_wanted, _NUMBER.sub(_number_wanted, message))
    if isinstance(error, click.NoSuchOption):  # whose wording depends on the version of click
        message = f"no such option '{error.option_name}'{_suggestion(error)}"
    elif isinstance(error, click.UsageError) and error.ctx is not None:
        message += _see_help(error)
    return message[:1].lower() + message[1:]


def _number_wanted(found: re.Match[str]) -> str:
    return "is not a whole number" if found[1] == "integer" else "is not a number"


def _range_wanted(found: re.Match[str]) -> str:
    """Return our own words for a range, as for those that click does not check."""
    first, last, least, most = (bound and f"{int(bound):,}" for bound in found.groups())
    if first:
        return f"is not from {first} to {last}"
    return f"is below {least}" if least else f"is above {most}"


def _suggestion(error: click.NoSuchOption) -> str:
    from rnntui.suggestions import closest

    known = [name for p in error.ctx.command.params for name in p.opts] if error.ctx else []
    key = error.option_name.lstrip("-").replace("-", "_")
    if "--set" in known and _is_key(key):
        return f": write --set {key}=…"
    near = closest(error.option_name, known)
    return f": did you mean '{near}'?" if near else _see_help(error)


def _is_key(name: str) -> bool:
    """Whether a recipe has such a key."""
    from rnntui.recipe import keys

    return any(leaf.name == name for leaf in keys())


def _see_help(error: click.UsageError) -> str:
    return f" (see '{error.ctx.command_path.strip()} --help')" if error.ctx is not None else ""


def _is_output(error: OSError) -> bool:
    """Whether printing failed: unlike other errors, such an error names no file."""
    return error.filename is None and error.errno in _OUTPUT_FAILS


def _unexpected(error: Exception) -> str:
    """Describe an unexpected error, and write its traceback to a log file."""
    import tempfile
    import traceback

    what = f"unexpected {type(error).__name__}"
    detail = " ".join(str(error).split())
    if detail:
        what += f": {detail[:80]}"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="rnntui-", suffix=".log", delete=False, encoding="utf-8", errors="replace"
        ) as file:
            traceback.print_exception(error, file=file)
    except OSError:
        return what
    return f"{what} (details in {file.name})"


def _prepare_streams() -> None:
    """Replace closed streams, and spell characters missing from the encoding in ASCII."""
    from rnntui.charset import LINE_ERRORS

    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, io.StringIO())
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=LINE_ERRORS)


def _discard_unwritten_output() -> None:
    """Discard output that cannot be written: the interpreter would complain, or wait, at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            discard(stream.fileno())
