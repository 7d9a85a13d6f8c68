"""The rules of CONTRIBUTING.md that can be counted, for every file that git tracks.

    house.py [ROOT]     what breaks a rule, one a line; exit code 1 if anything does

Rules:
  rooms       a header includes its own room and what the table of rooms in CONTRIBUTING.md allows, directly or through rooms
              that it allows; every folder of include/vade is in the table
  detail      <room>/detail/ is included by headers of <room> alone
  umbrella    no header includes vade/vade.hpp
  lines       a header has at most 400 lines
  columns     a line of C++, CMake, Python or shell has at most 120 characters
  mirror      tests/<room>/<header>.cpp exists for each include/vade/<room>/<header>.hpp, and includes it first
  macros      a header defines no macro with parameters
  namespaces  no example or page says `using namespace`, and no header does outside a function
  portable    no header or example names std::stop_token or std::jthread, which libc++ 19 lacks: core/stop_token.hpp
              stands in for them
  format      clang-format (14) changes nothing, where it is installed
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

MOST_LINES, MOST_COLUMNS = 400, 120
CPP = {".hpp", ".cpp"}
CODE = CPP | {".py", ".sh", ".cmake", ".txt"}
ROW = re.compile(r"^\| `(\w+)/` \|[^|]*\| ([^|]*) \|$", re.M)
INCLUDE = re.compile(r"^#include <vade/([^>]+)>", re.M)


def tracked(root):
    """Paths of the files of the project, relative to `root`: what git tracks, or every file where there is no git."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True)
    if listed.returncode == 0:
        names = [Path(name) for name in listed.stdout.split("\0") if name]
    else:
        names = [path.relative_to(root) for path in root.rglob("*")]
    return sorted(name for name in names if (root / name).is_file())


def room_table(contributing):
    """The rooms that each room may include: its own row and, transitively, those of the rooms it names."""
    direct = {room: set() if allowed == "-" else set(allowed.split(", ")) for room, allowed in ROW.findall(contributing)}
    closed = {}
    for room in direct:
        reached, waiting = {room}, [room]
        while waiting:
            for other in direct.get(waiting.pop(), set()) - reached:
                reached.add(other)
                waiting.append(other)
        closed[room] = reached
    return closed


def check_includes(root, headers):
    rooms = room_table((root / "CONTRIBUTING.md").read_text())
    folders = {header.parts[2] for header in headers if len(header.parts) > 3}
    for room in sorted(folders ^ set(rooms)):
        yield f"rooms: {room}/ is {'a folder' if room in folders else 'in the table'} " \
              f"but not {'in the table of CONTRIBUTING.md' if room in folders else 'a folder of include/vade'}"
    for header in headers:
        room = header.parts[2] if len(header.parts) > 3 else None
        for included in INCLUDE.findall((root / header).read_text()):
            other = included.split("/")[0] if "/" in included else None
            if included == "vade.hpp":
                yield f"umbrella: {header} includes vade/vade.hpp"
            if other and room and other not in rooms.get(room, {other}):
                yield f"rooms: {header} includes {included}; {room}/ may include {', '.join(sorted(rooms[room]))}"
            if other and "/detail/" in included and other != room:
                yield f"detail: {header} includes {included}, which is private to {other}/"


def check_headers(root, headers):
    for header in headers:
        text = (root / header).read_text()
        if (count := len(text.splitlines())) > MOST_LINES:
            yield f"lines: {header} has {count} lines, at most {MOST_LINES} are allowed"
        for macro in re.findall(r"^ *# *define (\w+)\(", text, re.M):
            yield f"macros: {header} defines {macro}()"
        if len(header.parts) == 4:
            mirror = Path("tests", *header.parts[2:]).with_suffix(".cpp")
            if not (root / mirror).exists():
                yield f"mirror: {header} has no test {mirror}"
            else:
                first = re.search(r"^#include [<\"](.*)[>\"]", (root / mirror).read_text(), re.M)
                if not first or first[1] != "/".join(header.parts[1:]):
                    yield f"mirror: {mirror} does not include {'/'.join(header.parts[1:])} first"


def check_lines(root, files):
    for file in files:
        if file.suffix in CODE:
            for number, line in enumerate((root / file).read_text().splitlines(), 1):
                if len(line) > MOST_COLUMNS:
                    yield f"columns: {file}:{number} has {len(line)} characters, at most {MOST_COLUMNS} are allowed"
        copied = file.parts[0] == "examples" or file.suffix == ".md"  # readers copy from these
        if copied or file.suffix == ".hpp":
            rule = r"^\s*using namespace " if copied else r"^using namespace "
            if re.search(rule, (root / file).read_text(errors="replace"), re.M):
                yield f"namespaces: {file} says `using namespace`"


def check_portable(root, files):
    for file in files:
        if file.suffix in CPP and file.parts[0] in ("include", "examples") and file.name != "stop_token.hpp":
            text = (root / file).read_text()
            for name in re.findall(r"std::(?:stop_token|stop_source|jthread)|#include <stop_token>", text):
                yield f"portable: {file} names {name}; core/stop_token.hpp stands in for it"


def formatter():
    """The path of clang-format 14, or None: other versions format otherwise."""
    for name in ("clang-format-14", "clang-format"):
        path = shutil.which(name)
        if path and "version 14." in subprocess.run([path, "--version"], capture_output=True, text=True).stdout:
            return path
    return None


def check_format(root, files):
    sources = [str(file) for file in files if file.suffix in CPP]
    if not formatter() or not sources:
        return
    result = subprocess.run([formatter(), "--dry-run", *sources], cwd=root, capture_output=True, text=True)
    for name in sorted({line.split(":")[0] for line in result.stderr.splitlines() if "-Wclang-format-violations" in line}):
        yield f"format: {name} differs from what clang-format makes of it"


def problems(root):
    files = tracked(root)
    headers = [file for file in files if file.parts[:2] == ("include", "vade") and file.suffix == ".hpp"]
    if not headers:
        yield f"{root}: no headers in include/vade"
    for check, subjects in ((check_includes, headers), (check_headers, headers), (check_lines, files),
                            (check_portable, files),
                            (check_format, files)):
        yield from check(root, subjects)


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    found = list(problems(root))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
