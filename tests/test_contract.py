"""Names that users and their scripts rely on: they may be added to, never renamed or removed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

import rnntui
from rnntui import errors
from rnntui.cli import cli
from rnntui.recipe import keys
from rnntui.settings import declared as settings
from rnntui.settings import file as config_file
from tests.conftest import Ended
from tests.support.small_bench import shrink

Run = Callable[..., Ended]

OPTIONS = {
    "train": "--activation --batch --cell --clip --detach --dropout --epochs --every --glyphs "
    "--greedy --hidden --init --json --layers --lr --mouse --name --no-mouse --no-save --optimizer "
    "--plain --recipe --replay --runs-dir --samples --schedule --seconds --seed --seq-len --set "
    "--steps --temperature --theme --top-k --top-p --view --workers",
    "resume": "--detach --epochs --every --glyphs --json --mouse --no-mouse --plain --runs-dir "
    "--seconds --steps --takeover --theme --view",
    "attach": "--glyphs --mouse --no-mouse --read-only --runs-dir --theme --view",
    "runs": "--json --runs-dir",
    "stop": "--runs-dir",
    "rm": "--runs-dir --yes",
    "generate": "--checkpoint --greedy --length --no-greedy --prompt --raw --runs-dir --samples "
    "--seed --temperature --top-k --top-p",
    "eval": "--checkpoint --json --runs-dir",
    "recipes": "",
    "corpora": "",
    "check": "--set",
    "bench": "--json --seconds",
    "guide": "",
    "config": "",
}
CONFIG_COMMANDS = "get path set show unset"
SETTINGS = {
    "theme": "RNNTUI_THEME",
    "glyphs": "RNNTUI_GLYPHS",
    "view": "RNNTUI_VIEW",
    "layout": "RNNTUI_LAYOUT",
    "mouse": "RNNTUI_MOUSE",
    "runs_dir": "RNNTUI_RUNS",
}
KEYS = {
    "data": "task source repeat tokenizer columns difference standardize split",
    "model": "cell activation hidden layers dropout forget_bias init init_scale dtype",
    "train": "seq_len batch state reduction loss_epsilon optimizer lr momentum weight_decay beta1 "
    "beta2 rms_decay schedule warmup decay decay_every cooldown patience lr_least clip clip_mode "
    "skip_spikes epochs steps seconds seed eval_every checkpoint_every keep workers",
    "sample": "sample_every sample_length final_length prompt temperature top_k top_p greedy "
    "samples sample_start sample_random final_pass",
}
CHOICES = {
    "task": "tokens values",
    "tokenizer": "char byte word",
    "cell": "rnn gru lstm",
    "activation": "tanh relu sigmoid",
    "init": "uniform normal glorot orthogonal",
    "dtype": "float32 float64",
    "state": "carry reset",
    "reduction": "mean sum",
    "optimizer": "sgd momentum rmsprop adagrad adam adamw",
    "schedule": "constant step linear cosine exponential plateau",
    "clip_mode": "norm value",
    "sample_start": "zero carried",
    "sample_random": "own shared",
}
EVENTS = {
    "note": "text",
    "step": "step epoch loss lr grad_norm tokens_per_s",
    "epoch": "epoch step loss",
    "eval": "step epoch loss bits perplexity best",
    "sample": "step number text",
    "finding": "id state step title evidence fix",
    "done": "steps loss best seconds predicted generated samples",
}
EVALUATION = "event step loss steps bits perplexity left_out left_out_share baselines"
BENCH = {
    "machine": "cpu cores system python numpy blas peak_flops peak_of",
    "training": "cell batch hidden steps layers workers tokens_per_s share_of_peak seconds "
    "seconds_least seconds_most",
    "writing": "cell hidden layers characters_per_s seconds seconds_least seconds_most",
    "suggestion": "hidden batch workers tokens_per_s_by_batch tokens_per_s_on_all_cores",
}
LISTED = (
    "name path state started updated size live recipe source parameters step total loss validation "
    "best tokens_per_second holder problem findings"
)
EXIT_CODES = {
    "RnntuiError": 1,
    "UsageError": 2,
    "DataError": 65,
    "EngineError": 70,
    "RunTakenError": 73,
    "OutputError": 74,
    "RunError": 74,
}
FILES = {
    "run.json": "uuid started recipe source source_size source_sha256 vocabulary_sha256 parameters "
    "argv versions machine format",
    "status.json": "state step total epoch loss validation best tokens_per_second pid since "
    "updated checkpoint reason exit_code trouble averaged last lowest elapsed findings",
    "vocab.json": "tokenizer symbols unit name split floor first",
    "view.json": "steps baselines",
    "metrics.jsonl": "step updates loss low high lr gradient_norm epoch seconds time validation",
    "events.jsonl": "step seconds kind text at who",
    "signs.jsonl": "step seconds loss norm",
    "checkpoints/step-00000004/manifest.json": "format number step loss sizes sha256 checksum",
    "checkpoints/step-00000004/state.json": "elapsed events extended final_validation "
    "findings gradient_norm guard losses pass plateau position random signs stability training "
    "updates "
    "validations weights",
}
OTHER_FILES = (
    "lock",
    "recipe.toml",
    "checkpoints/step-00000004/model.safetensors",
    "checkpoints/step-00000004/optim.safetensors",
)
JOURNAL_KINDS = "lr sampling pace pause resume alert mend skip rollback sample save disk note "
JOURNAL_KINDS += "finding end"
PUBLIC = ["Chunk", "Recipe", "__version__", "load_recipe", "train"]
CHUNK = (
    "step epoch starts_epoch ends_epoch loss loss_per_token lr gradient_norm tokens fault response "
    "back_to validation samples applied sample steps"
)
STEPS = "inputs targets predictions p_true start"


def missing(wanted: str, found: Any) -> set[str]:
    """The names of a list that are absent."""
    return set(wanted.split()) - set(found)


@pytest.fixture
def stored(rnntui: Run, runs: Path, tmp_path: Path) -> tuple[Path, Ended]:
    """A run of four updates with every kind of event but `epoch`, and its JSON lines."""
    (tmp_path / "text.txt").write_text("the quick brown fox jumps over the lazy dog. " * 4)
    ended = rnntui(
        *("train", str(tmp_path / "text.txt"), "--json", "--every", "1", "--steps", "4"),
        *("--hidden", "4", "--layers", "1", "--batch", "1", "--seq-len", "20", "--samples", "2"),
        *("--set", "eval_every=2", "--set", "sample_every=2", "--set", "sample_length=3"),
        *("--set", "final_length=3", "--name", "pinned"),
    )
    assert ended.code == 0, ended.err
    return runs / "pinned", ended


def test_commands_and_options() -> None:
    assert missing(" ".join(OPTIONS), cli.commands) == set()
    for name, options in OPTIONS.items():
        params = cli.commands[name].params
        found = [option for p in params for option in (*p.opts, *p.secondary_opts)]
        assert missing(options, found) == set(), name


def test_settings_and_their_variables() -> None:
    config = cli.commands["config"]
    assert isinstance(config, click.Group)
    assert missing(CONFIG_COMMANDS, config.commands) == set()
    found = {setting.name: setting.variable for setting in settings.SETTINGS}
    assert found.items() >= SETTINGS.items()
    assert config_file.VARIABLE == "RNNTUI_CONFIG"


def test_recipe_keys_and_their_choices() -> None:
    for section, names in KEYS.items():
        found = [leaf.name for leaf in keys() if leaf.section == section]
        assert missing(names, found) == set(), section
    choices = {leaf.name: leaf.rule.choices for leaf in keys()}
    for name, words in CHOICES.items():
        assert missing(words, choices[name]) == set(), name


def test_events_as_json(rnntui: Run, stored: tuple[Path, Ended]) -> None:
    short = rnntui("train", "i-love-ai", "--json", "--every", "1", "--epochs", "1", "--no-save")
    large = rnntui(
        *("train", "values:80,90,80,70", "--json", "--seq-len", "3", "--steps", "9"),
        *("--set", "standardize=false"),
    )
    events = [*stored[1].events, *short.events, *large.events]
    for kind, fields in EVENTS.items():
        found = {field for event in events if event["event"] == kind for field in event}
        assert missing(fields, found) == set(), kind
    stopped = rnntui("train", "ramp", "--json", "--lr", "1e6", "--no-save").of("done")
    assert "stopped" in stopped[0]


def test_other_json(
    rnntui: Run, stored: tuple[Path, Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (listed,) = rnntui("runs", "--json").events
    assert missing(LISTED, listed) == set()
    (found,) = rnntui("eval", "pinned", str(tmp_path / "text.txt"), "--json").events
    assert missing(EVALUATION, found) == set()


@pytest.mark.slow
def test_the_json_of_bench(rnntui: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    ended = rnntui("bench", "--json", "--seconds", "0.1")
    events = {event["event"]: event for event in ended.events}
    for kind, fields in BENCH.items():
        assert missing(fields, events[kind]) == set(), kind


def test_exit_codes(rnntui: Run) -> None:
    for name, code in EXIT_CODES.items():
        assert getattr(errors, name).exit_code == code, name
    assert rnntui("train", "--cell", "none").code == 2
    assert rnntui("train", "no-such-file.txt").code == 65


def test_files_and_their_fields(stored: tuple[Path, Ended]) -> None:
    directory, _ = stored
    for name in OTHER_FILES:
        assert (directory / name).is_file(), name
    for name, fields in FILES.items():
        text = (directory / name).read_text("utf-8")
        lines = text.splitlines() if name.endswith(".jsonl") else [text]
        found = {field for line in lines for field in json.loads(line)}
        assert missing(fields, found) == set(), name


def test_kinds_of_events_in_the_journal() -> None:
    from typing import get_args

    from rnntui.protocol.messages import EventKind

    assert missing(JOURNAL_KINDS, get_args(EventKind)) == set()


def test_the_public_interface() -> None:
    assert rnntui.__all__ == PUBLIC
    recipe = rnntui.load_recipe("counting").replace(epochs=1)
    (chunk,) = rnntui.train(recipe)
    assert missing(CHUNK, dir(chunk)) == set()
    assert missing(STEPS, [field.name for field in dataclasses.fields(chunk.steps())]) == set()
