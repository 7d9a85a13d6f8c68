// A bound of one's own, checked: one derivation that is right, one that has lost a ½, and a closed form that is held
// against draws. Prints the reports; the exit code is 0 if the right ones pass and the wrong ones are caught.
#include <cmath>
#include <cstdio>

#include <vade/testing/expectation.hpp>
#include <vade/testing/identities.hpp>

#include "program.hpp"

namespace {

using vade::testing::check_vae_bound;
using vade::testing::expect_equal_in_expectation;

constexpr double two_pi = 6.283185307179586476925;

/// −KL(N(μ, σ²) ‖ N(0, I)) = ½ Σ_j (1 + log σ_j² − μ_j² − σ_j²), a mean over rows, as one would write it.
constexpr auto right = [](const auto& in) {
  const auto terms = in.log_variance - square(in.mean) - exp(in.log_variance) + 1.0;
  return in.reconstruction + 0.5 * mean(row_sums(terms));
};

/// The same, where log σ² lost its ½: log σ was meant, and log σ² was written.
constexpr auto wrong = [](const auto& in) {
  const auto terms = 2.0 * in.log_variance - square(in.mean) - exp(in.log_variance) + 1.0;
  return in.reconstruction + 0.5 * mean(row_sums(terms));
};

/// −log N(z; 0.3, 0.2²) at a draw of z: its expectation is the entropy.
double surprise(vade::RandomStream& stream) {
  const double z = 0.3 + 0.2 * stream.normal<double>();
  return -vade::testing::log_normal(z, 0.3, 2 * std::log(0.2));
}

int check() {
  const auto passes = check_vae_bound(right);
  std::printf("The bound\n%s\n", passes.text().c_str());

  const auto caught = check_vae_bound(wrong);
  std::printf("The bound without a half\n%s\n", caught.text().c_str());

  const double entropy = 0.5 * (1 + std::log(two_pi * 0.2 * 0.2));
  const auto agrees = expect_equal_in_expectation(entropy, surprise);
  std::printf("The entropy of a Gaussian\n%s\n\n", agrees.text().c_str());

  const double with_deviation = 0.5 * (1 + std::log(two_pi * 0.2));
  const auto differs = expect_equal_in_expectation(with_deviation, surprise);
  std::printf("The entropy with the deviation for the variance\n%s\n", differs.text().c_str());

  const bool as_expected = passes.passed && !caught.passed && agrees.passed && !differs.passed;
  std::printf("\n%s\n", as_expected ? "The right derivations pass, the wrong ones are caught." : "SOMETHING IS WRONG");
  return as_expected ? 0 : 1;
}

}  // namespace

int main() { return run_program("check_your_elbo", check); }
