"""The synthetic example: its options, what it writes, and that it writes the same again. Training is a few steps."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

PROGRAM = Path(os.environ["VADE_EXAMPLES"]) / "synthetic"
PICTURES = ["bound.png", "generated.png", "latent_after.png", "latent_before.png", "reconstructed.png"]


class Synthetic(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="vade-synthetic-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def run_program(self, *arguments):
        return subprocess.run([str(PROGRAM), *arguments], capture_output=True, text=True, timeout=900, cwd=self.folder)

    def short_run(self, out, *arguments):
        run = self.run_program("--quick", "--epochs", "1", "--out", out, *arguments)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads((self.folder / out / "results.json").read_text()), run

    def test_wrong_options_end_with_two_and_one_line(self):
        for arguments in (["--no-such"], ["--experiment", "none"], ["--posterior", "round"], ["--seeds", "0"],
                          ["--latent", "0"], ["--jobs", "0"], ["extra"]):
            with self.subTest(arguments):
                run = self.run_program(*arguments)
                self.assertEqual((run.returncode, run.stdout, len(run.stderr.splitlines())), (2, "", 1))
                self.assertTrue(run.stderr.startswith("synthetic: "))

    def test_help_explains_the_options(self):
        run = self.run_program("--help")
        self.assertEqual(run.returncode, 0)
        for option in ("--experiment", "--posterior", "--quick", "--seeds", "--latent", "--jobs", "--out"):
            self.assertIn(option, run.stdout)

    def test_pictures_and_table_of_both_posteriors(self):
        rows, run = self.short_run("r", "--experiment", "rotated", "--seeds", "2")
        self.assertEqual([(r["experiment"], r["posterior"], r["seeds"]) for r in rows],
                         [("rotated", "diagonal", 2), ("rotated", "full", 2)])
        for posterior in ("diagonal", "full"):
            folder = self.folder / "r" / "rotated" / posterior
            self.assertEqual(sorted(p.name for p in folder.iterdir()), PICTURES)
            for picture in folder.iterdir():
                self.assertTrue(picture.read_bytes().startswith(b"\x89PNG"))
        self.assertTrue((self.folder / "r" / "rotated" / "data.png").exists())
        table = (self.folder / "r" / "results.md").read_text()
        self.assertIn(table, run.stdout)
        for row in rows:
            values = row["bound"]["values"]
            self.assertAlmostEqual(row["bound"]["mean"], sum(values) / 2, places=9)
            self.assertAlmostEqual(row["bound"]["half_width_95"], 12.706 * abs(values[0] - values[1]) / 2, places=6)
            self.assertGreater(row["missing"]["mean"], 0)  # no bound is above the truth
            self.assertIn(f"| rotated | 2 | {row['posterior']} | {row['bound']['mean']:.3f} ±", table)
        difference = rows[0]["full_minus_diagonal"]["bound"]["values"]
        self.assertAlmostEqual(difference[1], rows[1]["bound"]["values"][1] - rows[0]["bound"]["values"][1], places=9)
        self.assertIn("| full minus diagonal |", table)

    def test_the_same_options_give_the_same_results_for_any_number_of_jobs(self):
        arguments = ["--experiment", "figure8", "--seeds", "2", "--posterior", "full", "--seed", "3"]
        first, _ = self.short_run("a", *arguments, "--jobs", "1")
        second, _ = self.short_run("b", *arguments, "--jobs", "3")
        for rows in (first, second):
            rows[0].pop("seconds")
        self.assertEqual(first, second)
        for name in PICTURES:
            paths = [self.folder / out / "figure8" / "full" / name for out in "ab"]
            self.assertEqual(paths[0].read_bytes(), paths[1].read_bytes(), name)

    def test_codes_of_one_and_of_three_dimensions_are_drawn_too(self):
        for latent in ("1", "3"):
            rows, _ = self.short_run("l" + latent, "--experiment", "mixture", "--seeds", "1", "--latent", latent)
            self.assertEqual(rows[0]["latent"], int(latent))
            self.assertIsNone(rows[0]["bound"]["half_width_95"])

    def test_quiet_is_quiet(self):
        _, run = self.short_run("q", "--experiment", "blobs", "--posterior", "diagonal", "--seeds", "1", "--quiet")
        self.assertEqual((run.stdout, run.stderr), ("", ""))

    def test_a_folder_that_cannot_be_made_is_an_error_in_one_line(self):
        (self.folder / "file").write_text("")
        run = self.run_program("--quick", "--epochs", "0", "--seeds", "1", "--out", "file/in")
        self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1), run.stderr)
        self.assertTrue(run.stderr.startswith("synthetic: "))


if __name__ == "__main__":
    unittest.main()
