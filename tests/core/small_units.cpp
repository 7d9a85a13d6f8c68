#include <vade/core/small_units.hpp>

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

TEST_CASE_TEMPLATE("Data whose squares keep their digits are left alone, smaller ones come near to 1 by a power of two",
                   T, float, double) {
  using Limits = std::numeric_limits<T>;
  for (const T value : {T(0), T(1), T(1e-9), Limits::max(), Limits::infinity(), Limits::quiet_NaN()})
    CHECK(vade::small_unit_factor(value) == 1);
  for (const T value : {Limits::min(), Limits::min() * T(1000), Limits::denorm_min()}) {
    const T factor = vade::small_unit_factor(value);
    int exponent = 0;
    CHECK(std::frexp(factor, &exponent) == T(0.5));  // a power of two
    CHECK(std::isfinite(factor));
    CHECK(value * factor / factor == value);
    CHECK((value * factor) * (value * factor) > 0);
    CHECK(vade::small_unit_factor(value * factor) == 1);
  }
  vade::Matrix<T> x(2, 2);
  x << 0, Limits::min(), -3 * Limits::min(), 0;
  CHECK(vade::small_unit_factor(x) == vade::small_unit_factor(3 * Limits::min()));
  CHECK(vade::small_unit_factor(vade::Matrix<T>(0, 2)) == 1);
}
