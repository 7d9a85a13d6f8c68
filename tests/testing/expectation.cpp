// vade: tests of testing/expectation.hpp.
// SPDX-License-Identifier: MIT
#include <vade/testing/expectation.hpp>

#include <doctest/doctest.h>

namespace {

using vade::RandomStream;
using vade::testing::Estimate;
using vade::testing::expect_equal_in_expectation;
using vade::testing::ExpectationReport;
using vade::testing::monte_carlo;
using vade::testing::two_sided_quantile;

double square_of_a_draw(RandomStream& s) {
  const double z = 1 + 0.5 * s.normal<double>();
  return z * z;
}

}  // namespace

TEST_CASE("The three lines of the header pass, and a wrong expectation does not") {
  const ExpectationReport right = expect_equal_in_expectation(1.25, square_of_a_draw);
  CHECK_MESSAGE(right.passed, right.text());
  CHECK_FALSE(expect_equal_in_expectation(1.5, square_of_a_draw).passed);    // σ for σ²
  CHECK_FALSE(expect_equal_in_expectation(1.125, square_of_a_draw).passed);  // half of σ²
  CHECK_FALSE(expect_equal_in_expectation(0.75, square_of_a_draw).passed);   // a sign
}

TEST_CASE("The quantile is that of the standard normal, on both sides") {
  CHECK(two_sided_quantile(0.05) == doctest::Approx(1.959963984540054).epsilon(1e-12));
  CHECK(two_sided_quantile(1e-6) == doctest::Approx(4.891638475699).epsilon(1e-11));
  CHECK(two_sided_quantile(0.5) == doctest::Approx(0.6744897501960817).epsilon(1e-12));
}

TEST_CASE("A right expectation fails as often as stated, over fresh seeds") {
  int alarms = 0;
  const auto draw = [](RandomStream& s) { return s.normal<double>(); };
  for (std::uint64_t seed = 0; seed < 2000; ++seed)
    if (!expect_equal_in_expectation(0, draw, {.draws = 200, .seed = seed, .false_alarm = 0.1, .resolution = 1}).passed)
      ++alarms;
  CHECK(alarms > 200 - 5 * 13.5);  // 200 ± 5 standard deviations √(2000 · 0.1 · 0.9)
  CHECK(alarms < 200 + 5 * 13.5);
}

TEST_CASE("Mean and standard error are those of the draws") {
  int i = 0;
  const Estimate estimate = monte_carlo(4, 1, [&i](RandomStream&) { return std::pow(10.0, i++); });
  CHECK(estimate.mean == doctest::Approx(277.75));
  const double squares = std::pow(276.75, 2) + std::pow(267.75, 2) + std::pow(177.75, 2) + std::pow(722.25, 2);
  CHECK(estimate.standard_error == doctest::Approx(std::sqrt(squares / 3 / 4)));
  CHECK(estimate.distance(277.75 + 2 * estimate.standard_error) == doctest::Approx(2));
}

TEST_CASE("The same seed gives the same draws, another one others") {
  const auto draw = [](RandomStream& s) { return s.normal<double>(); };
  CHECK(monte_carlo(100, 3, draw).mean == monte_carlo(100, 3, draw).mean);
  CHECK(monte_carlo(100, 3, draw).mean != monte_carlo(100, 4, draw).mean);
}

TEST_CASE("Draws that are all equal pass where they are right to rounding, and nowhere else") {
  const auto constant = [](RandomStream&) { return 0.1; };
  CHECK(expect_equal_in_expectation(0.1, constant).passed);
  CHECK_FALSE(expect_equal_in_expectation(0.1 + 1e-9, constant).passed);
}

TEST_CASE("A mean that is known too badly shows nothing, and fails") {
  const auto noisy = [](RandomStream& s) { return 100 * s.normal<double>(); };
  const ExpectationReport report = expect_equal_in_expectation(0, noisy, {.draws = 1000});
  CHECK(report.distance < report.allowed);
  CHECK_FALSE(report.resolved);
  CHECK_FALSE(report.passed);
  CHECK(report.text().find("wanted more draws") != std::string::npos);
}

TEST_CASE("NaN never passes") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(expect_equal_in_expectation(0, [nan](RandomStream&) { return nan; }).passed);
  CHECK_FALSE(expect_equal_in_expectation(nan, square_of_a_draw).passed);
}

TEST_CASE("The text has both numbers, the error and the distance") {
  const std::string text = expect_equal_in_expectation(2, square_of_a_draw, {.draws = 1000}).text();
  for (const char* part : {"wanted 2", "1000 draws", "standard error", "allowed 4.89"})
    CHECK_MESSAGE(text.find(part) != std::string::npos, text);
}

TEST_CASE("Options out of range are refused by name") {
  CHECK_THROWS_WITH_AS(expect_equal_in_expectation(0, square_of_a_draw, {.draws = 1}),
                       "ExpectationOptions: draws is 1, wanted at least 2", vade::ValueError);
  CHECK_THROWS_AS(expect_equal_in_expectation(0, square_of_a_draw, {.false_alarm = 0}), vade::ValueError);
  CHECK_THROWS_AS(expect_equal_in_expectation(0, square_of_a_draw, {.resolution = 0}), vade::ValueError);
}
