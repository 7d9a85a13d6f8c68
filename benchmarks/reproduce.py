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
           "calinski_harabasz", "elbo", "test_elbo", "seconds", "wall_seconds", "data"]
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
    files = [ROOT / "examples" / "mnist.cpp", *(ROOT / "examples").glob("*.hpp")]
    for folder in ("include", "examples/mnist"):
        files.extend(path for path in (ROOT / folder).rglob("*") if path.is_file())
    for path in sorted(files):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def version():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def read_rows(path):
    """Rows of before there was the column `data` are kept as a record, without a value in it."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        rows, names = list(reader), reader.fieldnames
    if names == COLUMNS[:-1]:
        new = path.with_suffix(".new")
        with new.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        new.replace(path)
    elif names != COLUMNS:
        sys.exit(f"reproduce.sh: {path} is not a results file of this script: wanted the columns {','.join(COLUMNS)}, "
                 f"got {','.join(names or [])}; move it away, or name another folder by --out")
    return rows


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


def with_whole_paths(options):
    """The folder of --data as seen from the root, so that the same folder is the same setting wherever one stands."""
    whole = list(options)
    for at, option in enumerate(whole):
        if option.startswith("--data="):
            whole[at] = f"--data={Path(option[7:]).resolve()}"
        elif at > 0 and whole[at - 1] == "--data":
            whole[at] = str(Path(option).resolve())
    return whole


def train(seed, options, out):
    command = ["bash", str(ROOT / "examples" / "mnist.sh"), *options, "--seed", str(seed), "--out", str(out), "--quiet"]
    cut_off = (out / "checkpoint.safetensors").exists()  # then what is timed is the rest of a seed
    start = time.monotonic()
    # A table of MNIST must not become one of Fashion-MNIST because a download failed.
    result = subprocess.run(command, env=os.environ | {"VADE_MNIST_ONLY": "1"})
    if result.returncode != 0:
        sys.exit(f"reproduce.sh: seed {seed} ended with exit code {result.returncode}: {shlex.join(command)}")
    wall = None if cut_off else time.monotonic() - start
    metrics = json.loads((out / "metrics.json").read_text())
    if metrics["stopped"] != "finished":
        sys.exit(f"reproduce.sh: seed {seed} was stopped")
    names = ("accuracy", "nmi", "ari", "silhouette", "calinski_harabasz", "elbo")
    row = {name: metrics.get(name) for name in names}  # null in a collapsed model, absent without labels
    row |= {f"test_{name}": metrics["test"].get(name) for name in ("accuracy", "elbo")}
    return row | {"seed": seed, "seconds": metrics["seconds"], "wall_seconds": wall, "data": metrics["data"]}


def number(cell):
    return float("nan") if cell in (None, "") else float(cell)


def show(value, name):
    digits = {"calinski_harabasz": 0, "wall_seconds": 0, "elbo": 2, "test_elbo": 2}.get(name, 4)
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def summarised(summary, values):
    """Of all seeds or of none: a mean of those that did not collapse would look too good."""
    return float("nan") if any(map(math.isnan, values)) else summary(values)


def table(rows):
    lines = ["| seed | " + " | ".join(TABLE) + " |", "|---" * (len(TABLE) + 1) + "|"]
    for row in rows:
        lines.append(f"| {row['seed']} | " + " | ".join(show(number(row[name]), name) for name in TABLE) + " |")
    summaries = {"mean": statistics.mean, "sd": lambda v: statistics.stdev(v) if len(v) > 1 else float("nan"),
                 "min": min, "max": max}
    for title, summary in summaries.items():
        values = [show(summarised(summary, [number(row[name]) for row in rows]), name) for name in TABLE]
        lines.append(f"| **{title}** | " + " | ".join(values) + " |")
    return "\n".join(lines)


def check_same_data(row, others, results):
    """Ends the program where these rows would be a table of two data sets."""
    other = next((other for other in others if other["data"] != row["data"]), None)
    if other:
        sys.exit(f"reproduce.sh: seed {row['seed']} has the data {row['data']}, but seed {other['seed']} with the same "
                 f"settings in {results} has {other['data']}: two data sets are no table. Name the folder by -- --data DIR, "
                 "or another place for the results by --out")


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
                        help="fashion takes Debian's package dataset-fashion-mnist; mnist what --data or VADE_MNIST_DIR names, "
                             "or MNIST itself (default mnist)")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "reproduce", help="folder (default out/reproduce)")
    parser.add_argument("options", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    options = arguments.options[1:] if arguments.options[:1] == ["--"] else arguments.options
    for owned in ("--seed", "--out", "--load", "--compare-views", "--help", "-h"):
        if any(option == owned or option.startswith(owned + "=") for option in options):
            parser.error(f"{owned} after -- is not for this script")
    options = with_whole_paths(options)
    if arguments.dataset == "fashion":
        if any(option == "--data" or option.startswith("--data=") for option in options):
            parser.error("--dataset fashion and --data are two data sets")
        folder = Path("/usr/share/datasets/fashion-mnist")
        if not folder.exists():
            sys.exit(f"reproduce.sh: {folder} is missing; install the package dataset-fashion-mnist")
        options = ["--data", str(folder), *options]

    arguments.out = arguments.out.resolve()
    arguments.out.mkdir(parents=True, exist_ok=True)
    results = arguments.out / "results.csv"
    settings = shlex.join(options)
    key = hashlib.sha256(f"{code_hash()} {settings}".encode()).hexdigest()[:12]
    known = {int(row["seed"]): row for row in read_rows(results) if row["key"] == key and row.get("data")}
    for row in known.values():
        check_same_data(row, known.values(), results)
    for seed in arguments.seeds:
        if seed in known:
            continue
        row = train(seed, options, arguments.out / key / str(seed))
        check_same_data(row, known.values(), results)
        row |= {"key": key, "version": version(), "command": f"bash examples/mnist.sh {settings} --seed {seed}"}
        append_row(results, row)
        known[seed] = row
        figures = ", ".join(f"{title} {show(number(row[name]), name)}" for title, name in
                            (("accuracy", "accuracy"), ("test", "test_accuracy"), ("ELBO", "elbo")))
        print(f"seed {seed}: {figures}, {show(number(row['wall_seconds']), 'wall_seconds')} s", flush=True)
    rows = [known[seed] for seed in arguments.seeds]
    text = f"`bash examples/mnist.sh {settings}`, code {code_hash()}, data {rows[0]['data']}\n\n" + table(rows)
    folders = [arguments.out / key / str(seed) for seed in arguments.seeds]
    same_rows = not any(option.partition("=")[0] == "--imbalanced" for option in options)  # which leaves each seed other rows
    if same_rows and len(folders) > 1 and all((folder / "clusters.csv").exists() for folder in folders):
        text += "\n\n" + stability(folders)
    (arguments.out / f"{key}.md").write_text(text + "\n")
    print("\n" + text)


if __name__ == "__main__":
    main()
