"""Every block of C++ in the project's pages is code that is compiled: it stands, line by line, in one of the source files.

The first block of README.md is a program of its own, which tests/consumers builds against the installed library.
"""
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [p for folder in ("include", "tests", "examples", "benchmarks") for p in sorted((ROOT / folder).rglob("*"))
           if p.suffix in (".hpp", ".cpp")]
PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))


def lines_of(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def blocks_of(page):
    """Line number and text of each block that is marked as C++."""
    block, start = None, 0
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if block is None and line.strip() == "```cpp":
            block, start = [], number
        elif block is not None and line.strip() == "```":
            yield start, "\n".join(block)
            block = None
        elif block is not None:
            block.append(line)
    if block is not None:
        sys.exit(f"{page.relative_to(ROOT)}:{start}: the block does not end")


def stands_in(wanted, source):
    return any(source[at : at + len(wanted)] == wanted for at in range(len(source) - len(wanted) + 1))


sources = [lines_of(path.read_text()) for path in SOURCES]
checked, strangers = 0, []
for page in PAGES:
    for index, (number, block) in enumerate(blocks_of(page)):
        if page == ROOT / "README.md" and index == 0:
            continue
        checked += 1
        if not any(stands_in(lines_of(block), source) for source in sources):
            strangers.append(f"{page.relative_to(ROOT)}:{number}: this code stands in no source file:\n"
                             + textwrap.indent(block, "    "))
print("\n".join(strangers) or f"{checked} blocks, all compiled elsewhere")
sys.exit(1 if strangers or not checked else 0)
