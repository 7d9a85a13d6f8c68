"""The check of equations finds what it is for: each test plants one fault into a page, a test or a header."""
import tempfile
import unittest
from pathlib import Path

import equations

PAGE = """# A page

$$
y = x
\\tag{X.1}
$$

`twice`. Test "X.1".

$$
y = x \\qquad \\texttt{twice}
\\tag{X.2}
$$

$$
y = x \\qquad \\texttt{half\\_of}
\\tag{X.10}
$$

Tests "X.2, X.10" and "X.2: more".

- **X.11** An item, `Thing::part`,
  that has two lines. Test "X.11".

| | |
|---|---|
| X.12 | `twice`, "X.12" |
"""
TEST = """TEST_CASE("X.1: a name") {}
TEST_CASE("X.2, X.10: two") {}
TEST_CASE_TEMPLATE("X.2: more", T, float, double) {}
TEST_CASE(
    "X.11: an item") {}
TEST_CASE("X.12: a row") {}
TEST_CASE("no number") {}
"""
HEADER = """template <class T>
Var<T> twice(Var<T> x) {
  return gone(x);
}
inline double half_of(double x);
struct Thing {
  Var<T> part() const { return {}; }
};
"""


class Checker(unittest.TestCase):
    def check(self, *faults):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for path, text in (("docs/derivations/page.md", PAGE), ("tests/room/file.cpp", TEST),
                               ("include/vade/room/header.hpp", HEADER)):
                for old, new in faults:
                    text = text.replace(old, new)
                (root / path).parent.mkdir(parents=True)
                (root / path).write_text(text)
            equations.ROOT = root
            return equations.problems()

    def assert_found(self, *words, faults):
        found, _ = self.check(*faults)
        self.assertTrue(any(all(word in line for word in words) for line in found), found)

    def test_what_is_right_passes(self):
        self.assertEqual(self.check(), ([], 5))

    def test_an_equation_without_a_test(self):
        self.assert_found("X.1:", "no test case", faults=[('"X.1: a name"', '"a name"')])

    def test_a_longer_number_is_another_one(self):
        self.assert_found("X.1:", "no test case", faults=[('"X.1: a name"', '"X.10: a name"')])

    def test_a_test_that_names_no_equation(self):
        self.assert_found("X.3", "no page defines", faults=[("X.1: a name", "X.1, X.3: a name")])

    def test_an_equation_without_a_function(self):
        self.assert_found("X.1:", "no function", faults=[("`twice`. ", "")])
        self.assert_found("X.10", "no function", faults=[("\\texttt{half\\_of}", "")])

    def test_a_function_that_is_gone(self):
        self.assert_found("X.1:", "no function", faults=[("Var<T> twice", "Var<T> thrice")])
        self.assert_found("X.11", "no function", faults=[("struct Thing", "struct Other")])

    def test_a_call_is_no_definition(self):
        self.assert_found("X.1:", "no function", faults=[("`twice`. ", "`gone`. ")])

    def test_a_page_that_does_not_name_the_test(self):
        self.assert_found("X.1:", "names no test", faults=[('Test "X.1".', "")])
        self.assert_found("X.2:", "names no test", faults=[('"X.2, X.10" and "X.2: more"', '"X.10" and "X.2: less"')])
        self.assert_found("X.12", "names no test", faults=[(', "X.12"', "")])

    def test_a_number_that_is_used_twice(self):
        self.assert_found("X.1:", "has the number", faults=[("\\tag{X.10}", "\\tag{X.1}")])


if __name__ == "__main__":
    unittest.main()
