"""Looks at what examples/mnist.sh wrote: check_mnist_run.py DIR. Names what is missing or cannot be, and ends with 1."""
import csv
import json
import math
import struct
import sys
import zlib
from pathlib import Path

KEYS = (
    "preset seed samples parameters epochs seconds seconds_per_epoch accuracy nmi ari v_measure silhouette "
    "calinski_harabasz elbo reconstruction kl cluster_sizes train test"
).split()
PICTURES = "latent samples reconstructions curves".split()
wrong = []


def check(holds, text):
    if not holds:
        wrong.append(text)


def finite(value):
    if isinstance(value, dict):
        return all(finite(item) for item in value.values())
    if isinstance(value, list):
        return all(finite(item) for item in value)
    return not isinstance(value, float) or math.isfinite(value)


def picture_size(data):
    """Width and height of a PNG whose chunks are whole, whose sums fit, and whose lines have the wanted length."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("is no PNG")
    at, header, pixels, kind = 8, None, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] != zlib.crc32(kind + body):
            raise ValueError(f"has a wrong sum in its chunk {kind.decode()}")
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            pixels += body
        at += 12 + length
    if header is None or kind != b"IEND":
        raise ValueError("is cut short")
    width, height, bits, color = header[:4]
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    wanted = height * (1 + (width * channels * bits + 7) // 8)
    if len(zlib.decompress(pixels)) != wanted:
        raise ValueError("has too few or too many pixels")
    return width, height


def main(folder):
    metrics = json.loads((folder / "metrics.json").read_text())
    missing = [key for key in KEYS if key not in metrics]
    check(not missing, f"metrics.json lacks {', '.join(missing)}")
    check(finite(metrics), "metrics.json holds a number that is not finite")
    for key in ("accuracy", "nmi", "v_measure"):
        check(0 <= metrics.get(key, -1) <= 1, f"metrics.json: {key} is {metrics.get(key)}, wanted a value in [0, 1]")
    sizes = metrics.get("cluster_sizes", [])
    check(sum(sizes) == metrics.get("samples"), f"metrics.json: cluster_sizes {sizes} do not sum to the samples")

    with open(folder / "history.csv", newline="") as file:
        rows = list(csv.reader(file))
    check(len(rows) >= 2, f"history.csv has {len(rows)} lines, wanted a head and an epoch or more")
    check(len({len(row) for row in rows}) == 1, "history.csv has rows of different length")

    with open(folder / "clusters.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    counts = [sum(int(row["cluster"]) == k for row in rows) for k in range(len(sizes))]
    check(counts == sizes, f"clusters.csv has {counts} rows of each cluster, metrics.json {sizes}")
    least = min((float(row["probability"]) for row in rows), default=0)
    check(0.999 / max(len(sizes), 1) <= least <= 1, f"clusters.csv: a probability is {least}, less than equal shares")

    for name in PICTURES:
        try:
            width, height = picture_size((folder / f"{name}.png").read_bytes())
            check(width >= 100 and height >= 100, f"{name}.png is {width} x {height}")
        except (OSError, ValueError, struct.error, zlib.error) as error:
            wrong.append(f"{name}.png {error}")

    model = (folder / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", model[:8])
    tensors = {key: value for key, value in json.loads(model[8 : 8 + length]).items() if key != "__metadata__"}
    ends = [tensor["data_offsets"][1] for tensor in tensors.values()]
    check(tensors and max(ends) == len(model) - 8 - length, "model.safetensors: tensors and bytes do not fit")


try:
    main(Path(sys.argv[1]))
except (OSError, ValueError, KeyError, struct.error) as error:
    wrong.append(str(error))
for line in wrong:
    print(f"{sys.argv[1]}: {line}")
sys.exit(1 if wrong else 0)
