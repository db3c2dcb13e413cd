"""Text from this network: python generate.py "Once upon" --length 300 --temperature 0.8"""

import argparse
import json
import re
import sys
from pathlib import Path

import torch

FOLDER = Path(__file__).parent
config, vocabulary = (
    json.loads((FOLDER / name).read_text("utf-8")) for name in ("config.json", "vocabulary.json")
)
symbols, of_bytes = vocabulary["symbols"], vocabulary["unit"] == "byte"
ids = {symbol: number for number, symbol in enumerate(symbols)}


def load(path):  # a safetensors file: the length of its header, the header, the numbers
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            first, last = (start + offset for offset in entry["data_offsets"])
            numbers = torch.frombuffer(bytearray(data[first:last]), dtype=torch.float32)
            yield name, numbers.reshape(entry["shape"])


kind = getattr(torch.nn, config["cell"].upper())
more = {key: config[key] for key in ("nonlinearity",) if key in config}
rnn = kind(config["input_size"], config["hidden_size"], config["num_layers"], **more)
sizes = (config["hidden_size"], len(symbols))
if "cutoffs" in config:  # its tokens are numbered by falling frequency
    head = torch.nn.AdaptiveLogSoftmaxWithLoss(*sizes, config["cutoffs"], config["div_value"], True)
else:
    head = torch.nn.Linear(*sizes)
parts = {"rnn": rnn, "head": head}
suffixes = {tuple(pair): n for n, pair in enumerate(vocabulary.get("suffixes", []), 1)}
if suffixes:  # a row of logits for each
    parts["suffix"] = torch.nn.Embedding(len(suffixes) + 1, len(symbols))
model = torch.nn.ModuleDict(parts)
model.load_state_dict(dict(load(FOLDER / "model.safetensors")))

parser = argparse.ArgumentParser()
parser.add_argument("prompt", nargs="?", default="")
parser.add_argument("--length", type=int, default=200, help="tokens to generate")
parser.add_argument("--temperature", type=float, default=config["temperature"], help="0: greedy")
given = parser.parse_args()
prompt = given.prompt.encode().decode("latin-1") if of_bytes else given.prompt
pieces = re.findall(vocabulary["pattern"], prompt)
spelled = [part for piece in pieces for part in ([piece] if piece in ids else piece)]
if unknown := sorted(set(spelled) - set(ids)):
    print("ignored (not in the vocabulary):", *map(ascii, unknown), file=sys.stderr)
known = [ids[part] for part in spelled if part in ids]
made, tokens, state = known[:], torch.tensor(known or [vocabulary["start"]]), None
ends = []  # the suffixes that were read, the longest first
with torch.no_grad():
    for _ in range(given.length):
        outputs, state = rnn(torch.nn.functional.one_hot(tokens, len(symbols)).float(), state)
        logits, t = getattr(head, "log_prob", head)(outputs[-1:])[0], given.temperature
        for token in tokens.tolist():
            ends = [longer for n in (*ends, 0) if (longer := suffixes.get((n, token)))]
        if suffixes:
            logits = logits + parts["suffix"].weight[ends[0] if ends else 0]
        chances = (logits / (t or 1)).softmax(-1)
        tokens = torch.multinomial(chances, 1) if t else logits.argmax()[None]
        made.append(tokens.item())
text = "".join(symbols[number] for number in made)
print(text.encode("latin-1").decode("utf-8", "replace") if of_bytes else text)
