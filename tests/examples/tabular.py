"""The tabular example: its options, what it writes, and that it writes the same again. Training is short."""
import csv
import gzip
import json
import os
import random
import shutil
import signal
import statistics
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

PROGRAM = Path(os.environ["VADE_EXAMPLES"]) / "tabular"


class Tabular(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="vade-tabular-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        draw = random.Random(1)
        with (self.folder / "blobs.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["x", "kind", "y", "same"])
            for i in range(90):
                kind = i % 3
                writer.writerow([draw.gauss(100 * kind, 10), f"kind {kind}", draw.gauss((kind == 1) * 5, 0.5), 7])

    def run_program(self, *arguments):
        return subprocess.run([str(PROGRAM), *arguments], capture_output=True, text=True, timeout=900, cwd=self.folder)

    def cluster(self, out, *arguments):
        run = self.run_program("--data", "blobs.csv", "--clusters", "3", "--effort", "0.02", "--out", out, *arguments)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads((self.folder / out / "metrics.json").read_text()), run

    def test_blobs_are_found_and_every_row_has_its_cluster(self):
        metrics, run = self.cluster("r", "--labels", "1")
        self.assertEqual((metrics["rows"], metrics["columns"]), (90, 3))
        self.assertEqual(list(metrics["partitions"]), ["k-means", "mixture", "classifier", "vade"])
        chosen = metrics["partitions"][metrics["chosen"]]
        self.assertEqual(chosen["neighbour_information"],
                         max(p["neighbour_information"] for name, p in metrics["partitions"].items() if name != "vade"))
        self.assertGreater(metrics["partitions"]["vade"]["accuracy"], 0.98)
        self.assertIn("<- VaDE starts here", run.stdout)
        with (self.folder / "r" / "clusters.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 90)
        self.assertEqual({row["cluster"] for row in rows[0::3]} & {row["cluster"] for row in rows[1::3]}, set())
        self.assertTrue(all(0 <= float(row["probability"]) <= 1 for row in rows))
        self.assertTrue((self.folder / "r" / "model.safetensors").exists())

    def test_the_same_seed_writes_the_same_bytes_and_labels_only_score(self):
        _, run = self.cluster("a", "--labels", "1", "--quiet")
        self.assertEqual((run.stdout, run.stderr), ("", ""))
        self.cluster("b", "--labels", "1", "--threads", "1")
        for name in ("clusters.csv", "model.safetensors", "metrics.json"):
            self.assertEqual((self.folder / "a" / name).read_bytes(), (self.folder / "b" / name).read_bytes())
        text = (self.folder / "blobs.csv").read_text()
        (self.folder / "blobs.csv").write_text(text.replace("kind 2", "kind 1"))
        self.cluster("c", "--labels", "1")
        self.assertEqual((self.folder / "a" / "clusters.csv").read_bytes(), (self.folder / "c" / "clusters.csv").read_bytes())

    def test_the_scale_of_each_column_is_written(self):
        text = (self.folder / "blobs.csv").read_text().replace("x,kind", '"x, ""mm""",kind')
        (self.folder / "blobs.csv").write_text(text)
        columns = [[float(row[k]) for row in list(csv.reader(text.splitlines()))[1:]] for k in (0, 2, 3)]
        means = [statistics.fmean(column) for column in columns]
        variances = [statistics.pvariance(column) for column in columns]
        whole = statistics.fmean(variances) ** -0.5
        for scale, wanted in (("columns", [variances[0] ** -0.5, variances[1] ** -0.5, 0]), ("whole", 3 * [whole]),
                              ("none", 3 * [1])):
            self.cluster(scale, "--labels", "1", "--scale", scale)
            with (self.folder / scale / "scale.csv").open(newline="") as file:
                rows = list(csv.DictReader(file))
            self.assertEqual([row["column"] for row in rows], ['x, "mm"', "y", "same"])
            for row, mean, factor in zip(rows, means, wanted):
                self.assertAlmostEqual(float(row["mean"]), 0 if scale == "none" else mean, places=9)
                self.assertAlmostEqual(float(row["factor"]), factor, places=9)

    def test_an_array_of_numpy_is_clustered_as_the_table_is(self):
        rows = [line.split(",") for line in (self.folder / "blobs.csv").read_text().splitlines()[1:]]
        (self.folder / "numbers.csv").write_text("".join(f"{row[0]},{row[2]}\n" for row in rows))
        numbers = [float(cell) for row in rows for cell in (row[0], row[2])]
        head = ("{'descr': '<f8', 'fortran_order': False, 'shape': (%d, 2), }" % (len(numbers) // 2)).ljust(117) + "\n"
        (self.folder / "numbers.npy").write_bytes(
            b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack(f"<{len(numbers)}d", *numbers))
        for name in ("csv", "npy"):
            run = self.run_program("--data", f"numbers.{name}", "--clusters", "3", "--effort", "0.02", "--out", name)
            self.assertEqual(run.returncode, 0, run.stderr)
        with gzip.open(self.folder / "numbers.npy.gz", "wb") as file:
            file.write((self.folder / "numbers.npy").read_bytes())
        run = self.run_program("--data", "numbers.npy.gz", "--clusters", "3", "--effort", "0.02", "--out", "gz")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual((self.folder / "gz" / "clusters.csv").read_bytes(), (self.folder / "npy" / "clusters.csv").read_bytes())
        self.assertEqual((self.folder / "npy" / "scale.csv").read_text().splitlines()[2].split(",")[0], "1")
        self.assertEqual((self.folder / "csv" / "clusters.csv").read_bytes(), (self.folder / "npy" / "clusters.csv").read_bytes())
        run = self.run_program("--data", "numbers.npy", "--clusters", "3", "--labels", "0")
        self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1))

    def test_interrupted_it_keeps_what_it_has_and_says_so(self):
        process = subprocess.Popen([str(PROGRAM), "--data", "blobs.csv", "--labels", "1", "--clusters", "3", "--effort", "1000",
                                    "--out", "r"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        line = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=900)
        self.assertIn("classifier", line)
        self.assertEqual(process.returncode, 130, rest)
        metrics = json.loads((self.folder / "r" / "metrics.json").read_text())
        self.assertEqual(metrics["stopped"], "cancelled")
        self.assertGreater(metrics["partitions"]["k-means"]["accuracy"], 0.98)

    def test_wrong_options_end_with_two_and_one_line(self):
        good = ["--data", "blobs.csv", "--clusters", "3"]
        for arguments in ([], ["--data", "blobs.csv"], ["--data", "none.csv", "--clusters", "3"], [*good, "--clusters", "1"],
                          [*good, "--scale", "half"], [*good, "--effort", "0"], [*good, "extra"]):
            with self.subTest(arguments):
                run = self.run_program(*arguments)
                self.assertEqual((run.returncode, run.stdout, len(run.stderr.splitlines())), (2, "", 1))
                self.assertTrue(run.stderr.startswith("tabular: "))

    def test_a_table_that_is_none_ends_with_one_and_one_line(self):
        run = self.run_program("--data", "blobs.csv", "--clusters", "3")
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertEqual(run.stderr, "tabular: blobs.csv: line 2, column 2: got 'kind 0', wanted a finite number\n")
        run = self.run_program("--data", "blobs.csv", "--clusters", "3", "--labels", "4")
        self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1))
        run = self.run_program("--data", "blobs.csv", "--clusters", "3", "--labels", "1", "--neighbours", "90")
        self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1))
        self.assertFalse((self.folder / "out" / "tabular" / "metrics.json").exists())


if __name__ == "__main__":
    unittest.main()
