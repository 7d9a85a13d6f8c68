"""Runs build/release/benchmarks/compare and its peers in alternation, and tabulates them. benchmarks/run.sh is the way in."""

import argparse
import json
import os
import platform
import statistics
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


def training(bench, threads, batches):
    limits = {t: bench.ours("machine", threads=t) for t in {1, threads}}
    for t, limit in sorted(limits.items()):
        bench.say(f"- {t} thread{'s' * (t > 1)}: {limit['gflops']:.0f} GF/s (product of 2048³), "
                  f"{limit['gigabytes_per_second']:.1f} GB/s (read, read, write)")
    peak, memory = limits[threads]["gflops"], limits[threads]["gigabytes_per_second"]
    bench.say("\n## Training step, 784-512-512-2048-10\n")
    bench.say("Limit: operations at the peak above, and 28 bytes a parameter of the optimizer at the memory's rate. PyTorch: the best "
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
    exchange = bench.folder / "silhouette.safetensors"
    bench.ours("silhouette", rows=10000, threads=threads, exchange=exchange)
    ms, last = bench.alternate(ours=lambda: bench.ours("silhouette", rows=10000, threads=threads),
                               peer=lambda: bench.peer("sklearn_mixtures.py", "silhouette", exchange, 1, threads=threads))
    agree(last["ours"]["silhouette"], last["peer"]["silhouette"], 1e-4, "silhouette")
    bench.say(f"\nSilhouette of 10,000 rows, J = 10: {ms['ours']:.0f} ms, scikit-learn {ms['peer']:.0f} ms, ratio "
              f"{ms['peer'] / ms['ours']:.1f}.")


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
    options.out.write_text("\n".join(bench.lines) + "\n")


if __name__ == "__main__":
    main()
