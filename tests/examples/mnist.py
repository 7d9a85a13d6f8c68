"""The MNIST example on small images of its own: options, files, and that labels only score. Training is short."""
import csv
import gzip
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

PROGRAM = Path(os.environ["VADE_EXAMPLES"]) / "mnist"
WRITTEN = {"clusters.csv", "codes.npy", "curves.png", "history.csv", "latent.png", "metrics.json", "model.safetensors",
           "reconstructions.png", "samples.png"}
SIZE, KINDS = 8, 10
SHORT = ("--batch", "60", "--epochs", "1", "--quiet")


def bars(draw, kind):
    """A bright bar, upright or level, at one of five places, on noise."""
    at, upright = 1 + kind // 2, kind % 2
    return bytes(min(255, draw.randrange(40) + 200 * ((j if upright else i) == at))
                 for i in range(SIZE) for j in range(SIZE))


def write_data(folder, relabelled=False, seed=5):
    folder.mkdir()
    draw = random.Random(seed)
    for part, rows in (("train", 240), ("t10k", 60)):
        kinds = [draw.randrange(KINDS) for _ in range(rows)]
        images = b"".join(bars(draw, kind) for kind in kinds)
        labels = [0 if relabelled else kind for kind in kinds]
        for name, head, body in ((f"{part}-images-idx3-ubyte", (0x803, rows, SIZE, SIZE), images),
                                 (f"{part}-labels-idx1-ubyte", (0x801, rows), bytes(labels))):
            with gzip.open(folder / (name + ".gz"), "wb") as file:
                file.write(struct.pack(f">{len(head)}I", *head) + body)


