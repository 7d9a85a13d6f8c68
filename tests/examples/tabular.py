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


# A test that was started in the background, with interrupts ignored, still sends them to its programs.
signal.signal(signal.SIGINT, signal.default_int_handler)


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
        self.assertEqual((metrics["rows"], metrics["columns"], metrics["constant_columns"]), (90, 2, ["same"]))
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
        self.assertEqual((self.folder / "a" / "clusters.csv").read_bytes(),
                         (self.folder / "c" / "clusters.csv").read_bytes())

    def test_the_scale_of_each_column_is_written(self):
        text = (self.folder / "blobs.csv").read_text().replace("x,kind", '"x, ""mm""",kind')
        (self.folder / "blobs.csv").write_text(text)
        columns = [[float(row[k]) for row in list(csv.reader(text.splitlines()))[1:]] for k in (0, 2, 3)]
        means = [statistics.fmean(column) for column in columns]
        variances = [statistics.pvariance(column) for column in columns]
        whole = statistics.fmean(variances) ** -0.5
        for scale, wanted in (("columns", [variances[0] ** -0.5, variances[1] ** -0.5]), ("whole", 2 * [whole]),
                              ("none", 2 * [1])):
            self.cluster(scale, "--labels", "1", "--scale", scale)
            with (self.folder / scale / "scale.csv").open(newline="") as file:
                rows = list(csv.DictReader(file))
            self.assertEqual([row["column"] for row in rows], ['x, "mm"', "y"], "a constant column is no input")
            for row, mean, factor in zip(rows, means, wanted):
                self.assertAlmostEqual(float(row["mean"]), 0 if scale == "none" else mean, places=9)
                self.assertAlmostEqual(float(row["factor"]), factor, places=9)

    def partition(self, out, text, *arguments):
        """The sets of rows that are clustered together in the table `text`."""
        (self.folder / f"{out}.csv").write_text(text)
        run = self.run_program("--data", f"{out}.csv", "--clusters", "3", "--effort", "0.005", "--out", out, "--quiet",
                               *arguments)
        self.assertEqual(run.returncode, 0, run.stderr)
        clusters = (self.folder / out / "clusters.csv").read_text().splitlines()[1:]
        found = {}
        for row, line in enumerate(clusters):
            found.setdefault(line.split(",")[0], set()).add(row)
        return {frozenset(rows) for rows in found.values()}

    def test_law_units_offsets_and_orders_change_no_partition(self):
        draw = random.Random(2)
        rows = [[draw.gauss(6 * (i % 3 == 1), 1), draw.gauss(6 * (i % 3 == 2), 1), draw.gauss(0, 1)] for i in range(90)]

        def text(rows):
            return "".join(",".join(repr(cell) for cell in row) + "\n" for row in rows)

        wanted = self.partition("as_they_are", text(rows))
        self.assertEqual(len(wanted), 3)
        for unit in (1e-170, 1e-6, 1e-3, 1e3, 1e6, 1e160):
            for column in (0, 2):
                other = [[cell * (unit if j == column else 1) for j, cell in enumerate(row)] for row in rows]
                self.assertEqual(self.partition("units", text(other)), wanted, (unit, column))
        self.assertEqual(self.partition("all", text([[1e300 * cell for cell in row] for row in rows])), wanted)
        self.assertEqual(self.partition("offset", text([[row[0] + 1e6, row[1], row[2] - 1e6] for row in rows])), wanted)
        self.assertEqual(self.partition("mirrored", text([[-row[0], row[1], row[2]] for row in rows])), wanted)
        self.assertEqual(self.partition("columns", text([[row[2], row[0], row[1]] for row in rows])), wanted)
        order = list(range(90))
        draw.shuffle(order)
        shuffled = self.partition("rows", text([rows[row] for row in order]))
        self.assertEqual({frozenset(order[row] for row in rows) for rows in shuffled}, wanted)
        # Powers of two are exact: not a byte differs.
        self.partition("powers", text([[row[0] * 2.0**-300, row[1] * 2.0**300, row[2]] for row in rows]))
        for name in ("clusters.csv", "codes.npy"):
            self.assertEqual((self.folder / "powers" / name).read_bytes(),
                             (self.folder / "as_they_are" / name).read_bytes())

    def test_no_column_is_lost_in_silence(self):
        draw = random.Random(3)
        rows = [[draw.gauss(0, 1), draw.gauss(0, 1), 0.1, 0.1 + 1e-17 * (i % 2), draw.gauss(0, 1)] for i in range(120)]
        rows[7][1] = 1e200
        text = "a,b,c,d,e\n" + "".join(",".join(repr(cell) for cell in row) + "\n" for row in rows)
        (self.folder / "odd.csv").write_text(text)
        command = ["--data", "odd.csv", "--clusters", "3", "--effort", "0.01"]
        run = self.run_program(*command, "--out", "odd")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stderr.splitlines()[:2], ["column c is constant, and left out",
                                                       "column d is constant, and left out"])
        with (self.folder / "odd" / "scale.csv").open(newline="") as file:
            factors = {row["column"]: float(row["factor"]) for row in csv.DictReader(file)}
        self.assertEqual(list(factors), ["a", "b", "e"])
        self.assertAlmostEqual(factors["b"] * 1e200, 120 / 119**0.5)
        for scale, words in (("none", "column 'b' has 1e+200 at row 7, which is too large"),
                             ("whole", "column 'a' varies, but too little for float")):
            run = self.run_program(*command, "--scale", scale)
            self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1))
            self.assertIn(words, run.stderr)
        (self.folder / "odd.csv").write_text("a,b\n" + 9 * "1,2\n")
        run = self.run_program(*command)
        self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1))
        self.assertIn("all columns are constant", run.stderr)
        (self.folder / "odd.csv").write_text("a,b\n" + 9 * "1,2\n3,4\n")
        run = self.run_program(*command)
        self.assertEqual((run.returncode, run.stderr),
                         (1, "tabular: odd.csv: 2 rows that differ, wanted at least 3, one for each cluster "
                             "(--clusters)\n"))

    def test_every_way_to_write_a_table_has_an_option(self):
        rows = [[100 * (i % 3) + i / 7, i % 5 + 0.25 * i] for i in range(30)]
        plain = "x,y\n" + "".join(f"{x!r},{y!r}\n" for x, y in rows)
        wanted = self.partition("plain", plain)
        comma = [[repr(cell).replace(".", ",") for cell in row] for row in rows]
        for name, text, arguments in (
                ("semicolons", "x;y\n" + "".join(";".join(row) + "\n" for row in comma),
                 ["--separator", ";", "--decimal", ","]),
                ("tabs", plain.replace(",", "\t"), ["--separator", "\\t"]),
                ("blanks", plain.replace(",", "   "), ["--separator", " "]),
                ("comments", "# made by hand\n" + plain, ["--comment", "#"]),
                ("index", ",x,y\n" + "".join(f"{i},{x!r},{y!r}\n" for i, (x, y) in enumerate(rows)),
                 ["--leave-out", "0"]),
                ("names", "x,note,y,who\n" + "".join(f"{x!r},a b,{y!r},me\n" for x, y in rows),
                 ["--leave-out", "note", "--leave-out", "-1"]),
                ("years", "2019,2020\n" + plain[4:], ["--header", "yes"]),
                ("class", "x,kind,y\n" + "".join(f"{x!r},k{i % 3},{y!r}\n" for i, (x, y) in enumerate(rows)),
                 ["--labels", "kind"])):
            with self.subTest(name):
                self.assertEqual(self.partition(name, text, *arguments), wanted)

    def test_what_can_be_read_in_two_ways_is_refused_in_the_words_of_the_command_line(self):
        for text, words in (("2019,2020\n0.5,1\n1.5,2\n", "set --header yes or --header no"),
                            ("a,7\n0.5,1\n1.5,2\n", "(or set --header yes or no)"),
                            (",a\n0,1.5\n1,2.5\n2,3.5\n", "set --leave-out 0, or --keep-index"),
                            ("a;b\n1;2\n", "set --separator ';'"), ("# x\na,b\n1,2\n", "set --comment '#'"),
                            ("a;b\n1,5;2,5\n", "set --separator ';' and --decimal ','")):
            (self.folder / "two.csv").write_text(text)
            run = self.run_program("--data", "two.csv", "--clusters", "2")
            self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1))
            self.assertIn(words, run.stderr)
            self.assertTrue(run.stderr.startswith("tabular: two.csv"), run.stderr)
        (self.folder / "two.csv").write_text("a,b\n1,2\n")
        for option, words in ((["--labels", "c"], "--labels: no column has the name 'c'"),
                              (["--leave-out", "5"], "leave"),
                              (["--labels", "a", "--leave-out", "0"], "is both in --labels and in --leave-out"),
                              (["--separator", ",", "--decimal", ","], "separator and decimal are both ','")):
            run = self.run_program("--data", "two.csv", "--clusters", "2", *option)
            self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1), run.stderr)
            self.assertIn(words, run.stderr)

    def test_an_array_of_numpy_is_clustered_as_the_table_is(self):
        rows = [line.split(",") for line in (self.folder / "blobs.csv").read_text().splitlines()[1:]]
        (self.folder / "numbers.csv").write_text("".join(f"{row[0]},{row[2]}\n" for row in rows))
        numbers = [float(cell) for row in rows for cell in (row[0], row[2])]
        head = ("{'descr': '<f8', 'fortran_order': False, 'shape': (%d, 2), }" % (len(numbers) // 2)).ljust(117) + "\n"
        (self.folder / "numbers.npy").write_bytes(
            b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack(f"<{len(numbers)}d",
                                                                                              *numbers))
        for name in ("csv", "npy"):
            run = self.run_program("--data", f"numbers.{name}", "--clusters", "3", "--effort", "0.02", "--out", name)
            self.assertEqual(run.returncode, 0, run.stderr)
        with gzip.open(self.folder / "numbers.npy.gz", "wb") as file:
            file.write((self.folder / "numbers.npy").read_bytes())
        run = self.run_program("--data", "numbers.npy.gz", "--clusters", "3", "--effort", "0.02", "--out", "gz")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual((self.folder / "gz" / "clusters.csv").read_bytes(),
                         (self.folder / "npy" / "clusters.csv").read_bytes())
        self.assertEqual((self.folder / "npy" / "scale.csv").read_text().splitlines()[2].split(",")[0], "1")
        self.assertEqual((self.folder / "csv" / "clusters.csv").read_bytes(),
                         (self.folder / "npy" / "clusters.csv").read_bytes())
        for option in (["--labels", "0"], ["--header", "yes"], ["--separator", ";"], ["--keep-index"]):
            run = self.run_program("--data", "numbers.npy", "--clusters", "3", *option)
            self.assertEqual((run.returncode, len(run.stderr.splitlines())), (2, 1))
            self.assertIn(f"{option[0]}: it goes with a CSV file", run.stderr)

    def test_interrupted_it_keeps_what_it_has_and_says_so(self):
        process = subprocess.Popen([str(PROGRAM), "--data", "blobs.csv", "--labels", "1", "--clusters", "3", "--effort",
                                    "1000",
                                    "--out", "r"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                    cwd=self.folder)
        self.assertEqual(process.stderr.readline(), "column same is constant, and left out\n")
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
        for arguments in ([], ["--data", "blobs.csv"], ["--data", "none.csv", "--clusters", "3"],
                          [*good, "--clusters", "1"],
                          [*good, "--scale", "half"], [*good, "--effort", "0"], [*good, "extra"],
                          [*good, "--separator", ";;"], [*good, "--separator", ""], [*good, "--decimal", ";"],
                          [*good, "--comment", "//"],
                          [*good, "--header", "maybe"]):
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
