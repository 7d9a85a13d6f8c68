"""Tests of the shell scripts: the download, the search for data, the installer, the options.

Servers are on the loopback address, and stand-ins take the place of what would build, install or train. The download
of the true files is tested where VADE_MNIST_DIR names them; everywhere else a copy of the script has the sums of a
small fixture.
"""
import gzip
import hashlib
import http.server
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMES = [f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
FIXTURE = {name: gzip.compress(f"the fixture of {name}\n".encode() * 500) for name in NAMES}


class Server:
    """Serves `answers`: bytes for a path, or bytes and a number, of which only that many come before the line is cut
    (or, where the number is negative, before nothing more comes)."""

    def __init__(self, answers):
        self.requests = []
        self.released = threading.Event()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.requests.append(self.path)
                answer = answers.get(self.path.lstrip("/"))
                if answer is None:
                    self.send_error(404)
                    return
                body, sent = answer if isinstance(answer, tuple) else (answer, None)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body if sent is None else body[: abs(sent)])
                self.wfile.flush()
                if sent is not None and sent < 0:
                    server.released.wait(600)

            def log_message(self, *arguments):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.released.set()
        self.http.shutdown()
        self.http.server_close()


def gz(files):
    return {f"{name}.gz": content for name, content in files.items()}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(**changes):
    known = {k: v for k, v in os.environ.items() if not k.startswith("VADE_") and not k.lower().endswith("_proxy")}
    return {**known, **{k: str(v) for k, v in changes.items()}}


def listing(folder):
    return sorted(str(p.relative_to(folder)) for p in Path(folder).rglob("*"))


