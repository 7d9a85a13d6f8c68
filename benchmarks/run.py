"""Runs build/release/benchmarks/compare and its peers in alternation, and tabulates them. benchmarks/run.sh is the way in."""

import argparse
import gzip
import json
import os
import platform
import random
import shutil
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
        """Each work in turn, round by round."""
        rounds = Rounds()
        for _ in range(self.rounds):
            for name, work in works.items():
                rounds.results.setdefault(name, []).append(work())
        return rounds


class Rounds:
    """What several works measured in alternation, each figure as "median (best)": a machine's speed drifts, so ratios are
    taken within a round before their median; and since other guests of a host only ever slow one down, the best round of
    each work is nearest to what the machine can do."""

    def __init__(self):
        self.results = {}

    def last(self, name):
        return self.results[name][-1]

    def times(self, name):
        return [result["ms"] for result in self.results[name]]

    def ms(self, name, digits=1):
        return f"{statistics.median(self.times(name)):.{digits}f} ({min(self.times(name)):.{digits}f})"

    def ratio(self, above, below, digits=2):
        middle = statistics.median(a / b for a, b in zip(self.times(above), self.times(below)))
        return f"{middle:.{digits}f} ({min(self.times(above)) / min(self.times(below)):.{digits}f})"


def agree(a, b, relative, what):
    if abs(a - b) > relative * max(abs(a), abs(b)):
        sys.exit(f"run.sh: {what}: ours is {a}, the peer's is {b}: they do not compute the same")


def machine(bench, threads):
    """The rates that limits are computed from: the better of our product and the BLAS of numpy."""
    ours = bench.ours("machine", threads=threads)
    blas = bench.peer("numpy_idx.py", "product", threads, threads=threads, openmp_blas=True)["gflops"]
    return {"ours": ours["gflops"], "blas": blas, "peak": max(ours["gflops"], blas), "memory": ours["gigabytes_per_second"]}


def limit_of(result, rates):
    """Milliseconds for the operations at the peak, and for the bytes of the optimizer at the memory's rate."""
    return 1e3 * result["gigaflop"] / rates["peak"] + result.get("optimizer_megabytes", 0) / rates["memory"]


def share_of_limit(rounds, name):
    results, machines = rounds.results[name], rounds.results["machine"]
    middle = statistics.median(limit_of(result, rates) / result["ms"] for result, rates in zip(results, machines))
    best = {rate: max(rates[rate] for rates in machines) for rate in ("peak", "memory")}
    return f"{middle:.0%} ({limit_of(results[0], best) / min(rounds.times(name)):.0%})"


def ratio_at_limit(rounds, peer, name):
    """How many times faster than the peer a step would be that took the limit's time: no program can have a higher ratio."""
    middle = statistics.median(theirs["ms"] / limit_of(ours, rates) for theirs, ours, rates in
                               zip(rounds.results[peer], rounds.results[name], rounds.results["machine"]))
    return f"{middle:.2f}"


