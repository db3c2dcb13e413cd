"""A forecast with the network in this folder, with PyTorch alone, as CSV.

python forecast.py --length 24               continues the series that it was trained on
python forecast.py rows.csv --length 24      continues the rows of a file
"""

import argparse
import csv
import json
import sys
from pathlib import Path

import torch

FOLDER = Path(__file__).parent
config, scale = (
    json.loads((FOLDER / name).read_text("utf-8")) for name in ("config.json", "scale.json")
)
mean, deviation = (torch.tensor(scale[key], dtype=torch.float64) for key in ("mean", "deviation"))


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
head = torch.nn.Linear(config["hidden_size"], len(mean))
model = torch.nn.ModuleDict({"rnn": rnn, "head": head})
model.load_state_dict(dict(load(FOLDER / "model.safetensors")))

skip, double = scale["skip"], torch.float64  # a linear method beside the network
weights, constant = (torch.tensor(skip[key], dtype=double) for key in ("weights", "constant"))


def beside(seen):  # what it makes of the rows seen for the next one
    terms = zip(skip["lags"], weights, strict=True)
    return sum((weight * seen[max(0, len(seen) - lag)] for lag, weight in terms), constant)


parser = argparse.ArgumentParser()
parser.add_argument("rows", nargs="?", type=Path, help="CSV with a header and the columns needed")
parser.add_argument("--length", type=int, default=24, help="rows to forecast")
given, rows = parser.parse_args(), scale["rows"]
if given.rows:
    with given.rows.open(newline="", encoding="utf-8-sig") as file:
        rows = [[float(row[name]) for name in scale["features"]] for row in csv.DictReader(file)]
rows = torch.tensor(rows, dtype=torch.float64)
last, inputs = rows[-1], rows.diff(dim=0) if scale["difference"] else rows
seen, state, output = (inputs - mean) / deviation, None, csv.writer(sys.stdout)
x = torch.cat([seen, torch.stack([beside(seen[: n + 1]) for n in range(len(seen))])], dim=1)
output.writerow(scale["features"])
with torch.no_grad():
    for _ in range(given.length):
        outputs, state = rnn(x[:, : config["input_size"]].float(), state)
        row = head(outputs[-1:]).double() + x[-1:, len(mean) :]
        row = row.clamp(-50, 50) if skip["lags"] else row
        seen = torch.cat([seen, row])
        x = torch.cat([row, beside(seen)[None]], dim=1)
        change = row[0] * deviation + mean
        last = last + change if scale["difference"] else change
        output.writerow(last.tolist())
