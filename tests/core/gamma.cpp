#include <vade/core/gamma.hpp>

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

namespace gamma_tests {

using doctest::Approx;
using vade::digamma;
using vade::log_gamma;
using vade::stirling_remainder;

TEST_CASE("The gamma function of whole numbers is a factorial") {
  double log_factorial = 0;  // log (n − 1)!
  for (int n = 1; n <= 170; ++n) {
    CHECK(log_gamma(n) == Approx(log_factorial).epsilon(4e-15));
    log_factorial += std::log(static_cast<double>(n));
  }
}

TEST_CASE("log Γ has its known values between whole numbers and far from one") {
  CHECK(log_gamma(0.5) == Approx(0.5723649429247000870717136756765293558).epsilon(4e-15));   // log √π
  CHECK(log_gamma(1.5) == Approx(-0.12078223763524522234551844578164721225).epsilon(4e-15));
  CHECK(log_gamma(1e-3) == Approx(6.907178885383854).epsilon(1e-14));
  CHECK(log_gamma(1e-300) == Approx(300 * std::log(10.0)).epsilon(1e-14));
  CHECK(log_gamma(123.456) == Approx(469.60554712992956).epsilon(1e-14));
  CHECK(log_gamma(1e10) == Approx(220258509288.81058).epsilon(1e-14));
}

TEST_CASE("log Γ follows Γ(x + 1) = x Γ(x), across the border of its series") {
  for (double x = 0.05; x < 40; x += 0.173) CHECK(log_gamma(x + 1) == Approx(log_gamma(x) + std::log(x)).epsilon(1e-14));
}

TEST_CASE("ψ has its known values and follows ψ(x + 1) = ψ(x) + 1/x") {
  CHECK(digamma(1) == Approx(-0.57721566490153286060651209).epsilon(4e-15));  // minus Euler's constant
  CHECK(digamma(0.5) == Approx(-1.9635100260214234794409763).epsilon(4e-15));
  CHECK(digamma(1e8) == Approx(18.420680738952366).epsilon(1e-15));
  for (double x = 0.05; x < 40; x += 0.173) CHECK(digamma(x + 1) == Approx(digamma(x) + 1 / x).epsilon(1e-14));
}

TEST_CASE("ψ is the derivative of log Γ") {
  for (const double x : {0.3, 1.0, 7.7, 11.9, 12.1, 55.0}) {
    const double h = 1e-5 * x;
    CHECK((log_gamma(x + h) - log_gamma(x - h)) / (2 * h) == Approx(digamma(x)).epsilon(1e-8));
  }
}

TEST_CASE("P.2: Stirling's remainder is what his formula leaves, positive and about 1 / (12 x)") {
  for (const double x : {0.25, 1.0, 5.0, 11.99, 12.0, 40.0}) {
    const double formula = (vade::log_two_pi<double> + std::log(x)) / 2 + x * std::log(x) - x;
    CHECK(stirling_remainder(x) == Approx(log_gamma(x + 1) - formula).epsilon(4e-14));
    CHECK(stirling_remainder(x) > 0);
    CHECK(stirling_remainder(x) < 1 / (12 * x));
  }
  CHECK(stirling_remainder(1e9) * 12e9 == Approx(1).epsilon(1e-12));
}

TEST_CASE("Arguments that are not positive give NaN") {
  for (const double x : {0.0, -1.0, -2.5, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK(std::isnan(log_gamma(x)));
    CHECK(std::isnan(digamma(x)));
    CHECK(std::isnan(stirling_remainder(x)));
  }
}

}  // namespace gamma_tests
