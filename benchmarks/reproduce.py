"""Trains the MNIST example with many seeds and tabulates them. See --help; benchmarks/reproduce.sh is the way in."""

import argparse
import csv
import hashlib
import itertools
import json
import math
import os
import shlex
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = ["key", "version", "command", "seed", "accuracy", "test_accuracy", "nmi", "ari", "silhouette",
           "calinski_harabasz", "elbo", "test_elbo", "seconds", "wall_seconds"]
TABLE = ["accuracy", "test_accuracy", "nmi", "ari", "silhouette", "calinski_harabasz", "elbo", "test_elbo", "wall_seconds"]


def seed_list(text):
    """0-3,7 -> 0, 1, 2, 3, 7."""
    seeds = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.isdigit() or (last and not last.isdigit()) or (last and int(last) < int(first)):
            raise argparse.ArgumentTypeError(f"{part!r} is not a seed or a range such as 0-9")
        seeds.extend(range(int(first), int(last or first) + 1))
    return seeds


def code_hash():
    """Of every file that can change a result: a row is only kept for the code that made it."""
    digest = hashlib.sha256()
    files = [ROOT / "examples" / "mnist.cpp"]
    for folder in ("include", "examples/mnist"):
        files.extend(path for path in (ROOT / folder).rglob("*") if path.is_file())
    for path in sorted(files):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def version():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def read_rows(path):
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def append_row(path, row):
    """The line is on the disk when this returns; a header comes first."""
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if new:
            writer.writeheader()
        writer.writerow(row)
        file.flush()
        os.fsync(file.fileno())


def train(seed, options, out):
    command = ["bash", str(ROOT / "examples" / "mnist.sh"), *options, "--seed", str(seed), "--out", str(out), "--quiet"]
    start = time.monotonic()
    result = subprocess.run(command, cwd=ROOT)
    if result.returncode != 0:
        sys.exit(f"reproduce.sh: seed {seed} ended with exit code {result.returncode}: {shlex.join(command)}")
    wall = time.monotonic() - start
    metrics = json.loads((out / "metrics.json").read_text())
    if metrics["stopped"] != "finished":
        sys.exit(f"reproduce.sh: seed {seed} was stopped")
    whole, test = metrics, metrics["test"]
    return {"seed": seed, "accuracy": whole["accuracy"], "test_accuracy": test["accuracy"], "nmi": whole["nmi"],
            "ari": whole["ari"], "silhouette": whole["silhouette"], "calinski_harabasz": whole["calinski_harabasz"],
            "elbo": whole["elbo"], "test_elbo": test["elbo"], "seconds": metrics["seconds"], "wall_seconds": wall}


def show(value, name):
    digits = {"calinski_harabasz": 0, "wall_seconds": 0, "elbo": 2, "test_elbo": 2}.get(name, 4)
    return f"{value:.{digits}f}"


def table(rows):
    lines = ["| seed | " + " | ".join(TABLE) + " |", "|---" * (len(TABLE) + 1) + "|"]
    for row in rows:
        lines.append(f"| {row['seed']} | " + " | ".join(show(float(row[name]), name) for name in TABLE) + " |")
    summaries = {"mean": statistics.mean, "sd": lambda v: statistics.stdev(v) if len(v) > 1 else float("nan"),
                 "min": min, "max": max}
    for title, summary in summaries.items():
        values = [show(summary([float(row[name]) for row in rows]), name) for name in TABLE]
        lines.append(f"| **{title}** | " + " | ".join(values) + " |")
    return "\n".join(lines)


def entropy(counts):
    total = sum(counts)
    return -sum(n / total * math.log(n / total) for n in counts)


def agreement(a, b):
    """Normalised mutual information of two labellings, by the mean of their entropies."""
    own = entropy(Counter(a).values()) + entropy(Counter(b).values())
    return 2 * (own - entropy(Counter(zip(a, b)).values())) / own if own > 0 else 1.0


def stability(folders):
    """Whether different seeds find the same partition: a figure that needs no labels."""
    partitions = []
    for folder in folders:
        with (folder / "clusters.csv").open(newline="") as file:
            partitions.append([row["cluster"] for row in csv.DictReader(file)])
    values = [agreement(a, b) for a, b in itertools.combinations(partitions, 2)]
    return (f"NMI of the clusters of two seeds, no labels used: mean {statistics.mean(values):.4f}, "
            f"min {min(values):.4f}, max {max(values):.4f}")


def main():
    parser = argparse.ArgumentParser(
        prog="reproduce.sh", description="Trains many seeds of one setting and prints the table of all of them.",
        epilog="Options after -- go to examples/mnist.sh, for example: -- --preset reference-vade --train-only")
    parser.add_argument("--seeds", type=seed_list, default=seed_list("0-9"), help="such as 0-9 or 0,3,5-7 (default 0-9)")
    parser.add_argument("--dataset", choices=["mnist", "fashion"], default="mnist",
                        help="fashion takes Debian's package dataset-fashion-mnist (default mnist)")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "reproduce", help="folder (default out/reproduce)")
    parser.add_argument("options", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    options = arguments.options[1:] if arguments.options[:1] == ["--"] else arguments.options
    for owned in ("--seed", "--out", "--load"):
        if any(option == owned or option.startswith(owned + "=") for option in options):
            parser.error(f"{owned} after -- is not for this script")
    if arguments.dataset == "fashion":
        folder = Path("/usr/share/datasets/fashion-mnist")
        if not folder.exists():
            sys.exit(f"reproduce.sh: {folder} is missing; install the package dataset-fashion-mnist")
        options = ["--data", str(folder), *options]

    arguments.out.mkdir(parents=True, exist_ok=True)
    results = arguments.out / "results.csv"
    settings = shlex.join(options)
    key = hashlib.sha256(f"{code_hash()} {settings}".encode()).hexdigest()[:12]
    known = {int(row["seed"]): row for row in read_rows(results) if row["key"] == key}
    for seed in arguments.seeds:
        if seed in known:
            continue
        row = train(seed, options, arguments.out / key / str(seed))
        row |= {"key": key, "version": version(), "command": f"bash examples/mnist.sh {settings} --seed {seed}"}
        append_row(results, row)
        known[seed] = row
        print(f"seed {seed}: accuracy {row['accuracy']:.4f}, test {row['test_accuracy']:.4f}, "
              f"ELBO {row['elbo']:.2f}, {row['wall_seconds']:.0f} s", flush=True)
    text = f"`bash examples/mnist.sh {settings}`, code {code_hash()}\n\n" + \
        table([known[seed] for seed in arguments.seeds])
    folders = [arguments.out / key / str(seed) for seed in arguments.seeds]
    if len(folders) > 1 and all((folder / "clusters.csv").exists() for folder in folders):
        text += "\n\n" + stability(folders)
    (arguments.out / f"{key}.md").write_text(text + "\n")
    print("\n" + text)


if __name__ == "__main__":
    main()
