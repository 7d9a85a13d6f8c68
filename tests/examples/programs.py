"""What all example programs share: numbers of options, signals, standard output, folders for results."""
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

EXAMPLES = Path(os.environ["VADE_EXAMPLES"])
NEEDED = {"mnist": ["--data", "."], "tabular": ["--data", "blobs.csv", "--clusters", "3"], "synthetic": []}
FULL = Path("/dev/full")

# A test that was started in the background, with interrupts ignored, still sends them to its programs.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Programs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="vade-programs-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        draw = random.Random(1)
        with (cls.folder / "blobs.csv").open("w", newline="") as file:
            rows = ([draw.gauss(9 * (i % 3), 1), draw.gauss(0, 1)] for i in range(60))
            csv.writer(file).writerows([["x", "y"], *rows])

    def run_program(self, name, *arguments, **how):
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
        return subprocess.run([str(EXAMPLES / name), *arguments], text=True, timeout=900, cwd=self.folder, **how)

    def begin_tabular(self, out, **how):
        """A run that would take long, when its first epoch is done."""
        process = subprocess.Popen([str(EXAMPLES / "tabular"), *NEEDED["tabular"], "--effort", "1000", "--out", out],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder, **how)
        self.assertIn("classifier", process.stderr.readline())
        return process

    def test_numbers_that_an_option_cannot_be_are_refused(self):
        none = ["", "x", "-1", "1.5", "1e3", "0x10", "+1", " 1", "99999999999999999999999"]
        whole = {"--seed": [*none, str(2**64), str(-(2**64) + 1)], "--threads": [*none, "0", "1025"],
                 "--epochs": [*none, "1000001"],
                 "--batch": [*none, "1"], "--clusters": [*none, "1"], "--restarts": [*none, "0"],
                 "--neighbours": [*none, "0"],
                 "--log-likelihood": [*none, "0"], "--latent": [*none, "0"], "--seeds": [*none, "0", "11"],
                 "--jobs": [*none, "0"]}
        real = ["", "x", "-1", "nan", "-nan", "inf", "1e999", "1,5"]
        for option in ("--view-strength", "--view-bend", "--consistency-views", "--consistency-weight",
                       "--learning-rate", "--effort",
                       "--compare-views"):
            whole[option] = real
        of = {"mnist": ["--seed", "--threads", "--epochs", "--batch", "--clusters", "--restarts", "--log-likelihood",
                        "--view-strength",
                        "--view-bend", "--consistency-views", "--consistency-weight", "--learning-rate"],
              "tabular": ["--seed", "--threads", "--neighbours", "--effort"],
              "synthetic": ["--seed", "--epochs", "--latent", "--seeds", "--jobs"]}
        of["mnist"].append("--compare-views")
        for name, options in of.items():
            for option in options:
                for value in whole[option]:
                    with self.subTest((name, option, value)):
                        if option == "--compare-views" and value == "1,5":
                            continue
                        run = self.run_program(name, *NEEDED[name], option, value)
                        self.assertEqual((run.returncode, run.stdout, len(run.stderr.splitlines())), (2, "", 1))
                        self.assertIn(f"{option}: got '", run.stderr)

    def test_empty_items_and_empty_paths_are_refused(self):
        for value in ("0.5,,1", ",0.5", "0.5,", ","):
            run = self.run_program("mnist", "--data", ".", "--compare-views", value)
            self.assertEqual((run.returncode, run.stderr.split(" (try")[0]),
                             (2, "mnist: --compare-views: got '', wanted a number from 0 to 4"))
        for name, needed in NEEDED.items():
            run = self.run_program(name, *needed, "--out", "")
            self.assertEqual((run.returncode, run.stderr), (2, f"{name}: --out: got '', wanted a path (try --help)\n"))

    def test_a_number_means_what_its_digits_say(self):
        for out, seed in (("seed8", "8"), ("seed08", "08"), ("seed010", "010")):
            run = self.run_program("tabular", *NEEDED["tabular"], "--effort", "0.01", "--seed", seed, "--out", out,
                                   "--quiet")
            self.assertEqual(run.returncode, 0, run.stderr)
        model = {out: (self.folder / out / "model.safetensors").read_bytes() for out in ("seed8", "seed08", "seed010")}
        self.assertEqual(model["seed8"], model["seed08"])
        self.assertNotEqual(model["seed8"], model["seed010"])

    def test_help_tells_the_exit_codes(self):
        for name in NEEDED:
            run = self.run_program(name, "--help")
            self.assertEqual(run.returncode, 0)
            for code in ("130", "143", "129"):
                self.assertIn(code, run.stdout)

    @unittest.skipUnless(FULL.exists(), "no /dev/full here")
    def test_text_that_cannot_be_printed_is_an_error_and_costs_no_result(self):
        with FULL.open("w") as full:
            for name, arguments in (("check_your_elbo", []), ("mnist", ["--help"]), ("synthetic", ["--help"]),
                                    ("tabular", [*NEEDED["tabular"], "--effort", "0.01", "--out", "full"])):
                run = self.run_program(name, *arguments, stdout=full)
                self.assertEqual((run.returncode, run.stderr.splitlines()[-1]),
                                 (1, f"{name}: cannot write to standard output: No space left on device"))
            self.assertTrue((self.folder / "full" / "metrics.json").exists())
            run = self.run_program("tabular", *NEEDED["tabular"], "--effort", "0.01", "--out", "full", "--quiet",
                                   stdout=full)
            self.assertEqual((run.returncode, run.stderr), (0, ""), "nothing was to be printed")
            run = self.run_program("tabular", *NEEDED["tabular"], "--effort", "0.01", "--out", "full", stderr=full)
            self.assertEqual(run.returncode, 0, "progress that is lost is no error")

    def test_a_closed_standard_output_is_no_file_that_results_go_to(self):
        command = 'exec "$0" "$@" >&-'
        run = subprocess.run(["bash", "-c", command, str(EXAMPLES / "tabular"), *NEEDED["tabular"], "--effort", "0.01",
                              "--out", "closed"],
                             stderr=subprocess.PIPE, text=True, cwd=self.folder, timeout=900)
        self.assertEqual(run.returncode, 1)
        self.assertIn("tabular: cannot write to standard output: ", run.stderr)
        for path in (self.folder / "closed").iterdir():
            self.assertNotIn(b"neighbours agree", path.read_bytes(), path)
        run = subprocess.run(["bash", "-c", 'exec "$0" "$@" <&- >&- 2>&-', str(EXAMPLES / "tabular"),
                              *NEEDED["tabular"], "--effort", "0.01",
                              "--out", "closed", "--quiet"], cwd=self.folder, timeout=900)
        self.assertEqual(run.returncode, 0)

    def test_a_pipe_that_nobody_reads_ends_no_program_before_its_results_are_there(self):
        process = self.begin_tabular("pipe")
        process.stderr.close()
        process.stdout.close()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(900), 143)
        self.assertTrue((self.folder / "pipe" / "clusters.csv").exists())

    def test_ctrl_c_sigterm_and_sighup_save_what_there_is(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            with self.subTest(number):
                out = number.name
                process = self.begin_tabular(out)
                process.send_signal(number)
                told = process.communicate(timeout=900)[1]
                self.assertEqual(process.returncode, code, told)
                self.assertIn("ending, and saving what there is", told)
                for name in ("model.safetensors", "clusters.csv", "metrics.json", "scale.csv", "codes.npy"):
                    self.assertTrue((self.folder / out / name).exists(), name)

    def test_a_table_of_several_models_keeps_those_that_are_done(self):
        process = subprocess.Popen([str(EXAMPLES / "synthetic"), "--quick", "--epochs", "1", "--seeds", "10", "--jobs",
                                    "1", "--out", "models"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        process.stderr.readline()  # the first model is done
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=900)[1]
        self.assertEqual(process.returncode, 143, told)
        rows = json.loads((self.folder / "models" / "results.json").read_text())
        self.assertGreaterEqual(len(rows), 1)

    def test_signals_that_come_together_are_one_request(self):
        process = self.begin_tabular("twice")
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=900)
        self.assertIn(process.returncode, (143, 129))
        self.assertTrue((self.folder / "twice" / "clusters.csv").exists())

    def test_a_signal_that_was_ignored_at_the_start_stays_ignored(self):
        process = self.begin_tabular("nohup", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.send_signal(signal.SIGHUP)
        for _ in range(3):
            self.assertIn("classifier", process.stderr.readline())
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=900)
        self.assertEqual(process.returncode, 143)

    def test_a_folder_that_cannot_be_made_is_an_error_in_one_line(self):
        (self.folder / "file").write_text("")
        for name in ("tabular", "synthetic"):
            for out in ("file/in", "file", "x" * 300):
                run = self.run_program(name, *NEEDED[name], "--out", out, "--quiet")
                self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1), run.stderr)
                self.assertTrue(run.stderr.startswith(f"{name}: {out}: no folder for results: "), run.stderr)
                self.assertIn("name another by --out", run.stderr)

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_a_folder_that_cannot_be_written_is_told_before_the_work(self):
        (self.folder / "read_only").mkdir(mode=0o555)
        run = self.run_program("tabular", *NEEDED["tabular"], "--out", "read_only", "--quiet")
        self.assertEqual((run.returncode, run.stderr),
                         (1, "tabular: read_only: no folder for results: Permission denied; name another by --out\n"))

    def test_a_disk_that_is_full_is_told_and_leaves_no_part_of_a_file(self):
        command = 'ulimit -f 8; trap "" XFSZ; exec "$0" "$@"'
        run = subprocess.run(["bash", "-c", command, str(EXAMPLES / "tabular"), *NEEDED["tabular"], "--effort", "0.01",
                              "--out", "limit",
                              "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder,
                              timeout=900)
        self.assertEqual((run.returncode, run.stderr),
                         (1, "tabular: limit/model.safetensors: cannot write: File too large\n"))
        self.assertEqual(list((self.folder / "limit").iterdir()), [])


if __name__ == "__main__":
    unittest.main()