# A test that was started in the background, with interrupts ignored, still sends them to its programs.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Mnist(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="vade-mnist-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        write_data(cls.folder / "data")
        write_data(cls.folder / "relabelled", relabelled=True)
        cls.run_in(cls, "first", "--seed", "3")

    def run_program(self, *arguments):
        return subprocess.run([str(PROGRAM), *arguments], capture_output=True, text=True, timeout=900, cwd=self.folder)

    def run_in(self, out, *arguments, data="data"):
        """A short run into folder `out`; returns its metrics."""
        short = ("--quiet",) if "--load" in arguments else SHORT
        run = Mnist.run_program(self, "--data", data, "--out", out, *short, *arguments)
        if run.returncode != 0 or run.stdout or run.stderr:
            raise AssertionError(f"{arguments}: exit code {run.returncode}, {run.stdout}{run.stderr}")
        return json.loads((self.folder / out / "metrics.json").read_text())

    def same(self, a, b, *names):
        for name in names:
            self.assertEqual((self.folder / a / name).read_bytes(), (self.folder / b / name).read_bytes(), name)

    def test_every_file_is_written_with_a_line_for_every_row(self):
        self.assertEqual({path.name for path in (self.folder / "first").iterdir()}, WRITTEN)
        metrics = json.loads((self.folder / "first" / "metrics.json").read_text())
        self.assertEqual((metrics["samples"], metrics["train"]["samples"], metrics["test"]["samples"]), (300, 240, 60))
        self.assertEqual((metrics["stopped"], metrics["fitted_to"], metrics["seed"]), ("finished", 300, 3))
        with (self.folder / "first" / "clusters.csv").open(newline="") as file:
            clusters = [int(row["cluster"]) for row in csv.DictReader(file)]
        self.assertEqual([clusters.count(k) for k in range(KINDS)], metrics["cluster_sizes"])
        self.assertIn(b"'descr': '<f4', 'fortran_order': False, 'shape': (300, 10)",
                      (self.folder / "first" / "codes.npy").read_bytes())

    def test_the_same_seed_writes_the_same_bytes_and_labels_only_score(self):
        self.run_in("again", "--seed", "3", "--threads", "3")
        self.same("first", "again", "clusters.csv", "codes.npy", "model.safetensors", "samples.png", "latent.png")
        self.run_in("other_labels", "--seed", "3", data="relabelled")
        self.same("first", "other_labels", "clusters.csv", "model.safetensors", "samples.png")
        self.run_in("other_seed", "--seed", "4")
        self.assertNotEqual((self.folder / "first" / "model.safetensors").read_bytes(),
                            (self.folder / "other_seed" / "model.safetensors").read_bytes())

    def test_a_model_that_was_written_scores_the_same_when_it_is_loaded(self):
        before = json.loads((self.folder / "first" / "metrics.json").read_text())
        after = self.run_in("loaded", "--seed", "3", "--load", "first/model.safetensors")
        self.assertEqual((after["stopped"], after["epochs"], after["fitted_to"]), ("loaded", 0, 0))
        for key in ("accuracy", "nmi", "elbo", "silhouette", "cluster_sizes", "test"):
            self.assertEqual(before[key], after[key], key)
        self.same("first", "loaded", "clusters.csv", "model.safetensors", "samples.png")
        written = {path.name for path in (self.folder / "loaded").iterdir()}
        self.assertEqual(WRITTEN - written, {"history.csv", "curves.png"}, "a model that is loaded has no history")
        self.assertNotIn("preset", after)
        again = self.run_program("--data", "data", "--out", "first", "--load", "first/model.safetensors")
        self.assertEqual((again.returncode, len(again.stderr.splitlines())), (1, 1))
        self.assertIn("name another folder by --out", again.stderr)
        self.assertEqual(json.loads((self.folder / "first" / "metrics.json").read_text()), before)

    def test_every_preset_and_recipe_runs(self):
        # The encoders of the published presets have 2000 units and more: one of the two is enough here.
        for words in (["--preset", "vade-fashion"], ["--preset", "vae"], ["--preset", "paper-vade"],
                      ["--recipe", "plain"],
                      ["--recipe", "no-warm-start"], ["--recipe", "no-consistency"], ["--recipe", "no-balance"],
                      ["--recipe", "held-balance"], ["--recipe", "sampled"], ["--recipe", "em"],
                      ["--consistency-target", "own"],
                      ["--consistency-target", "average"], ["--consistency-weight", "5", "--learning-rate", "0.001"]):
            with self.subTest(words):
                metrics = self.run_in("-".join(words), *words)
                self.assertEqual(metrics["stopped"], "finished")
                self.assertEqual(sum(metrics["cluster_sizes"]), 300)

    def test_views_are_bent_as_the_preset_says_or_as_asked(self):
        self.run_in("bent", "--seed", "3", "--view-bend", "0.7")
        self.same("first", "bent", "clusters.csv", "model.safetensors")
        self.assertEqual(self.run_in("straight", "--seed", "3", "--view-bend", "0")["view_bend"], 0)
        self.assertNotEqual((self.folder / "first" / "model.safetensors").read_bytes(),
                            (self.folder / "straight" / "model.safetensors").read_bytes())

    def test_rows_can_be_left_out(self):
        self.assertEqual(self.run_in("train_only", "--train-only")["fitted_to"], 240)
        kept = self.run_in("imbalanced", "--imbalanced")
        self.assertTrue(kept["imbalanced"])
        self.assertLess(kept["samples"], 300)
        self.assertEqual(kept["train"]["samples"] + kept["test"]["samples"], kept["samples"])
        # Which rows are kept depends on the seed; a table of several seeds is still one of the same data.
        other = self.run_in("imbalanced", "--imbalanced", "--seed", "3")
        self.assertNotEqual(other["train"]["samples"], kept["train"]["samples"])
        self.assertEqual({other["data"], kept["data"]},
                         {json.loads((self.folder / "first" / "metrics.json").read_text())["data"]})

    def test_few_rows_are_trained_for_more_epochs(self):
        run = self.run_program("--data", "data", "--out", "few", "--preset", "vae", "--batch", "25", "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)
        # 12 steps an epoch, a twentieth of the 240 that the preset was chosen with: √20 times its 15 epochs.
        self.assertEqual(json.loads((self.folder / "few" / "metrics.json").read_text())["epochs"], 67)

    def test_of_several_fits_one_is_kept_with_the_reason(self):
        metrics = self.run_in("restarts", "--restarts", "2")
        self.assertEqual(len(metrics["restarts"]), 2)
        self.assertTrue(metrics["reason"])

    def test_likelihood_and_purity_are_shares_and_bounds(self):
        metrics = self.run_in("judged", "--load", "first/model.safetensors", "--log-likelihood", "20", "--purity")
        # An importance-weighted estimate from 20 draws lies above the bound by more than its noise on 60 rows.
        self.assertGreater(metrics["test"]["log_likelihood"], metrics["test"]["elbo"])
        self.assertEqual(metrics["log_likelihood_draws"], 20)
        self.assertGreater(metrics["judge_accuracy"], 0.9)
        self.assertEqual(len(metrics["samples_show"]), KINDS)
        for row in metrics["samples_show"]:
            self.assertTrue(0 <= row["class"] < KINDS and 1 / KINDS <= row["share"] <= 1, row)
        # One epoch leaves no cluster certain of anything: that is said, and costs none of the other figures.
        for kept in ("own_samples_show", "confident_samples_show"):
            if isinstance(metrics[kept], str):
                self.assertIn("confidence", metrics[kept])
            else:
                self.assertEqual(len(metrics[kept]), KINDS)

    def test_strengths_of_views_are_compared_without_training_a_model(self):
        run = self.run_program("--data", "data", "--out", "views", "--batch", "60", "--epochs", "2", "--compare-views",
                               "0.1,0.5")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual([path.name for path in (self.folder / "views").iterdir()], ["views.json"])
        rows = json.loads((self.folder / "views" / "views.json").read_text())
        self.assertEqual([row["strength"] for row in rows], [0.1, 0.5])
        for row in rows:
            self.assertTrue(0 <= row["stability"] <= 1)
            self.assertEqual(len(row["accuracy"]), 4)
        best = max(rows, key=lambda row: row["stability"])
        self.assertIn(f"draws agree most at strength {best['strength']:g}", run.stdout)

    def test_wrong_options_end_with_two_and_one_line(self):
        good = ["--data", "data"]
        for arguments in ([], ["--data"], [*good, "--preset", "vgae"], [*good, "--epochs", "-1"],
                          [*good, "--batch", "1"],
                          [*good, "--load", "none.safetensors"], [*good, "extra"], [*good, "--compare-views", "0.5,x"],
                          [*good, "--preset", "vae", "--recipe", "plain"], [*good, "--preset", "vae", "--purity"],
                          [*good, "--preset", "vae", "--restarts", "2"],
                          [*good, "--recipe", "plain", "--view-strength", "0.5"],
                          [*good, "--recipe", "plain", "--view-bend", "1"],
                          [*good, "--recipe", "no-consistency", "--consistency-views", "1"],
                          [*good, "--restarts", "2", "--anew"], [*good, "--view-bend", "-1"],
                          [*good, "--load", str(PROGRAM), "--epochs", "1"],
                          [*good, "--load", str(PROGRAM), "--recipe", "em"],
                          [*good, "--compare-views", "0.5", "--recipe", "em"],
                          [*good, "--compare-views", "0.5", "--anew"],
                          [*good, "--compare-views", "0.5", "--train-only"],
                          [*good, "--compare-views", "0.5", "--epochs", "0"],
                          [*good, "--load", str(PROGRAM), "--clusters", "10"]):
            with self.subTest(arguments):
                run = self.run_program(*arguments)
                self.assertEqual((run.returncode, run.stdout, len(run.stderr.splitlines())), (2, "", 1))
                self.assertTrue(run.stderr.startswith("mnist: "))

    def test_data_and_models_that_are_none_end_with_one_and_one_line(self):
        half = self.folder / "half"
        shutil.copytree(self.folder / "data", half)
        (half / "t10k-images-idx3-ubyte.gz").write_bytes(b"no gzip")
        model = bytearray((self.folder / "first" / "model.safetensors").read_bytes())
        model[-5] ^= 64
        (self.folder / "damaged.safetensors").write_bytes(model)
        (self.folder / "a_file").write_text("")
        for arguments, word in ((["--data", "none"], "none"), (["--data", "half"], "t10k-images-idx3-ubyte.gz"),
                                (["--data", "data", "--load", "damaged.safetensors"], "damaged"),
                                (["--data", "data", "--out", "a_file/out"], "a_file")):
            with self.subTest(arguments):
                short = ("--quiet",) if "--load" in arguments else SHORT
                run = self.run_program(*(() if "--out" in arguments else ("--out", "unwritten")), *short, *arguments)
                self.assertEqual((run.returncode, run.stdout, len(run.stderr.splitlines())), (1, "", 1))
                self.assertTrue(run.stderr.startswith("mnist: "))
                self.assertIn(word, run.stderr)
        self.assertFalse((self.folder / "unwritten" / "metrics.json").exists())

    def test_cut_off_at_any_time_the_same_command_goes_on_and_writes_the_same_bytes(self):
        command = [str(PROGRAM), "--data", "data", "--batch", "60", "--epochs", "25", "--seed", "3"]
        subprocess.run([*command, "--out", "whole", "--quiet"], cwd=self.folder, timeout=900, check=True)
        checkpoint = self.folder / "pieces" / "checkpoint.safetensors"
        told, seconds, code = [], 0.1, 130
        cut_off = 130, -signal.SIGINT  # the second before the program has begun to listen
        while code in cut_off:
            process = subprocess.Popen([*command, "--out", "pieces"], stderr=subprocess.PIPE, text=True,
                                       cwd=self.folder)
            try:
                told.append(process.communicate(timeout=seconds)[1])
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
                told.append(process.communicate(timeout=900)[1])
            code = process.returncode
            if code != -signal.SIGINT:
                self.assertEqual(checkpoint.exists(), "the same command goes on from" in told[-1],
                                 "a finished run leaves none")
            seconds *= 1.5
        self.assertEqual(code, 0, told[-1])
        self.assertIn("going on after", "".join(told))
        self.same("whole", "pieces", "clusters.csv", "codes.npy", "latent.png", "model.safetensors", "samples.png")
        losses = []
        for folder in ("whole", "pieces"):
            with (self.folder / folder / "history.csv").open(newline="") as file:
                losses.append([(row["stage"], row["epoch"], row["loss"]) for row in csv.DictReader(file)])
        self.assertEqual(losses[0], losses[1])

    def test_a_checkpoint_of_other_settings_or_a_damaged_one_is_told(self):
        def stopped(*arguments, data="data"):
            process = subprocess.Popen([str(PROGRAM), "--data", data, "--out", "other", "--batch", "60", "--epochs",
                                        "100000",
                                        *arguments], stderr=subprocess.PIPE, text=True, cwd=self.folder)
            lines = []
            for line in process.stderr:
                lines.append(line)
                if line.startswith("classifier"):
                    process.send_signal(signal.SIGINT)
                    break
            lines += process.communicate(timeout=900)[1].splitlines(True)
            self.assertEqual(process.returncode, 130, "".join(lines))
            return lines

        def refused(*arguments, data="data"):
            run = self.run_program("--data", data, "--out", "other", "--batch", "60", "--epochs", "100000", *arguments)
            self.assertEqual((run.returncode, run.stdout, len(run.stderr.splitlines())), (1, "", 1))
            return run.stderr

        write_data(self.folder / "others", seed=6)
        path = self.folder / "other" / "checkpoint.safetensors"
        self.assertNotIn("checkpoint.safetensors:", stopped("--seed", "1")[0])
        before = path.read_bytes()
        for arguments, words in ((["--seed", "2"], "was begun with --seed 1, got 2"),
                                 (["--seed", "2", "--quiet"], "--seed 1, got 2"),
                                 (["--seed", "1", "--clusters", "9"], "--clusters 10, got 9"),
                                 (["--seed", "1", "--train-only"], "--train-only not given, got given"),
                                 (["--seed", "1", "--view-bend", "0.5"], "--view-bend as preset, got 0.5"),
                                 (["--seed", "1", "--preset", "vae"], "--preset vade, got vae")):
            told = refused(*arguments)
            self.assertIn(words, told)
            self.assertIn("; name another folder by --out, or give --anew, which deletes it and begins again", told)
        self.assertIn("was begun with --data ", refused("--seed", "1", data="others"))
        self.assertEqual(path.read_bytes(), before, "a checkpoint of another run stays as it is")
        self.assertIn("going on after", stopped("--seed", "1")[0])
        self.assertIn("deleted, since --anew begins again", stopped("--seed", "2", "--anew", data="others")[0])
        content = bytearray(path.read_bytes())
        content[-9] ^= 4
        path.write_bytes(content)
        told = refused("--seed", "2", data="others")
        self.assertIn("checkpoint.safetensors", told)
        self.assertIn("; --anew deletes it and begins again", told)
        self.assertIn("deleted, since --anew begins again", stopped("--seed", "2", "--anew")[0])

    def test_sigterm_and_sighup_are_as_ctrl_c(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            process = subprocess.Popen([str(PROGRAM), "--data", "data", "--out", number.name, "--batch", "60",
                                        "--epochs", "100000"],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
            self.assertIn("classifier", process.stderr.readline())
            process.send_signal(number)
            self.assertEqual((process.communicate(timeout=900)[1].splitlines()[0], process.returncode),
                             ("ending, and saving what there is", code))
            self.assertEqual({path.name for path in (self.folder / number.name).iterdir()},
                             WRITTEN | {"checkpoint.safetensors"})

    def test_whoever_asks_it_to_end_waits_for_no_estimate_and_a_second_signal_ends_it_at_once(self):
        out = self.folder / "slow"
        process = subprocess.Popen([str(PROGRAM), "--data", "data", "--out", "slow", "--load",
                                    "first/model.safetensors",
                                    "--log-likelihood", "1000000"], cwd=self.folder, stderr=subprocess.PIPE, text=True)
        while not (out / "model.safetensors").exists():
            time.sleep(0.05)
        time.sleep(2)  # an estimate of so many draws is not done for long
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.stderr.readline(), "ending, and saving what there is\n")
        time.sleep(0.8)
        process.send_signal(signal.SIGTERM)
        process.stderr.close()
        # It may have been asked before the estimate began.
        self.assertIn((process.wait(900), (out / "metrics.json").exists()), ((-signal.SIGTERM, False), (143, True)))

    def test_any_number_of_clusters_of_images_in_this_form(self):
        metrics = self.run_in("four", "--clusters", "4", "--seed", "3")
        self.assertEqual((metrics["clusters"], len(metrics["cluster_sizes"])), (4, 4))
        metrics = self.run_in("loaded_four", "--load", "four/model.safetensors")
        self.assertEqual((metrics["clusters"], len(metrics["cluster_sizes"])), (4, 4))
        metrics = self.run_in("twelve", "--clusters", "12", "--preset", "vae", "--seed", "3")
        self.assertEqual(len(metrics["cluster_sizes"]), 12)
        self.run_in("ten", "--clusters", "10", "--seed", "3")
        self.same("first", "ten", "clusters.csv", "model.safetensors")

    def test_images_as_rows_need_a_shape(self):
        rows = self.folder / "rows"
        shutil.copytree(self.folder / "data", rows)
        for path in rows.glob("*images*"):
            with gzip.open(path) as file:
                content = file.read()
            count = struct.unpack(">I", content[4:8])[0]
            with gzip.open(path, "wb") as file:
                file.write(struct.pack(">3I", 0x802, count, SIZE * SIZE) + content[16:])
        for arguments in ([], ["--preset", "vae"], ["--compare-views", "0.5"], ["--load", "first/model.safetensors"]):
            run = self.run_program("--data", "rows", "--out", "unwritten", *arguments)
            self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1))
            self.assertIn("mnist: rows: the images are rows of 64 values; tell their height and width by --image",
                          run.stderr)
        self.run_in("of_rows", "--seed", "3", "--image", "8x8", data="rows")
        self.same("first", "of_rows", "clusters.csv", "model.safetensors", "samples.png")
        for data, shape, code, words in (("rows", "7x9", 1, "images of 7 x 9 do not fit rows of 64 values"),
                                         ("data", "4x16", 1, "the images are 8x8, and --image is another shape"),
                                         ("data", "8", 2,
                                          "--image: got '8', wanted a height and a width such as 28x28"),
                                         ("data", "8x8x1", 2, "8x8x1"), ("data", "0x8", 2, "0x8"),
                                         ("data", "-8x-8", 2, "-8x-8")):
            run = self.run_program("--data", data, "--out", "unwritten", "--image", shape)
            self.assertEqual((run.returncode, len(run.stderr.splitlines())), (code, 1), run.stderr)
            self.assertIn(words, run.stderr)

    def test_too_few_images_are_told_before_training(self):
        few = self.folder / "few_images"
        few.mkdir()
        for part in ("train", "t10k"):
            images = struct.pack(">4I", 0x803, 4, 2, 2) + bytes([1, 2, 3, 4] * 2 + [5] * 8)
            (few / f"{part}-images-idx3-ubyte").write_bytes(images)
            (few / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, 4) + bytes([0, 1, 2, 3]))
        for preset in ("vade", "vae", "paper-vade"):
            run = self.run_program("--data", "few_images", "--out", "unwritten", "--preset", preset)
            self.assertEqual((run.returncode, run.stderr),
                             (1, "mnist: few_images: 2 images that differ, wanted at least 10, one for each cluster "
                                 "(--clusters)\n"))

    def test_sets_with_names_of_their_own_and_other_numbers_of_classes(self):
        sets = self.folder / "sets"
        shutil.copytree(self.folder / "data", sets)
        for path in list(sets.iterdir()):
            shutil.copy(path, sets / ("odd-" + path.name))
            shutil.copy(path, sets / ("even-" + path.name))
            path.unlink()
        run = self.run_program("--data", "sets", "--out", "unwritten", *SHORT)
        self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1))
        self.assertIn("wanted one of these as --data-set: ", run.stderr)
        self.run_in("odd", "--data-set", "odd", "--seed", "3", data="sets")
        self.same("first", "odd", "clusters.csv", "model.safetensors")
        run = self.run_program("--data", "data", "--out", "unwritten", "--classes", "9", *SHORT)
        self.assertEqual((run.returncode, len(run.stderr.splitlines())), (1, 1))
        self.assertIn("wanted a label in [0, 9)", run.stderr)

    def test_interrupted_it_keeps_what_it_has_and_says_so(self):
        process = subprocess.Popen([str(PROGRAM), "--data", "data", "--out", "stopped", "--batch", "60", "--epochs",
                                    "100000"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        line = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=900)
        self.assertIn("classifier", line)
        self.assertEqual(process.returncode, 130, rest)
        self.assertEqual({path.name for path in (self.folder / "stopped").iterdir()},
                         WRITTEN | {"checkpoint.safetensors"})
        self.assertEqual(json.loads((self.folder / "stopped" / "metrics.json").read_text())["stopped"], "cancelled")


if __name__ == "__main__":
    unittest.main()
