"""Mutation check: would the tests notice a wrong equation?

    run.py                      applies each mutant of mutants.py in turn, and runs the tests that name its equation
    run.py --only G. --only A.2 only equations that begin so
    run.py --check              only whether each mutant still applies, its text standing in its file exactly once,
                                whether each equation has one, and whether docs/derivations/mutations.md has them

A mutant is applied to a copy of include/, its test file is compiled against that, and the test cases whose names have
the equation's number are run. It is killed if they fail. A mutant that does not compile, or tests that do not pass
without it, are errors of the table. Prints a table in Markdown, as docs/derivations/mutations.md has it; the exit code
is 0 if every mutant was killed. It takes some twenty seconds a mutant, so it is run by hand.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "derivations"))

import equations  # noqa: E402
from mutants import MUTANTS  # noqa: E402

PAGE = ROOT / "docs" / "derivations" / "mutations.md"
FLAGS = ["-std=c++20", "-O0", "-ffp-contract=off", "-DDOCTEST_CONFIG_SUPER_FAST_ASSERTS"]


def problem_of(mutant):
    """Why a mutant does not apply, or None."""
    what, file, text, replacement, equation, test = mutant
    where = f"{file}, {equation}, {what}"
    path = ROOT / "include" / "vade" / file
    if not path.exists():
        return f"{where}: there is no such file"
    count = path.read_text().count(text)
    if count != 1:
        return f"{where}: the text stands there {count} times, wanted once: {text!r}"
    if text == replacement:
        return f"{where}: the replacement changes nothing"
    if not cases_of(equation, test):
        return f"{where}: no test case of tests/{test}.cpp names {equation}"
    return None


def cases_of(equation, test):
    """Filters for the test cases of a file that name an equation."""
    return [re.sub(r"[,\\]", "?", name) + ("<*" if template else "") for file, name, template in equations.test_cases()
            if str(file) == test + ".cpp" and equation in equations.numbers(name)]


def row_of(mutant):
    """Its line of the table, up to what killed it."""
    what, file, text, _, equation, _ = mutant
    code = " ".join(text.split()).replace("|", "\\|")
    return f"| {what} | {equation} | `{file}` | `{code}` |"


def page_problems():
    """Where the page and the mutants differ."""
    rows = [line[:line.rindex(" | ") + 2] for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    wanted = [row_of(mutant) for mutant in MUTANTS]
    return [f"{PAGE.name} lacks: {row}" for row in wanted if row not in rows] + \
        [f"{PAGE.name} has, but there is no such mutant: {row}" for row in rows if row not in wanted]


def equations_without():
    """Equations that no mutant makes wrong."""
    return [f"{page.name}: {number} has no mutant" for page, number, _ in equations.all_equations()
            if number not in {mutant[4] for mutant in MUTANTS}]


class Workshop:
    """A folder with a copy of include/ and tests/, so that what is edited meanwhile is not seen, and doctest's main."""

    def __init__(self, folder, compiler):
        self.folder = Path(folder)
        self.compiler = compiler
        eigen = subprocess.run(["pkg-config", "--cflags-only-I", "eigen3"], capture_output=True, text=True)
        system = eigen.stdout.replace("-I", "-isystem ").split() or ["-isystem", "/usr/include/eigen3"]
        self.flags = FLAGS + ["-I", str(self.folder / "include")] + system
        for part in ("include", "tests"):
            shutil.copytree(ROOT / part, self.folder / part)
        # What no mutant touches is compiled once.
        prefix = self.folder / "prefix.hpp"
        prefix.write_text("#include <Eigen/Dense>\n#include <doctest/doctest.h>\n")
        self.call(["-x", "c++-header", str(prefix), "-o", str(prefix) + ".gch"])
        self.flags += ["-include", str(prefix)]
        self.main = self.folder / "main.o"
        self.call(["-c", str(self.folder / "tests" / "main.cpp"), "-o", str(self.main)], self.flags[:-2])

    def call(self, arguments, flags=None):
        done = subprocess.run([self.compiler, *(flags or self.flags), *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError("it does not compile:\n" + done.stderr[:2000])

    def build(self, test):
        program = self.folder / "program"
        self.call([str(self.folder / "tests" / f"{test}.cpp"), str(self.main), "-o", str(program), "-pthread", "-lz"])
        return program

    def run(self, program, filters):
        """(passed, test cases that ran, the first failed check)."""
        done = subprocess.run([str(program), "--test-case=" + ",".join(filters)], capture_output=True, text=True,
                              timeout=900)
        count = re.search(r"test cases: +(\d+)", done.stdout)
        failed = re.search(r"\n\S*?tests/(\S+?\.[ch]pp):(\d+): (?:FATAL )?ERROR", done.stdout)
        where = f"{os.path.normpath(failed[1])}:{failed[2]}" if failed else f"exit code {done.returncode}"
        return done.returncode == 0, int(count[1]) if count else 0, where

    def with_mutant(self, mutant):
        _, file, text, replacement, equation, test = mutant
        path = self.folder / "include" / "vade" / file
        original = path.read_text()
        path.write_text(original.replace(text, replacement))
        try:
            return self.run(self.build(test), cases_of(equation, test))
        finally:
            path.write_text(original)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--compiler", default=os.environ.get("CXX", "g++"))
    options = parser.parse_args()

    chosen = [m for m in MUTANTS if not options.only or m[4].startswith(tuple(options.only))]
    problems = [p for p in map(problem_of, chosen) if p]
    if options.check:
        problems += equations_without() + page_problems()
    if problems or not chosen:
        print("\n".join(problems) or "no mutant is chosen")
        return 1
    if options.check:
        print(f"{len(chosen)} mutants, each applies once and is on the page; each equation has one")
        return 0

    survivors, errors = [], []
    print("| mutant | equation | file | instead of | killed by |\n|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="vade-mutants-") as folder:
        workshop = Workshop(folder, options.compiler)
        for test in dict.fromkeys(m[5] for m in chosen):
            mutants = [m for m in chosen if m[5] == test]
            program = workshop.build(test)
            for equation in dict.fromkeys(m[4] for m in mutants):
                passed, ran, where = workshop.run(program, cases_of(equation, test))
                if not passed or ran < 1:
                    errors.append(f"{equation}: without a mutant its {ran} tests of {test} do not pass ({where})")
            for mutant in mutants:
                what, file, _, _, equation, _ = mutant
                try:
                    passed, _, where = workshop.with_mutant(mutant)
                except (RuntimeError, subprocess.TimeoutExpired) as error:
                    errors.append(f"{equation}, {what}: {error}")
                    continue
                if passed:
                    survivors.append(f"{equation}, {what}, in {file}")
                print(row_of(mutant), "**SURVIVES**" if passed else f"`{where}`", "|", flush=True)
    killed = len(chosen) - len(survivors) - len(errors)
    print(f"\n{killed} of {len(chosen)} mutants killed.")
    for line in [f"survives: {s}" for s in survivors] + [f"error: {e}" for e in errors]:
        print(line, file=sys.stderr)
    return 1 if survivors or errors else 0


if __name__ == "__main__":
    sys.exit(main())
