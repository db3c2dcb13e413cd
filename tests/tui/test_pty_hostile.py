"""A hostile text, file name and prompt: what a real terminal receives."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("needs pseudo-terminals", allow_module_level=True)

from tests.support.hostile import as_utf8, hostile, obeyed
from tests.support.terminal import Terminal

STEERING = "\x1b[6n\x1b]52;c;aGk=\x07\x9b31m\u202e\u2066\u200b\ufeff"
RAW = [b"\x1b[6n", b"\x1b]52", *(c.encode() for c in "\x9b\u202e\u2066\u200b\ufeff")]
TEXT = f"[/]{STEERING}[@click=app.quit]x[/] 漢字 e\u0301 🇩🇪\n"
MANY = as_utf8("\n".join(hostile(300, 5)).replace("\0", ""))


@pytest.mark.slow
def test_nothing_arrives_raw(tmp_path: Path) -> None:
    name = "e\x1b]52;c;aGk=\x07\u202e[bold].txt"
    (tmp_path / name).write_text(TEXT * 20 + MANY, "utf-8")
    root = str(Path(__file__).parents[2])
    settings = "batch=1", "seq_len=20", "sample_every=50", "cell=rnn", "layers=1", "dropout=0"
    argv = [sys.executable, "-m", "rnntui", "train", name]
    argv += [word for setting in settings for word in ("--set", setting)]
    environment = {"TMPDIR": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "PYTHONPATH": root}
    with Terminal(argv, 100, 30, environment=environment, cwd=str(tmp_path)) as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        terminal.write("g")
        assert terminal.wait_for("enter")
        terminal.write(b"\x1b[200~" + STEERING.encode() + b" 12\x1b[201~")
        terminal.write("\r")
        assert terminal.wait_for("from your prompt"), terminal.text()
        assert terminal.wait_for("\\u202e"), terminal.text()
        terminal.write("\x1b")
        terminal.pump(0.3)
        terminal.write("q")
        assert terminal.exit_code() == 0
        assert [raw for raw in RAW if raw in terminal.raw()] == []
        assert list(obeyed(terminal.raw(), (100, 30)))[:5] == []