def training(bench, threads, batches):
    bench.say("\n## Training step, 784-512-512-2048-10\n")
    bench.say("Limit: operations at the higher of the two rates of a product, and 28 bytes a parameter of the optimizer at the memory's, "
              "measured in the same round. PyTorch: the best of one and all threads with its OpenMP build of OpenBLAS, and as installed; "
              "then the ratio of its time to that of our VAE step, and to the limit: no program can reach more than that.\n")
    bench.say("| batch | VAE, ms | of the limit | one thread, ms | threads gain | VaDE / VAE | PyTorch, best, ms | ratio | at the "
              "limit | as installed, ms | ratio | at the limit |\n|---|---|---|---|---|---|---|---|---|---|---|---|")
    rates = []
    for batch in batches:
        exchange = bench.folder / "step.safetensors"
        bench.ours("step", batch=batch, threads=threads, repeats=2, exchange=exchange)
        steps = max(20, 6400 // batch)

        def ours(model, t):
            return lambda: bench.ours("step", model=model, batch=batch, threads=t, repeats=steps)

        def torch(t, openmp_blas):
            return lambda: bench.peer("torch_step.py", exchange, t, steps, threads=t, openmp_blas=openmp_blas)

        def torch_best():
            return min(torch(1, True)(), torch(threads, True)(), key=lambda result: result["ms"])

        rounds = bench.alternate(machine=lambda: machine(bench, threads), vae=ours("vae", threads), vade=ours("vade", threads),
                                 one=ours("vae", 1), torch=torch_best, installed=torch(threads, False))
        agree(rounds.last("torch")["expected_loss"], rounds.last("torch")["loss"], 1e-4, f"loss at batch {batch}")
        rates += rounds.results["machine"]
        bench.say(f"| {batch} | {rounds.ms('vae')} | {share_of_limit(rounds, 'vae')} | {rounds.ms('one')} | "
                  f"{rounds.ratio('one', 'vae')} | {rounds.ratio('vade', 'vae', 3)} | {rounds.ms('torch')} | "
                  f"{rounds.ratio('torch', 'vae')} | {ratio_at_limit(rounds, 'torch', 'vae')} | {rounds.ms('installed')} | "
                  f"{rounds.ratio('installed', 'vae')} | {ratio_at_limit(rounds, 'installed', 'vae')} |")
    rounds = bench.alternate(machine=lambda: machine(bench, threads), predict=lambda: bench.ours("predict", threads=threads))
    single = [result["single_row_us"] for result in rounds.results["predict"]]
    bench.say(f"\n`predict`: 10,000 rows in {rounds.ms('predict')} ms, {share_of_limit(rounds, 'predict')} of the encoder's "
              f"operations at the peak; one row: {statistics.median(single):.0f} ({min(single):.0f}) µs.")
    rates += rounds.results["machine"]
    rounds = bench.alternate(views=lambda: bench.ours("views", batch=256, threads=threads, repeats=25))
    share = statistics.median(result["ms"] / result["step_ms"] for result in rounds.results["views"])
    bench.say(f"\nRandom views of 256 images, as preset `vade` draws them: {rounds.ms('views', 2)} ms, {share:.1%} of the step of its "
              "classifier, in which they are drawn.")
    bench.say("\nRates in these rounds, lowest, median and highest: " + "; ".join(
        f"{title} {min(values):.0f}, {statistics.median(values):.0f}, {max(values):.0f} {unit}"
        for title, unit, values in (("our product, 2048³,", "GF/s", [r["ours"] for r in rates]),
                                    ("product of numpy's BLAS, 4096³,", "GF/s", [r["blas"] for r in rates]),
                                    ("memory (read, read, write)", "GB/s", [r["memory"] for r in rates]))) + ".")


def mixtures(bench, threads, sizes):
    for what, title, check in (("em", "EM, diagonal: one iteration", "log_likelihood"),
                               ("kmeans", "k-means: one iteration", "inertia")):
        bench.say(f"\n## {title}\n\n| N | K | J | ours, ms | scikit-learn, ms | ratio |\n|---|---|---|---|---|---|")
        for rows, clusters, columns in sizes:
            exchange = bench.folder / "mixture.safetensors"
            size = {"rows": rows, "clusters": clusters, "columns": columns, "repeats": 10, "threads": threads}
            bench.ours(what, exchange=exchange, **size)
            rounds = bench.alternate(ours=lambda: bench.ours(what, **size),
                                     peer=lambda: bench.peer("sklearn_mixtures.py", what, exchange, 10, threads=threads))
            agree(rounds.last("ours")[check], rounds.last("peer")[check], 1e-3, f"{what}, N {rows}, K {clusters}, J {columns}")
            bench.say(f"| {rows:,} | {clusters} | {columns} | {rounds.ms('ours', 2)} | {rounds.ms('peer')} | "
                      f"{rounds.ratio('peer', 'ours', 1)} |")


def scores(bench, threads):
    bench.say("\n## Scores and files\n\n| what | ours, ms | peer, ms | ratio |\n|---|---|---|---|")
    for what, title, rows, check in (("silhouette", "silhouette, 10,000 rows, J = 10", 10000, "silhouette"),
                                     ("scores", "accuracy, NMI, ARI, V-measure, 70,000 labels", 70000, "sum")):
        exchange = bench.folder / f"{what}.safetensors"
        size = {"rows": rows, "repeats": 5, "threads": threads}
        bench.ours(what, exchange=exchange, **size)
        rounds = bench.alternate(ours=lambda: bench.ours(what, **size),
                                 peer=lambda: bench.peer("sklearn_mixtures.py", what, exchange, 5, threads=threads))
        agree(rounds.last("ours")[check], rounds.last("peer")[check], 1e-4, what)
        bench.say(f"| {title} | {rounds.ms('ours', 2)} | {rounds.ms('peer')} | {rounds.ratio('peer', 'ours', 1)} |")
    path = bench.folder / "images.gz"
    draw = random.Random(1)
    line = bytes(draw.randrange(256) if draw.random() < 0.2 else 0 for _ in range(784 * 600))
    path.write_bytes(gzip.compress(struct.pack(">4I", 0x803, 60000, 28, 28) + 100 * line, 6))  # the level of the gzip command
    rounds = bench.alternate(ours=lambda: bench.ours("load", exchange=path, repeats=3),
                             peer=lambda: bench.peer("numpy_idx.py", "load", path, 3))
    agree(rounds.last("ours")["rows"], rounds.last("peer")["rows"], 0, "rows of the IDX file")
    bench.say(f"| 60,000 images from an IDX file, gzip, against Python's gzip and numpy | {rounds.ms('ours', 0)} | "
              f"{rounds.ms('peer', 0)} | {rounds.ratio('peer', 'ours', 1)} |")
    use = bench.ours("memory", threads=threads)
    bench.say(f"\nMemory of training on 70,000 images, batch 128: {use['peak']:.0f} MB at its peak, against {use['sum']:.0f} MB = "
              f"{use['data']:.0f} of data + {use['parameters']:.0f} of parameters, gradients and moments + {use['activations']:.0f} on the "
              f"tape: {use['peak'] / use['sum'] - 1:+.0%}.")


def scaling(bench, threads):
    """How time grows; the last column should stay where it is if the model of cost is right."""
    bench.say("\n## Scaling\n\nEM, diagonal, one iteration; the model is time ∝ N K J.\n\n"
              "| N | K | J | ms | ns per N K J |\n|---|---|---|---|---|")
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


def eigen_flags():
    try:
        found = subprocess.run(["pkg-config", "--cflags-only-I", "eigen3"], capture_output=True, text=True).stdout.split()
    except FileNotFoundError:
        found = []
    return found or ["-I/usr/include/eigen3"]


def compiler_cost(compiler, source):
    """Seconds of one processor, and megabytes at the peak of any of its processes."""
    command = [compiler, "-std=c++20", "-O2", "-c", "-o", os.devnull, "-I", str(ROOT / "include"), *eigen_flags(), str(source)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    errors = process.stderr.read()
    _, status, use = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"run.sh: {' '.join(command)} ended with {process.returncode}:\n{errors[-2000:]}")
    return use.ru_utime + use.ru_stime, use.ru_maxrss / 1024


def compile_time(bench, quick):
    of_example = "" if quick else "; the example once"
    bench.say(f"\n## Compile time\n\nAt -O2, in seconds of one processor and megabytes at the peak; the best of three{of_example}.\n\n"
              "| compiler | what | seconds | MB |\n|---|---|---|---|")
    for compiler in filter(shutil.which, ("g++", "clang++")):
        version = subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout.splitlines()[0]
        for header in ("vade/fwd.hpp", "vade/vade.hpp"):
            source = bench.folder / "program.cpp"
            source.write_text(f"#include <{header}>\nint main() {{}}\n")
            seconds, megabytes = min(compiler_cost(compiler, source) for _ in range(3))
            bench.say(f"| {version} | `{header}` in an empty program | {seconds:.1f} | {megabytes:.0f} |")
        if quick:
            continue
        sources = [ROOT / "examples" / "mnist.cpp", *sorted((ROOT / "examples" / "mnist").glob("*.cpp"))]
        costs = [compiler_cost(compiler, source) for source in sources]
        bench.say(f"| {version} | the MNIST example, {len(sources)} units | {sum(cost[0] for cost in costs):.0f} | "
                  f"{max(cost[1] for cost in costs):.0f} |")


def stolen():
    """Ticks that the host gave to others while we wanted to run, and ticks of all processors, since the machine started."""
    try:
        fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return fields[7], sum(fields)
    except (OSError, ValueError, IndexError):
        return 0, 0


def version():
    if not shutil.which("git"):
        return ""
    done = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return f", version {done.stdout.strip()}," if done.returncode == 0 else ""


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
    parser.add_argument("--out", type=Path, help="file (default benchmarks/results.md; with --quick, which is no page to keep, "
                                                 "out/benchmarks/results.md)")
    options = parser.parse_args()
    for name in ("threads", "rounds"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} is {getattr(options, name)}, wanted at least 1")
    if options.out is None:
        options.out = ROOT / ("out/benchmarks" if options.quick else "benchmarks") / "results.md"

    bench = Bench(options.compare, options.rounds)
    bench.say("# Measured speed\n")
    bench.say(f"`bash benchmarks/run.sh --rounds {options.rounds}{' --quick' * options.quick}`{version()} on {processor()}, {os.cpu_count()} processors, "
              f"{platform.system()} {platform.release()}. Medians of {options.rounds} alternations, ratios taken within each, and "
              "in brackets those of the best round of each: other guests of the host only ever slow one down.")
    stolen_before, all_before = stolen()
    training(bench, options.threads, [128, 256] if options.quick else [64, 128, 256, 512])
    small = [(10000, 10, 10), (70000, 10, 10)]
    large = [(10000, 10, 2), (10000, 100, 10), (70000, 10, 10), (70000, 10, 50), (100000, 100, 10), (1000000, 10, 10),
             (1000000, 10, 2)]
    mixtures(bench, options.threads, small if options.quick else large)
    scores(bench, options.threads)
    if not options.quick:
        scaling(bench, options.threads)
    compile_time(bench, options.quick)
    stolen_after, all_after = stolen()
    if all_after > all_before:
        share = (stolen_after - stolen_before) / (all_after - all_before)
        bench.say(f"\nOf the time of all processors the host gave {share:.1%} to others meanwhile.")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text("\n".join(bench.lines) + "\n")


if __name__ == "__main__":
    main()
