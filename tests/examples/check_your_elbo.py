"""The example check_your_elbo says of two derivations that they hold, and of two mistakes what is wrong with them."""
import os
import subprocess
import unittest
from pathlib import Path

PROGRAM = Path(os.environ["VADE_EXAMPLES"]) / "check_your_elbo"


class CheckYourElbo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.run_ = subprocess.run([str(PROGRAM)], capture_output=True, text=True, timeout=600)
        cls.parts = dict(part.split("\n", 1) for part in cls.run_.stdout.rstrip("\n").split("\n\n") if "\n" in part)

    def test_it_ends_well_and_quietly(self):
        self.assertEqual((self.run_.returncode, self.run_.stderr), (0, ""))
        self.assertTrue(self.run_.stdout.endswith("The right derivations pass, the wrong ones are caught.\n"))

    def test_the_right_bound_keeps_every_identity(self):
        lines = self.parts["The bound"].splitlines()
        self.assertEqual(len(lines), 9)
        for line in lines:
            self.assertTrue(line.startswith("ok "), line)

    def test_the_wrong_bound_fails_where_it_must_and_says_both_numbers(self):
        fails = [line for line in self.parts["The bound without a half"].splitlines() if line.startswith("FAILS")]
        text = "\n".join(fails)
        self.assertIn("the divergence is never negative", text)
        self.assertIn("at the exact posterior the bound is log p(x) with a code of 1", text)
        self.assertIn("at the exact posterior the bound is log p(x) with a code of 2", text)
        for line in fails:
            self.assertRegex(line, r": got -?[\d.e+-]+, wanted (at most )?-?[\d.e+-]+$")

    def test_the_wrong_bound_has_a_right_gradient_so_a_gradient_check_alone_would_pass(self):
        self.assertIn("ok     gradients are right", self.parts["The bound without a half"])

    def test_draws_tell_the_right_entropy_from_the_wrong_one(self):
        names = {"The entropy of a Gaussian": True, "The entropy with the deviation for the variance": False}
        for name, right in names.items():
            words = self.parts[name].replace(",", "").split()
            distance, allowed = float(words[words.index("by") + 1]), float(words[words.index("allowed") + 1])
            self.assertEqual(distance <= allowed, right, self.parts[name])


if __name__ == "__main__":
    unittest.main()
