"""Every equation of docs/derivations has a function and a test, and every number in a test's name is an equation.

    equations.py --list              the numbers, one a line
    equations.py --check             what is missing, one a line; exit code 1 if anything is
    equations.py --run V.3 FOLDER    runs the test cases that name V.3, with the programs of FOLDER

An equation is a \\tag{X.n} of a display, a table row that begins with X.n, or a list item that begins with **X.n**. Its
legend is the item, the row, or the text from the display to the next equation or heading; equations without text
between them share one. A legend names a function of include/vade in `code`, and, in quotes, a test: its name, or a part
of it that has the number. A display may name its function itself, by \\texttt.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NUMBER = re.compile(r"(?<![\w.])([A-Z]\.\d+)(?!\w|\.\d)")
DISPLAY = re.compile(r"^\$\$$.*?^\$\$$", re.M | re.S)
DEFINITION = re.compile(r"^ *(?:[\w:<>,&*\[\]\"]+ +)+[&*]?([a-z_]\w*|operator\S+?)\(", re.M)
TEST_CASE = re.compile(r'^TEST_CASE(_TEMPLATE)?\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', re.M)
NO_TYPE = {"return", "throw", "else", "new", "case", "using", "co_return"}


def numbers(text):
    return NUMBER.findall(text)


def equations_of(text):
    """(number, legend) of each equation of a page, in its order."""
    found, pending, end = [], [], 0

    def settle(stop):
        nonlocal pending
        for number, display in pending:
            found.append((number, display + "\n" + text[end:stop]))
        pending = []

    marks = [(m.start(), m.end(), m) for m in DISPLAY.finditer(text) if "\\tag{" in m.group()]
    for line in re.finditer(r"^(#|\| *[A-Z]\.\d+ *\||- \*\*[A-Z]\.\d+\*\*).*(?:\n(?= {2}\S).*)*", text, re.M):
        marks.append((line.start(), line.end(), line))
    for start, stop, match in sorted(marks, key=lambda mark: mark[0]):
        whole = match.group()
        if not whole.startswith("$$"):
            settle(start)
            end = stop
            if not whole.startswith("#"):
                found.append((numbers(whole)[0], whole))
            continue
        if pending and text[end:start].strip():
            settle(start)
        pending += [(number, whole) for number in re.findall(r"\\tag\{([^}]*)\}", whole)]
        end = stop
    settle(len(text))
    return found


def all_equations():
    return [(page, number, legend) for page in sorted((ROOT / "docs" / "derivations").glob("*.md"))
            for number, legend in equations_of(page.read_text())]


def test_cases():
    """(file, name, is a template) of each test case."""
    found = []
    for path in sorted((ROOT / "tests").glob("*/**/*.cpp")):
        relative = path.relative_to(ROOT / "tests")
        if relative.parts[0] in ("compile_failures", "consumers", "link"):
            continue
        for template, literals in TEST_CASE.findall(path.read_text()):
            name = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals))
            found.append((relative, name.replace('\\"', '"'), bool(template)))
    return found


def functions():
    names, types = set(), set()
    for header in (ROOT / "include" / "vade").rglob("*.hpp"):
        text = header.read_text()
        for match in DEFINITION.finditer(text):
            if match.group().split()[0] not in NO_TYPE:
                names.add(match.group(1))
        types.update(re.findall(r"^ *(?:class|struct) (\w+)", text, re.M))
    return names, types


def names_function(legend, known, types):
    in_displays = [code.replace("\\_", "_") for code in re.findall(r"\\texttt\{([^}]*)\}", legend)]
    for code in re.findall(r"`([^`]+)`", legend) + in_displays:
        code = re.sub(r"\(.*\)$", "", code)
        scope, _, name = code.rpartition("::")
        if name in known and (not scope or scope.split("::")[-1] in types | {"vade", "testing", "detail", "report"}):
            return True
    return False


def problems():
    equations, cases, (known, types) = all_equations(), test_cases(), functions()
    found, seen, tested = [], {}, set()
    for _, name, _ in cases:
        tested.update(numbers(name))
    for page, number, legend in equations:
        where = f"{page.relative_to(ROOT)}: {number}"
        if not NUMBER.fullmatch(number):
            found.append(f"{where}: no number of the form X.n")
        if number in seen:
            found.append(f"{where}: has the number of an equation in {seen[number]}")
        seen[number] = page.relative_to(ROOT)
        if number not in tested:
            found.append(f"{where}: no test case has {number} in its name")
        if not names_function(legend, known, types):
            found.append(f"{where}: the legend names no function of include/vade")
        quoted = [q.removesuffix(" ...") for q in re.findall(r'"([^"]+)"', " ".join(legend.split()))]
        if not any(number in numbers(quote) and any(quote in name for _, name, _ in cases) for quote in quoted):
            found.append(f'{where}: the legend names no test, as "{number}"')
    for file, name, _ in cases:
        for number in numbers(name):
            if number not in seen:
                found.append(f'tests/{file}: "{name}" names {number}, which no page defines')
    return found, len(equations)


def run(number, folder):
    chosen = {}
    for file, name, template in test_cases():
        if number in numbers(name):
            chosen.setdefault(file.parts[0], []).append((file, name, template))
    if not chosen:
        return f"no test case names {number}"
    for room, cases in chosen.items():
        # A comma would separate two filters; ? stands for any one character.
        filters = ",".join(re.sub(r"[,\\]", "?", name) + ("<*" if template else "") for _, name, template in cases)
        command = [str(Path(folder) / f"test_{room}"), f"--test-case={filters}"]
        done = subprocess.run(command, capture_output=True, text=True)
        print(done.stdout + done.stderr)
        count = re.search(r"test cases: +(\d+)", done.stdout)
        if done.returncode != 0:
            return f"{number} fails in room {room}"
        if not count or int(count[1]) < len(cases):
            ran = count[1] if count else "none"
            return f"{number}: of {len(cases)} test cases in room {room} {ran} ran; is it built?"
    return None


def main(arguments):
    if arguments == ["--list"]:
        print("\n".join(number for _, number, _ in all_equations()))
        return 0
    if arguments == ["--check"]:
        found, count = problems()
        print("\n".join(found) or f"{count} equations, each with its function and its test")
        return 1 if found or not count else 0
    if len(arguments) == 3 and arguments[0] == "--run":
        message = run(arguments[1], arguments[2])
        if message:
            print(message)
        return 1 if message else 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
