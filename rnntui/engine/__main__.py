"""What `spawn` starts: obeys the order on standard input, listening in the directory it is given.

Nothing is written to a terminal: messages go to the viewers.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from rnntui.engine.loop import Engine
from rnntui.engine.spawn import SOCKET
from rnntui.errors import EngineError, RunError
from rnntui.order import order_from_dict


def main(directory: str) -> int:
    """Train until nobody wants it any more, remove the directory, return the exit status.

    After an exception, or where the run could not be saved, the directory stays with its log for
    the one who made it.
    """
    home = Path(directory)
    order = order_from_dict(json.load(sys.stdin.buffer))
    try:
        engine = Engine(order, home / SOCKET)
    except EngineError as error:
        print(error, file=sys.stderr)  # the log, whose last line the one who waits reads
        return error.exit_code
    status = engine.run()
    if engine.unsaved:
        print(engine.unsaved, file=sys.stderr)
        return status or RunError.exit_code
    shutil.rmtree(home, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
