#include <vade/nn/initialiser.hpp>

#include <cmath>

#include <doctest/doctest.h>

namespace {

using vade::Index;
using vade::initial_weights;
using vade::Initialiser;
using vade::Matrix;

/// Mean, and second and fourth moment about zero.
struct Moments {
  double first = 0;
  double second = 0;
  double fourth = 0;
};

Moments moments(const Matrix<double>& m) {
  return {m.mean(), m.array().square().mean(), m.array().square().square().mean()};
}

}  // namespace

TEST_CASE("He weights are normal with variance 2 / inputs") {
  const Index inputs = 300, outputs = 400;
  const Moments m = moments(initial_weights<double>(Initialiser::he, inputs, outputs, 1, 0));
  const double n = static_cast<double>(inputs * outputs), variance = 2.0 / static_cast<double>(inputs);
  // Five standard errors: Var[w] = v, Var[w²] = 2 v², Var[w⁴] = 96 v⁴. The fourth moment tells a normal from others.
  CHECK(std::abs(m.first) < 5 * std::sqrt(variance / n));
  CHECK(std::abs(m.second - variance) < 5 * variance * std::sqrt(2 / n));
  CHECK(std::abs(m.fourth - 3 * variance * variance) < 5 * variance * variance * std::sqrt(96 / n));
}

TEST_CASE("Glorot weights are uniform within the root of 6 / (inputs + outputs)") {
  const Index inputs = 300, outputs = 400;
  const Matrix<double> w = initial_weights<double>(Initialiser::glorot, inputs, outputs, 1, 0);
  const Moments m = moments(w);
  const double n = static_cast<double>(inputs * outputs);
  const double bound = std::sqrt(6.0 / static_cast<double>(inputs + outputs));
  const double variance = bound * bound / 3;  // Var[w²] = b⁴ (1/5 − 1/9), Var[w⁴] = b⁸ (1/9 − 1/25)
  CHECK(std::abs(m.first) < 5 * std::sqrt(variance / n));
  CHECK(std::abs(m.second - variance) < 5 * std::pow(bound, 2) * std::sqrt((1.0 / 5 - 1.0 / 9) / n));
  CHECK(std::abs(m.fourth - std::pow(bound, 4) / 5) < 5 * std::pow(bound, 4) * std::sqrt((1.0 / 9 - 1.0 / 25) / n));
  CHECK(w.cwiseAbs().maxCoeff() <= bound);
  CHECK(w.maxCoeff() > 0.999 * bound);
  CHECK(w.minCoeff() < -0.999 * bound);
}

TEST_CASE("He looks at the inputs alone, Glorot at both sides") {
  const auto variance = [](Initialiser initialiser, Index inputs, Index outputs) {
    return moments(initial_weights<double>(initialiser, inputs, outputs, 3, 0)).second;
  };
  CHECK(variance(Initialiser::he, 100, 900) == doctest::Approx(2.0 / 100).epsilon(0.05).scale(0));
  CHECK(variance(Initialiser::he, 900, 100) == doctest::Approx(2.0 / 900).epsilon(0.05).scale(0));
  CHECK(variance(Initialiser::glorot, 100, 900) == doctest::Approx(2.0 / 1000).epsilon(0.05).scale(0));
  CHECK(variance(Initialiser::glorot, 900, 100) == doctest::Approx(2.0 / 1000).epsilon(0.05).scale(0));
}

TEST_CASE("Zero weights are zero") {
  CHECK(initial_weights<float>(Initialiser::zero, 3, 4, 1, 0) == Matrix<float>::Zero(3, 4));
}

TEST_CASE("Weights depend on seed and layer, and on nothing else") {
  for (const Initialiser initialiser : {Initialiser::he, Initialiser::glorot}) {
    const Matrix<double> w = initial_weights<double>(initialiser, 5, 7, 42, 3);
    CHECK(initial_weights<double>(initialiser, 5, 7, 42, 3) == w);
    CHECK(initial_weights<double>(initialiser, 5, 7, 43, 3) != w);
    CHECK(initial_weights<double>(initialiser, 5, 7, 42, 4) != w);
    CHECK(initial_weights<double>(initialiser, 5, 7, 42 + (std::uint64_t{1} << 32), 3) != w);  // the seed has 64 bits
  }
}

TEST_CASE("Weights in float are those in double, rounded") {
  for (const Initialiser initialiser : {Initialiser::he, Initialiser::glorot})
    CHECK(initial_weights<float>(initialiser, 9, 4, 7, 1) ==
          Matrix<float>(initial_weights<double>(initialiser, 9, 4, 7, 1).cast<float>()));
}

TEST_CASE("One input and one output are enough") {
  CHECK(std::isfinite(initial_weights<float>(Initialiser::he, 1, 1, 1, 0)(0, 0)));
  CHECK(std::abs(initial_weights<double>(Initialiser::glorot, 1, 1, 1, 0)(0, 0)) <= std::sqrt(3.0));
}
