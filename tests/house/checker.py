"""The check of the rules finds what it is for: each test plants one fault into a small project that keeps them all."""
import tempfile
import unittest
from pathlib import Path

import house

TABLE = """| room | what lives here | may include |
|---|---|---|
| `ground/` | numbers | - |
| `middle/` | sums | ground |
| `roof/` | models | middle |
"""
PROJECT = {
    "CONTRIBUTING.md": TABLE,
    "include/vade/vade.hpp": "#include <vade/roof/model.hpp>\n",
    "include/vade/ground/number.hpp": "#pragma once\n#include <vade/ground/detail/bits.hpp>\n",
    "include/vade/ground/detail/bits.hpp": "#pragma once\n",
    "include/vade/middle/sum.hpp": "#pragma once\n#include <vade/ground/number.hpp>\n",
    "include/vade/roof/model.hpp": "#pragma once\n#include <vade/ground/number.hpp>\n#include <vade/middle/sum.hpp>\n",
    "tests/ground/number.cpp": "#include <vade/ground/number.hpp>\n",
    "tests/middle/sum.cpp": "#include <vade/middle/sum.hpp>\n",
    "tests/middle/bits.cpp": "#include <vade/ground/detail/bits.hpp>\n",  # a test may look behind the door
    "tests/roof/model.cpp": "#include <vade/roof/model.hpp>\n",
}


class Checker(unittest.TestCase):
    def check(self, changes, *expected):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (PROJECT | changes).items():
                path = Path(folder) / name
                if text is None:
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            found = list(house.problems(Path(folder)))
        self.assertEqual(len(found), len(expected), found)
        for problem, words in zip(sorted(found), sorted(expected)):
            self.assertIn(words, problem)

    def test_a_project_that_keeps_the_rules_has_no_problem(self):
        self.check({})

    def test_an_include_upwards(self):
        self.check({"include/vade/ground/number.hpp": "#include <vade/middle/sum.hpp>\n"},
                   "rooms: include/vade/ground/number.hpp includes middle/sum.hpp")

    def test_rooms_that_an_allowed_room_allows_are_allowed(self):
        self.check({"CONTRIBUTING.md": TABLE.replace("| sums | ground |", "| sums | - |")},
                   "rooms: include/vade/middle/sum.hpp includes ground/number.hpp",
                   "rooms: include/vade/roof/model.hpp includes ground/number.hpp")

    def test_a_folder_that_is_not_in_the_table(self):
        self.check({"include/vade/attic/box.hpp": "", "tests/attic/box.cpp": "#include <vade/attic/box.hpp>\n"},
                   "rooms: attic/ is a folder but not in the table")

    def test_a_row_without_a_folder(self):
        self.check({"CONTRIBUTING.md": TABLE + "| `attic/` | old things | roof |\n"}, "rooms: attic/ is in the table")

    def test_the_private_folder_of_another_room(self):
        self.check({"include/vade/middle/sum.hpp": "#include <vade/ground/detail/bits.hpp>\n"},
                   "detail: include/vade/middle/sum.hpp includes ground/detail/bits.hpp")

    def test_a_header_that_includes_the_umbrella(self):
        self.check({"include/vade/roof/model.hpp": "#include <vade/vade.hpp>\n"}, "umbrella: include/vade/roof/model.hpp")

    def test_a_header_without_a_test(self):
        self.check({"tests/roof/model.cpp": None}, "mirror: include/vade/roof/model.hpp has no test")

    def test_a_test_that_includes_another_header_first(self):
        self.check({"tests/roof/model.cpp": "#include <cmath>\n\n#include <vade/roof/model.hpp>\n"},
                   "mirror: tests/roof/model.cpp does not include vade/roof/model.hpp first")

    def test_a_header_that_is_too_long(self):
        self.check({"include/vade/roof/model.hpp": "//\n" * 401}, "lines: include/vade/roof/model.hpp has 401 lines")

    def test_a_line_that_is_too_long(self):
        self.check({"tests/roof/model.cpp": "#include <vade/roof/model.hpp>\n// " + "x" * 118 + "\n"},
                   "columns: tests/roof/model.cpp:2 has 121 characters")

    def test_a_macro_with_parameters(self):
        self.check({"include/vade/roof/model.hpp": "#define TWICE(x) (2 * (x))\n"}, "macros: include/vade/roof/model.hpp")

    def test_using_namespace(self):
        self.check({"include/vade/roof/model.hpp": "using namespace vade;\n"}, "namespaces: include/vade/roof/model.hpp")

    def test_what_some_standard_libraries_lack(self):
        self.check({"include/vade/roof/model.hpp": "void fit(std::stop_token stop);\n"},
                   "portable: include/vade/roof/model.hpp names std::stop_token")

    @unittest.skipUnless(house.formatter(), "clang-format 14 is not installed")
    def test_a_file_that_is_not_formatted(self):
        self.check({"tests/middle/bits.cpp": "int  f ( ) ;\n"}, "format: tests/middle/bits.cpp")

    def test_an_empty_project(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIn("no headers", next(iter(house.problems(Path(folder)))))


if __name__ == "__main__":
    unittest.main()
