"""Runs build/release/benchmarks/compare and its peers in alternation, and tabulates them. benchmarks/run.sh is the way in."""

import argparse
import gzip
import json
import os
import platform
import random
import statistics
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "benchmarks" / "peers"
# The interpreter that the distribution's packages are for.
PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable


class Bench:
    def __init__(self, program, rounds):
        self.program, self.rounds = program, rounds
        self.exchange = tempfile.TemporaryDirectory(prefix="vade-bench-")  # removed with this object
        self.folder = Path(self.exchange.name)
        self.lines = []

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def ours(self, what, **options):
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        return self.json([str(self.program), what, *words])

    def peer(self, script, *arguments, threads=1, openmp_blas=False):
        environment = os.environ | {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        if openmp_blas:
            found = sorted(Path("/usr/lib").glob("*/openblas-openmp"))
            if found:
                environment["LD_LIBRARY_PATH"] = str(found[0])
        return self.json([PYTHON, str(PEERS / script), *map(str, arguments)], environment)

    @staticmethod
    def json(command, environment=None):
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        if done.returncode != 0:
            sys.exit(f"run.sh: {' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def alternate(self, **works):
        """Median milliseconds of each work, in turn, round by round; and the last result of each."""
        times, last = {name: [] for name in works}, {}
        for _ in range(self.rounds):
            for name, work in works.items():
                last[name] = work()
                times[name].append(last[name]["ms"])
        return {name: statistics.median(values) for name, values in times.items()}, last


def agree(a, b, relative, what):
    if abs(a - b) > relative * max(abs(a), abs(b)):
        sys.exit(f"run.sh: {what}: ours is {a}, the peer's is {b}: they do not compute the same")


def machine(bench, threads):
    """The rates that limits are computed from: the better of our product and the BLAS of numpy."""
    limits = {}
    for t in sorted({1, threads}):
        ours = bench.ours("machine", threads=t)
        blas = bench.peer("numpy_idx.py", "product", t, threads=t, openmp_blas=True)["gflops"]
        limits[t] = {"gflops": max(ours["gflops"], blas), "gigabytes_per_second": ours["gigabytes_per_second"]}
        bench.say(f"- {t} thread{'s' * (t > 1)}: product {ours['gflops']:.0f} GF/s (ours, 2048³), {blas:.0f} GF/s (BLAS of numpy, "
                  f"4096³), memory {ours['gigabytes_per_second']:.1f} GB/s (read, read, write)")
    return limits


def training(bench, threads, batches):
    limits = machine(bench, threads)
    peak, memory = limits[threads]["gflops"], limits[threads]["gigabytes_per_second"]
    bench.say("\n## Training step, 784-512-512-2048-10\n")
    bench.say("Limit: operations at the higher rate above, and 28 bytes a parameter of the optimizer at the memory's rate. PyTorch: the best "
              "of one and all threads with its OpenMP build of OpenBLAS, and as installed.\n")
    bench.say("| batch | VAE, ms | of the limit | one thread, ms | threads gain | VaDE / VAE | PyTorch, best, ms | ratio | "
              "as installed, ms | ratio |\n|---|---|---|---|---|---|---|---|---|---|")
    for batch in batches:
        exchange = bench.folder / "step.safetensors"
        bench.ours("step", batch=batch, threads=threads, repeats=2, exchange=exchange)
        steps = max(20, 6400 // batch)

        def ours(model, t):
            return lambda: bench.ours("step", model=model, batch=batch, threads=t, repeats=steps)

        def torch(t, openmp_blas):
            return lambda: bench.peer("torch_step.py", exchange, t, steps, threads=t, openmp_blas=openmp_blas)

        ms, last = bench.alternate(vae=ours("vae", threads), one=ours("vae", 1), vade=ours("vade", threads),
                                   torch_one=torch(1, True), torch_all=torch(threads, True), installed=torch(threads, False))
        agree(last["torch_one"]["expected_loss"], last["torch_one"]["loss"], 1e-4, f"loss at batch {batch}")
        limit = 1e3 * last["vae"]["gigaflop"] / peak + last["vae"]["optimizer_megabytes"] / memory
        best = min(ms["torch_one"], ms["torch_all"])
        bench.say(f"| {batch} | {ms['vae']:.1f} | {limit / ms['vae']:.0%} | {ms['one']:.1f} | {ms['one'] / ms['vae']:.2f} | "
                  f"{ms['vade'] / ms['vae']:.3f} | {best:.1f} | {best / ms['vae']:.2f} | {ms['installed']:.1f} | "
                  f"{ms['installed'] / ms['vae']:.2f} |")
    answer = bench.ours("predict", threads=threads)
    bench.say(f"\n`predict`: {answer['rows_per_second']:,.0f} rows/s, {answer['gigaflop'] / answer['ms'] * 1e3 / peak:.0%} of the "
              f"encoder's operations at the peak; one row: {answer['single_row_us']:.0f} µs.")


def mixtures(bench, threads, sizes):
    for what, title, check in (("em", "EM, diagonal: one iteration", "log_likelihood"),
                               ("kmeans", "k-means: one iteration", "inertia")):
        bench.say(f"\n## {title}\n\n| N | K | J | ours, ms | scikit-learn, ms | ratio |\n|---|---|---|---|---|---|")
        for rows, clusters, columns in sizes:
            exchange = bench.folder / "mixture.safetensors"
            size = {"rows": rows, "clusters": clusters, "columns": columns, "repeats": 10, "threads": threads}
            bench.ours(what, exchange=exchange, **size)
            ms, last = bench.alternate(ours=lambda: bench.ours(what, **size),
                                       peer=lambda: bench.peer("sklearn_mixtures.py", what, exchange, 10, threads=threads))
            agree(last["ours"][check], last["peer"][check], 1e-3, f"{what}, N {rows}, K {clusters}, J {columns}")
            bench.say(f"| {rows:,} | {clusters} | {columns} | {ms['ours']:.2f} | {ms['peer']:.1f} | {ms['peer'] / ms['ours']:.1f} |")


def scores(bench, threads):
    bench.say("\n## Scores and files\n\n| what | ours, ms | peer, ms | ratio |\n|---|---|---|---|")
    for what, title, rows, check in (("silhouette", "silhouette, 10,000 rows, J = 10", 10000, "silhouette"),
                                     ("scores", "accuracy, NMI, ARI, V-measure, 70,000 labels", 70000, "sum")):
        exchange = bench.folder / f"{what}.safetensors"
        size = {"rows": rows, "repeats": 5, "threads": threads}
        bench.ours(what, exchange=exchange, **size)
        ms, last = bench.alternate(ours=lambda: bench.ours(what, **size),
                                   peer=lambda: bench.peer("sklearn_mixtures.py", what, exchange, 5, threads=threads))
        agree(last["ours"][check], last["peer"][check], 1e-4, what)
        bench.say(f"| {title} | {ms['ours']:.2f} | {ms['peer']:.1f} | {ms['peer'] / ms['ours']:.1f} |")
    path = bench.folder / "images.gz"
    draw = random.Random(1)
    line = bytes(draw.randrange(256) if draw.random() < 0.2 else 0 for _ in range(784 * 600))
    path.write_bytes(gzip.compress(struct.pack(">4I", 0x803, 60000, 28, 28) + 100 * line))
    ms, last = bench.alternate(ours=lambda: bench.ours("load", exchange=path, repeats=3),
                               peer=lambda: bench.peer("numpy_idx.py", "load", path, 3))
    agree(last["ours"]["rows"], last["peer"]["rows"], 0, "rows of the IDX file")
    bench.say(f"| 60,000 images from an IDX file, gzip, against Python's gzip and numpy | {ms['ours']:.0f} | {ms['peer']:.0f} | "
              f"{ms['peer'] / ms['ours']:.1f} |")
    use = bench.ours("memory", threads=threads)
    bench.say(f"\nMemory of training on 70,000 images, batch 128: {use['peak']:.0f} MB at its peak, against {use['sum']:.0f} MB = "
              f"{use['data']:.0f} of data + {use['parameters']:.0f} of parameters, gradients and moments + {use['activations']:.0f} on the "
              f"tape: {use['peak'] / use['sum'] - 1:+.0%}.")


def scaling(bench, threads):
    """How time grows; the last column should stay where it is if the model of cost is right."""
    bench.say("\n## Scaling\n\nEM, diagonal, one iteration; the model is time ∝ N K J.\n\n| N | K | J | ms | ns per N K J |\n|---|---|---|---|---|")
    base = (100000, 10, 10)
    sizes = ([(n, 10, 10) for n in (10000, 100000, 1000000, 10000000)] + [(100000, k, 10) for k in (30, 100, 300, 1000)] +
             [(100000, 10, j) for j in (2, 30, 100, 300)])
    for rows, clusters, columns in [base, *(size for size in sizes if size != base)]:
        ms = bench.ours("em", rows=rows, clusters=clusters, columns=columns, repeats=5, threads=threads)["ms"]
        bench.say(f"| {rows:,} | {clusters} | {columns} | {ms:.2f} | {1e6 * ms / (rows * clusters * columns):.3f} |")
    bench.say("\nTraining step of the VAE; the model is operations at a constant rate, and the optimizer's bytes.\n\n"
              "| batch | threads | ms | GF/s |\n|---|---|---|---|")
    for batch in (16, 32, 64, 128, 256, 512, 1024):
        for t in sorted({1, threads}):
            step = bench.ours("step", batch=batch, threads=t, repeats=max(10, 3200 // batch))
            bench.say(f"| {batch} | {t} | {step['ms']:.1f} | {1e3 * step['gigaflop'] / step['ms']:.0f} |")


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(prog="run.sh", description="Measures against the machine's limit and against peers.")
    parser.add_argument("--compare", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="most threads (default: all processors)")
    parser.add_argument("--rounds", type=int, default=3, help="alternations of each comparison (default 3)")
    parser.add_argument("--quick", action="store_true", help="two batches and small mixtures")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results.md")
    options = parser.parse_args()

    bench = Bench(options.compare, options.rounds)
    bench.say("# Measured speed\n")
    bench.say(f"`bash benchmarks/run.sh{' --quick' * options.quick}` on {processor()}, {os.cpu_count()} processors, "
              f"{platform.system()} {platform.release()}. Medians of {options.rounds} alternations; all ratios are from this run.\n")
    training(bench, options.threads, [128, 256] if options.quick else [64, 128, 256, 512])
    small = [(10000, 10, 10), (70000, 10, 10)]
    large = [(10000, 10, 2), (10000, 100, 10), (70000, 10, 10), (70000, 10, 50), (100000, 100, 10), (1000000, 10, 10),
             (1000000, 10, 2)]
    mixtures(bench, options.threads, small if options.quick else large)
    scores(bench, options.threads)
    if not options.quick:
        scaling(bench, options.threads)
    options.out.write_text("\n".join(bench.lines) + "\n")


if __name__ == "__main__":
    main()