class InFolder(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="vade-scripts-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def path_with(self, *tools):
        """A PATH that holds these tools, and nothing else."""
        bin_folder = self.folder / ("bin-" + "-".join(tools)[:100])
        bin_folder.mkdir()
        for tool in tools:
            found = shutil.which(tool)
            if found:
                (bin_folder / tool).symlink_to(found)
        return str(bin_folder)


class Download(InFolder):
    def setUp(self):
        super().setUp()
        self.true_script = ROOT / "examples" / "fetch_mnist.sh"
        text = self.true_script.read_text()
        for name, content in FIXTURE.items():
            text, count = re.subn(
                rf'"[0-9a-f]{{64}} {name}"', f'"{hashlib.sha256(gzip.decompress(content)).hexdigest()} {name}"', text
            )
            self.assertEqual(count, 1, f"the script pins one sum for {name}")
        self.script = self.folder / "fetch_fixture.sh"
        self.script.write_text(text)
        self.target = self.folder / "new" / "mnist"

    def fetch(self, url, script=None, **env):
        return subprocess.run(
            ["bash", str(script or self.script), str(self.target)],
            env=environment(VADE_MNIST_URL=url, **env), capture_output=True, text=True, timeout=600,
            stdin=subprocess.DEVNULL,
        )

    def assert_failed_cleanly(self, run, *words):
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertFalse((self.folder / "new").exists(), "a folder was left behind")
        last = run.stderr.strip().splitlines()[-1]
        for word in words:
            self.assertIn(word, last)

    def test_four_files_arrive_together(self):
        with Server(gz(FIXTURE)) as server:
            run = self.fetch(server.url + "/")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(listing(self.target), sorted(gz(FIXTURE)))
        for name, content in gz(FIXTURE).items():
            self.assertEqual((self.target / name).read_bytes(), content)

    def test_other_bytes_are_refused_even_in_the_last_file(self):
        wrong = {**gz(FIXTURE), "t10k-labels-idx1-ubyte.gz": gzip.compress(b"something else")}
        with Server(wrong) as server:
            run = self.fetch(server.url)
        self.assert_failed_cleanly(run, "t10k-labels-idx1-ubyte.gz", "SHA-256",
                                   hashlib.sha256(b"something else").hexdigest())

    def test_a_file_that_is_cut_short_is_refused(self):
        name = "train-labels-idx1-ubyte"
        with Server({**gz(FIXTURE), name + ".gz": FIXTURE[name][:-20]}) as server:
            run = self.fetch(server.url)
        self.assert_failed_cleanly(run, name, "not a whole gzip file")

    def test_a_connection_that_breaks_off_is_an_error(self):
        name = "train-images-idx3-ubyte"
        with Server({**gz(FIXTURE), name + ".gz": (FIXTURE[name], 40)}) as server:
            run = self.fetch(server.url)
        self.assert_failed_cleanly(run, name)

    def test_a_page_in_place_of_a_file_is_refused(self):
        with Server({**gz(FIXTURE), "train-images-idx3-ubyte.gz": b"<html>please log in</html>"}) as server:
            run = self.fetch(server.url)
        self.assert_failed_cleanly(run, "train-images-idx3-ubyte.gz", "not a whole gzip file")

    def test_a_missing_file_is_an_error(self):
        files = gz(FIXTURE)
        del files["t10k-images-idx3-ubyte.gz"]
        with Server(files) as server:
            run = self.fetch(server.url)
        self.assert_failed_cleanly(run, "t10k-images-idx3-ubyte.gz", "cannot be downloaded")

    def test_a_server_that_is_gone_is_an_error(self):
        self.assert_failed_cleanly(self.fetch(f"http://127.0.0.1:{free_port()}"), "cannot be downloaded")

    def test_what_was_there_before_stays_as_it_was(self):
        self.target.mkdir(parents=True)
        for name in gz(FIXTURE):
            (self.target / name).write_bytes(b"what the user has")
        with Server({**gz(FIXTURE), "t10k-labels-idx1-ubyte.gz": b"broken"}) as server:
            run = self.fetch(server.url)
        self.assertEqual(run.returncode, 1)
        self.assertEqual(listing(self.target), sorted(gz(FIXTURE)))
        for name in gz(FIXTURE):
            self.assertEqual((self.target / name).read_bytes(), b"what the user has")

    def test_a_stopped_download_leaves_nothing_behind(self):
        name = "train-labels-idx1-ubyte"
        with Server({**gz(FIXTURE), name + ".gz": (FIXTURE[name], -10)}) as server:
            process = subprocess.Popen(
                ["bash", str(self.script), str(self.target)], env=environment(VADE_MNIST_URL=server.url),
                stderr=subprocess.PIPE, start_new_session=True, text=True,
            )
            deadline = time.monotonic() + 600
            while f"/{name}.gz" not in server.requests and time.monotonic() < deadline:
                time.sleep(0.02)
            self.assertIn(f"/{name}.gz", server.requests)
            self.assertTrue(self.target.exists(), "the download had begun")
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate(timeout=600)
        self.assertEqual(process.returncode, 143)
        self.assertFalse((self.folder / "new").exists())

    def test_a_folder_that_cannot_be_made_is_an_error(self):
        (self.folder / "new").write_text("a file")
        with Server(gz(FIXTURE)) as server:
            run = self.fetch(server.url)
        self.assertEqual(run.returncode, 1)
        self.assertEqual((self.folder / "new").read_text(), "a file")
        self.assertEqual(server.requests, [])

    def test_each_downloader_does(self):
        common = "bash dirname mkdir mktemp rm rmdir mv cut gzip sha256sum".split()
        for tool in ("curl", "wget", "python3"):
            if not shutil.which(tool):
                continue
            with self.subTest(tool), Server(gz(FIXTURE)) as server, Server({}) as empty:
                path = self.path_with(*common, tool)
                self.assert_failed_cleanly(self.fetch(empty.url, PATH=path), "cannot be downloaded")
                run = self.fetch(server.url, PATH=path)
                self.assertEqual(run.returncode, 0, run.stderr)
                self.assertEqual(listing(self.target), sorted(gz(FIXTURE)))
                shutil.rmtree(self.folder / "new")

    def test_without_a_folder_it_says_so(self):
        run = subprocess.run(["bash", str(self.true_script)], capture_output=True, text=True)
        self.assertEqual((run.returncode, len(run.stderr.splitlines())), (2, 1))

    @unittest.skipUnless(os.environ.get("VADE_MNIST_DIR"), "VADE_MNIST_DIR does not name the true files")
    def test_the_true_files_have_the_pinned_sums(self):
        folder = Path(os.environ["VADE_MNIST_DIR"])
        files = {}
        for name in NAMES:
            packed = folder / (name + ".gz")
            files[name] = packed.read_bytes() if packed.exists() else gzip.compress((folder / name).read_bytes(), 1)
        with Server(gz(files)) as server:
            run = self.fetch(server.url, self.true_script)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(listing(self.target), sorted(gz(FIXTURE)))

    def test_the_fixture_has_not_the_pinned_sums(self):
        with Server(gz(FIXTURE)) as server:
            run = self.fetch(server.url, self.true_script)
        self.assert_failed_cleanly(run, "SHA-256")


class MnistScript(InFolder):
    """examples/mnist.sh in a tree of its own, in which nothing is built or installed: the program says what it got."""

    def setUp(self):
        super().setUp()
        self.tree = self.folder / "tree"
        for part in ("examples", "cmake"):
            (self.tree / part).mkdir(parents=True)
        for script in ("build.sh", "mnist.sh", "fetch_mnist.sh"):
            shutil.copy(ROOT / "examples" / script, self.tree / "examples")
        self.stand_in("cmake/install_packages.sh", 'case "$*" in fashion) exit ${FASHION:-3} ;; esac')
        self.program = self.stand_in("build/release/examples/mnist", 'printf "<%s>" "$@"; exit ${RESULT:-0}')
        (self.tree / "build/release/build.ninja").write_text("")
        self.bin = self.folder / "bin"
        self.stand_in("../bin/cmake", "echo cmake $*; exit ${BUILD:-0}")
        self.given = self.folder / "given"
        self.given.mkdir()

    def stand_in(self, path, body):
        file = self.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("#!/usr/bin/env bash\n" + body + "\n")
        file.chmod(0o755)
        return file

    def run_script(self, *arguments, **env):
        env.setdefault("VADE_MNIST_URL", f"http://127.0.0.1:{free_port()}")
        return subprocess.run(
            ["bash", str(self.tree / "examples" / "mnist.sh"), *arguments], cwd=self.folder, capture_output=True,
            text=True,
            env=environment(PATH=f"{self.bin}:{os.environ['PATH']}", **env), timeout=600, stdin=subprocess.DEVNULL,
        )

    def put_data(self, folder):
        folder.mkdir(parents=True)
        for name in NAMES:
            (folder / name).write_bytes(b"")

    def test_a_folder_on_the_command_line_wins(self):
        self.put_data(self.tree / "data" / "mnist")
        for spelling in (["--data", "a b"], ["--data=a b"]):
            run = self.run_script("--seed", "3", *spelling, VADE_MNIST_DIR=self.given)
            self.assertEqual(run.stdout, "<--seed><3>" + "".join(f"<{word}>" for word in spelling))

    def test_the_environment_comes_next(self):
        self.put_data(self.tree / "data" / "mnist")
        run = self.run_script("--quiet", "--out", "x y", VADE_MNIST_DIR=self.given)
        self.assertEqual(run.stdout, f"<--data><{self.given}><--quiet><--out><x y>")

    def test_then_the_folder_of_the_tree(self):
        self.put_data(self.tree / "data" / "mnist")
        run = self.run_script()
        self.assertEqual(run.stdout, f"<--data><{self.tree}/data/mnist>")

    def test_then_a_download(self):
        script = self.tree / "examples" / "fetch_mnist.sh"
        text = script.read_text()
        for name, content in FIXTURE.items():
            sum_ = hashlib.sha256(gzip.decompress(content)).hexdigest()
            text = re.sub(rf'"[0-9a-f]{{64}} {name}"', f'"{sum_} {name}"', text)
        script.write_text(text)
        with Server(gz(FIXTURE)) as server:
            run = self.run_script(VADE_MNIST_URL=server.url)
        self.assertEqual(run.stdout, f"<--data><{self.tree}/data/mnist>", run.stderr)
        self.assertEqual(listing(self.tree / "data" / "mnist"), sorted(gz(FIXTURE)))

    def test_wrong_options_are_told_before_a_download(self):
        self.stand_in("build/release/examples/mnist", "echo mnist: what is $3 >&2; exit 2")
        with Server(gz(FIXTURE)) as server:
            run = self.run_script("--epoch", "1", VADE_MNIST_URL=server.url)
        self.assertEqual((run.returncode, run.stdout, run.stderr.splitlines()[-1]), (2, "", "mnist: what is --epoch"))
        self.assertEqual(server.requests, [])

    def test_all_spellings_of_the_files_are_data(self):
        folder = self.tree / "data" / "mnist"
        folder.mkdir(parents=True)
        for name, spelling in zip(NAMES, ("{}", "{}.gz", "{}", "{}.gz")):
            (folder / spelling.format(name.replace("-idx", ".idx"))).write_bytes(b"")
        self.assertEqual(self.run_script().stdout, f"<--data><{folder}>")

    def test_a_half_set_of_files_is_not_data(self):
        self.put_data(self.tree / "data" / "mnist")
        (self.tree / "data" / "mnist" / NAMES[3]).unlink()
        run = self.run_script(FASHION=0)
        self.assertIn("fashion-mnist", run.stdout)

    def test_last_comes_fashion_mnist_with_a_line_that_says_so(self):
        run = self.run_script("--epochs", "1", FASHION=0)
        self.assertEqual(run.stdout, "<--data></usr/share/datasets/fashion-mnist><--epochs><1>")
        self.assertIn("Fashion-MNIST", run.stderr)

    def test_fashion_mnist_can_be_forbidden(self):
        run = self.run_script(FASHION=0, VADE_MNIST_ONLY=1)
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertIn("no MNIST: name a folder", run.stderr.splitlines()[-1])

    def test_without_a_name_the_builder_says_what_it_wants(self):
        run = subprocess.run(["bash", str(self.tree / "examples" / "build.sh")], capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertEqual(run.stderr, "build.sh: wanted the name of one example: bash examples/build.sh NAME\n")

    @unittest.skipIf(Path("/usr/share/datasets/fashion-mnist").exists(), "Fashion-MNIST is installed here")
    def test_without_any_data_it_says_what_to_do(self):
        run = self.run_script()
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertIn("--data DIR", run.stderr.splitlines()[-1])

    def test_help_needs_no_data(self):
        self.assertEqual(self.run_script("--help").stdout, "<--help>")

    def test_the_exit_code_is_that_of_the_program(self):
        self.assertEqual(self.run_script("--data", "x", RESULT=42).returncode, 42)

    def test_a_signal_reaches_the_program(self):
        self.stand_in("build/release/examples/mnist", "trap 'exit 77' USR1; echo ready; while :; do sleep 0.02; done")
        process = subprocess.Popen(
            ["bash", str(self.tree / "examples" / "mnist.sh"), "--data", "x"], stdout=subprocess.PIPE, text=True,
            env=environment(PATH=f"{self.bin}:{os.environ['PATH']}"),
        )
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.send_signal(signal.SIGUSR1)
        process.communicate(timeout=600)
        self.assertEqual(process.returncode, 77)

    def test_a_failed_build_is_shown_and_ends_it(self):
        run = self.run_script("--data", "x", BUILD=1)
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertIn("the build failed", run.stderr)
        self.assertIn("cmake --build", run.stderr)


class Installer(InFolder):
    """cmake/install_packages.sh with a list of its own and without apt-get, or with one that only says what it got."""

    def setUp(self):
        super().setUp()
        shutil.copy(ROOT / "cmake" / "install_packages.sh", self.folder)
        self.list = self.folder / "packages.txt"
        self.list.write_text(
            "# a comment\n"
            "one  here     command:no-such-command command:bash\n"
            "one  away     file:/no/such/file\n"
            "two  header   header:no/such/header.hpp\n"
        )
        self.path = self.path_with(*"bash dirname id grep tail mktemp rm cat env touch".split())

    def install(self, *groups, **env):
        return subprocess.run(
            ["bash", str(self.folder / "install_packages.sh"), *groups], capture_output=True, text=True,
            env=environment(**{"PATH": self.path, **env}), stdin=subprocess.DEVNULL, timeout=600,
        )

    def test_nothing_missing_is_silent(self):
        self.list.write_text("one here command:bash\n")
        run = self.install("one")
        self.assertEqual((run.returncode, run.stdout + run.stderr), (0, ""))

    def test_without_apt_it_names_exactly_what_is_missing(self):
        run = self.install("one", "two")
        self.assertEqual(run.returncode, 3)
        self.assertIn("apt-get install away header\n", run.stderr)
        self.assertNotIn("here", run.stderr.splitlines()[1].replace("header", ""))
        self.assertIn("VADE_INCLUDE_DIRS", run.stderr.splitlines()[-1])

    def test_headers_are_looked_for_where_the_user_says(self):
        (self.folder / "no" / "such").mkdir(parents=True)
        (self.folder / "no" / "such" / "header.hpp").write_text("")
        self.assertEqual(self.install("two", VADE_INCLUDE_DIRS=self.folder).returncode, 0)

    def test_an_unknown_group_is_an_error(self):
        run = self.install("three")
        self.assertEqual(run.returncode, 2)
        self.assertIn("three", run.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "only root installs without a question")
    def test_what_apt_installs_is_looked_for_again(self):
        wanted = self.folder / "installed"
        self.list.write_text(f"one away file:{wanted}\n")
        apt = Path(self.path) / "apt-get"
        apt.write_text(f'#!/usr/bin/env bash\necho "$*" >>{self.folder}/calls\n[ "$1" = update ] || touch {wanted}\n')
        apt.chmod(0o755)
        self.assertEqual(self.install("one").returncode, 0)
        self.assertIn("install -y", (self.folder / "calls").read_text())

        wanted.unlink()
        apt.write_text(f'#!/usr/bin/env bash\necho "no such package"\n')
        run = self.install("one")
        self.assertEqual(run.returncode, 3)
        self.assertIn("no such package", run.stderr)
        self.assertIn("could not be installed: away", run.stderr)

    def test_the_true_list_is_well_formed(self):
        for line in (ROOT / "cmake" / "packages.txt").read_text().splitlines():
            if line and not line.startswith("#"):
                self.assertRegex(line, r"^[a-z]+ +[a-z0-9.+-]+( +(command|header|file):\S+)+$")


class RunScript(unittest.TestCase):
    def run_script(self, *arguments):
        return subprocess.run(
            ["bash", str(ROOT / "tests" / "run.sh"), *arguments], capture_output=True, text=True, timeout=600
        )

    def test_wrong_options_end_with_two_and_one_line(self):
        for arguments in (["--no-such"], ["--preset"], ["--preset", "release"], ["--preset=none"], ["extra"]):
            with self.subTest(arguments):
                run = self.run_script(*arguments)
                self.assertEqual((run.returncode, run.stdout, len(run.stderr.splitlines())), (2, "", 1))

    def test_help_explains_the_options(self):
        run = self.run_script("--help")
        self.assertEqual(run.returncode, 0)
        self.assertIn("--preset", run.stdout)


class ReproduceScript(InFolder):
    """benchmarks/reproduce.sh in a tree of its own, whose trainer only writes down what it was told."""

    def setUp(self):
        super().setUp()
        self.tree = self.folder / "tree"
        for part in ("benchmarks", "examples/mnist", "include"):
            (self.tree / part).mkdir(parents=True)
        for script in ("reproduce.sh", "reproduce.py"):
            shutil.copy(ROOT / "benchmarks" / script, self.tree / "benchmarks")
        (self.tree / "examples" / "mnist.cpp").write_text("the program\n")
        (self.tree / "examples" / "mnist.sh").write_text(
            """#!/usr/bin/env bash
            echo "$*" "only ${VADE_MNIST_ONLY:-}" >>"$CALLS"
            while [ $# -gt 0 ]; do
              case "$1" in --out) out="$2" ;; --seed) seed="$2" ;; esac
              shift
            done
            mkdir -p "$out"
            [ "$seed" != "${BAD:-none}" ] || { touch "$out/checkpoint.safetensors"; exit 7; }
            rm -f "$out/checkpoint.safetensors"
            silhouette=0.125
            [ "$seed" != "${COLLAPSED:-none}" ] || silhouette=null
            scores='"nmi": 0.5, "ari": 0.25, "silhouette": '$silhouette', "calinski_harabasz": 100, "elbo": -90'
            test='{"accuracy": 0.75, "elbo": -91}'
            echo "{\\"accuracy\\": 0.$((seed + 1)), $scores, \\"seconds\\": 2, \\"test\\": $test," \\
              "\\"data\\": \\"${DATA:-digits}\\", \\"stopped\\": \\"${STOPPED:-finished}\\"}" >"$out/metrics.json"
            printf 'cluster,probability\\n0,1\\n0,1\\n1,1\\n%d,1\\n' $((seed % 2)) >"$out/clusters.csv"
            """)
        self.calls = self.folder / "calls"

    def run_script(self, *arguments, **env):
        self.calls.write_text("")
        return subprocess.run(
            ["bash", str(self.tree / "benchmarks" / "reproduce.sh"), *arguments], cwd=self.folder, capture_output=True,
            text=True, env=environment(CALLS=str(self.calls), **env), timeout=600,
        )

    def seeds_trained(self):
        return [re.search(r"--seed (\d+)", line).group(1) for line in self.calls.read_text().splitlines()]

    def test_every_seed_is_a_row_and_different_seeds_are_compared(self):
        run = self.run_script("--seeds", "0,2-3", "--", "--epochs", "4")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(self.seeds_trained(), ["0", "2", "3"])
        self.assertTrue(all("--epochs 4" in line for line in self.calls.read_text().splitlines()))
        self.assertIn("| 2 | 0.3000 | 0.7500 |", run.stdout)
        self.assertIn("| **mean** | 0.2667 |", run.stdout)  # of 0.1, 0.3, 0.4
        # 0 0 1 0, twice, and 0 0 1 1: one pair of three is the same.
        self.assertIn("mean 0.5625, min 0.3437, max 1.0000", run.stdout)

    def test_seeds_that_are_done_are_kept_and_others_follow(self):
        self.assertEqual(self.run_script("--seeds", "0-2", BAD="1").returncode, 1)
        self.assertEqual(self.seeds_trained(), ["0", "1"])
        run = self.run_script("--seeds", "0-2")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(self.seeds_trained(), ["1", "2"])
        # Seed 1 went on where it was cut off: nobody knows how long all of it takes.
        self.assertRegex(run.stdout, r"\n\| 1 \| 0.2000 .* \| – \|\n\| 2 \| 0.3000 .* \| \d+ \|\n")
        self.assertEqual(self.run_script("--seeds", "0-2").stdout.count("seed "), 1)  # only the head of the table
        self.assertEqual(self.seeds_trained(), [])

    def test_a_seed_that_was_stopped_is_not_kept(self):
        self.assertNotEqual(self.run_script("--seeds", "0", STOPPED="cancelled").returncode, 0)
        self.assertEqual(self.run_script("--seeds", "0").returncode, 0)
        self.assertEqual(self.seeds_trained(), ["0"])

    def test_other_options_and_other_code_are_other_rows(self):
        self.run_script("--seeds", "0")
        self.run_script("--seeds", "0", "--", "--train-only")
        self.assertEqual(self.seeds_trained(), ["0"])
        for file in ("include/new.hpp", "examples/mnist/part.cpp", "examples/shared.hpp"):
            with self.subTest(file):
                (self.tree / file).write_text("// a change\n")
                self.run_script("--seeds", "0")
                self.assertEqual(self.seeds_trained(), ["0"])

    def test_relative_folders_are_meant_from_where_one_stands(self):
        run = self.run_script("--seeds", "0-1", "--out", "here", "--", "--data", "digits")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertTrue((self.folder / "here" / "results.csv").exists())
        self.assertIn(f"--data {self.folder.resolve()}/digits ", self.calls.read_text())
        self.assertIn("NMI of the clusters of two seeds", run.stdout)
        self.run_script("--seeds", "0-1", "--out", "here", "--", "--data=digits")
        self.assertIn(f"--data={self.folder.resolve()}/digits ", self.calls.read_text())

    def test_seeds_that_have_other_rows_are_not_compared(self):
        run = self.run_script("--seeds", "0-1", "--", "--imbalanced")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("| **mean** |", run.stdout)
        self.assertNotIn("NMI of the clusters", run.stdout)

    def test_a_collapsed_seed_has_dashes(self):
        for again in (False, True):  # trained, and read from the file
            run = self.run_script("--seeds", "0-1", COLLAPSED="1")
            self.assertEqual((run.returncode, len(self.seeds_trained())), (0, 0 if again else 2), run.stderr)
            self.assertIn("| 0 | 0.1000 | 0.7500 | 0.5000 | 0.2500 | 0.1250 |", run.stdout)
            self.assertIn("| 1 | 0.2000 | 0.7500 | 0.5000 | 0.2500 | – | 100 |", run.stdout)
            self.assertIn("| **min** | 0.1000 | 0.7500 | 0.5000 | 0.2500 | – | 100 |", run.stdout)

    def test_two_data_sets_are_no_table(self):
        self.assertIn("data digits", self.run_script("--seeds", "0").stdout)
        self.assertIn("only 1", self.calls.read_text())
        run = self.run_script("--seeds", "0-1", DATA="garments")
        self.assertEqual(run.returncode, 1)
        self.assertIn("seed 1 has the data garments, but seed 0 with the same settings", run.stderr)
        self.assertEqual(self.run_script("--seeds", "0-1").returncode, 0)  # what was refused was not kept
        self.assertEqual(self.seeds_trained(), ["1"])

    def test_a_results_file_of_before_there_was_the_column_of_data_is_kept(self):
        self.run_script("--seeds", "0")
        results = self.tree / "out" / "reproduce" / "results.csv"
        head, row = results.read_text().splitlines()
        results.write_text(head.rpartition(",")[0] + "\n" + row.rpartition(",")[0] + "\n")
        run = self.run_script("--seeds", "0")
        self.assertEqual((run.returncode, self.seeds_trained()), (0, ["0"]), run.stderr)
        old, new = results.read_text().splitlines()[1:]
        self.assertEqual(old, row.rpartition(",")[0] + ",")
        self.assertTrue(new.endswith(",digits"))
        results.write_text("a,b\n1,2\n")
        run = self.run_script("--seeds", "0")
        self.assertEqual((run.returncode, self.seeds_trained(), results.read_text()), (1, [], "a,b\n1,2\n"))
        self.assertIn("is not a results file of this script", run.stderr)

    def test_options_that_are_its_own_and_bad_seeds_are_refused(self):
        for arguments in (["--seeds", "3-1"], ["--seeds", "x"], ["--", "--seed", "4"], ["--", "--out=here"],
                          ["--", "--help"], ["--", "--compare-views", "1"],
                          ["--dataset", "fashion", "--", "--data", "x"]):
            with self.subTest(arguments):
                self.assertEqual(self.run_script(*arguments).returncode, 2)
                self.assertEqual(self.seeds_trained(), [])


class TabularScript(InFolder):
    """benchmarks/tabular.sh in a tree of its own, where nothing can be installed."""

    def test_it_goes_on_without_the_digits_of_scikit_learn(self):
        for name, text in (("cmake/install_packages.sh", 'echo "$*"; exit 3'), ("examples/build.sh", 'echo "build $*"'),
                           ("benchmarks/tabular.py", 'print("table")')):
            (self.folder / name).parent.mkdir(exist_ok=True)
            (self.folder / name).write_text(text + "\n")
        shutil.copy(ROOT / "benchmarks" / "tabular.sh", self.folder / "benchmarks")
        run = subprocess.run(["bash", str(self.folder / "benchmarks" / "tabular.sh")], capture_output=True, text=True,
                             timeout=600)
        self.assertEqual((run.returncode, run.stdout), (0, "sklearn\nbuild tabular\ntable\n"), run.stderr)
        self.assertIn("goes on without", run.stderr)


class SpeedTables(InFolder):
    """benchmarks/run.py in a tree of its own, in which ours, the peers and the compilers are stand-ins."""

    OURS = {"ms": 10, "gflops": 80, "gigabytes_per_second": 20, "gigaflop": 0.8, "optimizer_megabytes": 30,
            "single_row_us": 7,
            "step_ms": 400,
            "log_likelihood": -3, "inertia": 5, "silhouette": 0.5, "sum": 100, "rows": 60000, "peak": 110, "data": 50,
            "parameters": 40, "activations": 10}
    PEER = {"ms": 30, "gflops": 100, "loss": 2, "expected_loss": 2, "log_likelihood": -3, "inertia": 5,
            "silhouette": 0.5,
            "sum": 100, "rows": 60000}

    def setUp(self):
        super().setUp()
        self.benchmarks = self.folder / "tree" / "benchmarks"
        (self.benchmarks / "peers").mkdir(parents=True)
        shutil.copy(ROOT / "benchmarks" / "run.py", self.benchmarks)
        self.compare = self.stand_in(self.folder / "compare", self.OURS)
        for script in ("numpy_idx.py", "torch_step.py", "sklearn_mixtures.py"):
            self.stand_in(self.benchmarks / "peers" / script, self.PEER)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for compiler in ("g++", "clang++"):
            self.stand_in(self.bin / compiler, {"version": "stand-in"})

    @staticmethod
    def stand_in(path, answer):
        path.write_text(f"#!{shutil.which('python3')}\nimport json\nprint(json.dumps({answer!r}))\n")
        path.chmod(0o755)
        return path

    def run_script(self, *arguments):
        return subprocess.run(
            ["python3", "-B", str(self.benchmarks / "run.py"), "--compare", str(self.compare), "--quick", "--rounds",
             "2",
             "--threads", "2", *arguments],
            env=environment(PATH=f"{self.bin}:{os.environ['PATH']}"), capture_output=True, text=True, timeout=600)

    def test_shares_and_ratios_are_what_the_figures_say(self):
        run = self.run_script()
        self.assertEqual(run.returncode, 0, run.stderr)
        # A quick look does not write over the page of the full measurement.
        self.assertEqual((self.folder / "tree" / "out" / "benchmarks" / "results.md").read_text(), run.stdout)
        self.assertFalse((self.benchmarks / "results.md").exists())
        self.assertIn("`bash benchmarks/run.sh --rounds 2 --quick` on", run.stdout)
        # 0.8 GFLOP at 100 GF/s and 30 MB at 20 GB/s are 8 + 1.5 of the 10 ms; the peers take 30.
        self.assertIn("| 128 | 10.0 (10.0) | 95% (95%) | 10.0 (10.0) | 1.00 (1.00) | 1.000 (1.000) | "
                      "30.0 (30.0) | 3.00 (3.00) | 3.16 | "
                      "30.0 (30.0) | 3.00 (3.00) | 3.16 |", run.stdout)
        self.assertIn("Random views of 256 images, as preset `vade` draws them: 10.00 (10.00) ms, 2.5% of the step",
                      run.stdout)
        self.assertIn("| 70,000 | 10 | 10 | 10.00 (10.00) | 30.0 (30.0) | 3.0 (3.0) |", run.stdout)
        self.assertIn("110 MB at its peak, against 100 MB", run.stdout)
        self.assertIn("+10%", run.stdout)
        self.assertEqual(run.stdout.count("`vade/vade.hpp` in an empty program"), 2)

    def test_what_disagrees_is_not_compared(self):
        for script, check in (("torch_step.py", "loss"), ("sklearn_mixtures.py", "log_likelihood"),
                              ("numpy_idx.py", "rows")):
            with self.subTest(script):
                self.stand_in(self.benchmarks / "peers" / script, {**self.PEER, check: self.PEER[check] * 1.01})
                run = self.run_script()
                self.stand_in(self.benchmarks / "peers" / script, self.PEER)
                self.assertEqual(run.returncode, 1)
                self.assertIn("do not compute the same", run.stderr)
                self.assertFalse((self.folder / "tree" / "out").exists())

    def test_a_program_that_fails_is_named_with_what_it_said(self):
        self.compare.write_text("#!/usr/bin/env bash\necho no memory >&2\nexit 9\n")
        run = self.run_script()
        self.assertEqual(run.returncode, 1)
        for word in (str(self.compare), "ended with 9", "no memory"):
            self.assertIn(word, run.stderr)


if __name__ == "__main__":
    unittest.main()
