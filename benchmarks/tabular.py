"""VaDE on tables, beside k-means and a mixture on the same rows. benchmarks/tabular.sh is the way in."""

import argparse
import json
import random
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build" / "release" / "examples" / "tabular"
DIGITS = Path("/usr/lib/python3/dist-packages/sklearn/datasets/data/digits.csv.gz")
BLOBS = [3, 5, 10, 20]


def blobs(path, clusters, seed, columns=10, rows=300, spread=1.5):
    """Round normal clouds of unit variance; their centres are normal with standard deviation `spread`."""
    draw = random.Random(seed)
    centres = [[draw.gauss(0, spread) for _ in range(columns)] for _ in range(clusters)]
    with path.open("w") as file:
        for i in range(rows * clusters):
            kind = i % clusters
            file.write(",".join(f"{draw.gauss(mean, 1):.6f}" for mean in centres[kind]) + f",{kind}\n")


def cluster(table, clusters, seed, out):
    command = [PROGRAM, "--data", table, "--labels", "-1", "--clusters", str(clusters), "--scale", "whole",
               "--seed", str(seed), "--out", out, "--quiet"]
    done = subprocess.run(command)
    if done.returncode != 0:
        sys.exit(f"tabular.sh: {' '.join(map(str, command))} ended with exit code {done.returncode}")
    return json.loads((out / "metrics.json").read_text())


def row(name, results):
    """Mean accuracy and standard deviation of each method; how often VaDE was behind the better of the first two."""
    cells = []
    for method in ("k-means", "mixture", "classifier", "vade"):
        values = [result["partitions"][method]["accuracy"] for result in results]
        spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
        cells.append(f"{statistics.mean(values):.3f}{spread}")
    behind = sum(p["vade"]["accuracy"] < max(p["k-means"]["accuracy"], p["mixture"]["accuracy"])
                 for p in (result["partitions"] for result in results))
    chosen = [result["chosen"] for result in results]
    counts = ", ".join(f"{chosen.count(name)} {name}" for name in dict.fromkeys(chosen))
    return f"| {name} | " + " | ".join(cells) + f" | {counts} | {behind} of {len(results)} |"


def main():
    parser = argparse.ArgumentParser(prog="tabular.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="how many (default 5)")
    parser.add_argument("--first-seed", type=int, default=0, help="the first of them (default 0)")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "tabular", help="folder (default out/tabular)")
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error(f"--seeds is {arguments.seeds}, wanted at least 1")
    arguments.out.mkdir(parents=True, exist_ok=True)

    lines = ["| rows | k-means | mixture | classifier of neighbours | VaDE | it started from | behind the better of the first two |",
             "|---|---|---|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    data_sets = [(f"{k} blobs", k) for k in BLOBS] + ([("8×8 digits", 10)] if DIGITS.exists() else [])
    for name, clusters in data_sets:
        results = []
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
            table = DIGITS
            if "blobs" in name:
                table = arguments.out / "blobs.csv"
                blobs(table, clusters, seed)
            results.append(cluster(table, clusters, seed, arguments.out / "run"))
        lines.append(row(name, results))
        print(lines[-1], flush=True)
    if not DIGITS.exists():
        print(f"tabular.sh: no 8x8 digits: {DIGITS} is missing; install the package python3-sklearn", file=sys.stderr)
    (arguments.out / "results.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
