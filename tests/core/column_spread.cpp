// vade: tests of core/column_spread.hpp.
// SPDX-License-Identifier: MIT
#include <vade/core/column_spread.hpp>

#include <array>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "../support/extremes.hpp"

#include <vade/core/random.hpp>

namespace {

using vade::column_spread;
using vade::ColumnSpread;

template <class T>
vade::Matrix<T> rows_with_spread(vade::Index rows, vade::Index columns) {
  vade::Matrix<T> x(rows, columns);
  vade::fill_normal(x, 4, vade::Purpose::user);
  return x;
}

}  // namespace

TEST_CASE("Means and deviations are those of long double") {
  const vade::Matrix<double> x = rows_with_spread<double>(301, 3);
  const ColumnSpread spread = column_spread<double>(x);
  for (vade::Index j = 0; j < 3; ++j) {
    long double mean = 0, squares = 0;
    for (vade::Index i = 0; i < 301; ++i) mean += static_cast<long double>(x(i, j)) / 301;
    for (vade::Index i = 0; i < 301; ++i) squares += std::pow(static_cast<long double>(x(i, j)) - mean, 2.0L);
    CHECK(spread.mean(j) == doctest::Approx(static_cast<double>(mean)).epsilon(1e-14).scale(1));
    CHECK(spread.deviation(j) ==
          doctest::Approx(static_cast<double>(std::sqrt(squares / 301))).epsilon(1e-14).scale(0));
    CHECK(spread.varies(j));
  }
}

TEST_CASE_TEMPLATE("A power of two in a unit changes deviations by exactly that, whatever its squares would be", T,
                   float, double) {
  const vade::Matrix<T> x = rows_with_spread<T>(50, 2);
  const ColumnSpread before = column_spread<T>(x);
  constexpr int most = std::numeric_limits<T>::max_exponent - 4, least = std::numeric_limits<T>::min_exponent / 2;
  for (const int power : {most, most / 2 + 3, 10, -10, least - 3}) {
    vade::Matrix<T> other = x;
    other.col(1) = other.col(1).unaryExpr([&](T value) { return std::ldexp(value, power); });
    const ColumnSpread after = column_spread<T>(other);
    CHECK(after.deviation(0) == before.deviation(0));
    CHECK(after.deviation(1) == std::ldexp(before.deviation(1), power));
    CHECK(after.mean(1) == std::ldexp(before.mean(1), power));
  }
}

TEST_CASE("A deviation survives a great offset, as far as the values do") {
  const vade::Matrix<double> x = rows_with_spread<double>(1000, 1);
  const double wanted = column_spread<double>(x).deviation(0);
  for (const double offset : {1e3, 1e6, -1e9}) {
    const vade::Matrix<double> moved = x.array() + offset;
    CHECK(column_spread<double>(moved).deviation(0) ==
          doctest::Approx(wanted).epsilon(1e-15 * std::abs(offset)).scale(0));
  }
}

TEST_CASE_TEMPLATE("A constant column has a deviation of exactly 0, whatever the constant and the number of rows", T,
                   float, double) {
  constexpr T largest = std::numeric_limits<T>::max(), smallest = std::numeric_limits<T>::denorm_min();
  for (const T value : {T(0), T(0.1), T(-1) / 3, T(1e30), T(1e-30), largest, -largest, smallest})
    for (const vade::Index rows : {1, 7, 1000, 100003}) {
      const ColumnSpread spread = column_spread<T>(vade::Matrix<T>::Constant(rows, 1, value));
      CHECK(spread.deviation(0) == 0);
      CHECK_FALSE(spread.varies(0));
      CHECK(spread.mean(0) == static_cast<double>(value));
    }
}

TEST_CASE_TEMPLATE("Different roundings of one number are no spread, and four of them are", T, float, double) {
  for (const T value : {T(0.1), T(-1000)}) {
    const T next = std::nextafter(value, T(2000));
    vade::Matrix<T> x(4, 1);
    x << value, next, value, value;
    CHECK(column_spread<T>(x).deviation(0) == 0);
    x << value, value * (T(1) + T(8) * std::numeric_limits<T>::epsilon()), value, value;
    CHECK(column_spread<T>(x).deviation(0) > 0);
  }
}

TEST_CASE("One great value among small ones is a spread, not an overflow") {
  vade::Matrix<double> x = rows_with_spread<double>(120, 2);
  x(7, 1) = 1e200;
  CHECK(column_spread<double>(x).deviation(1) ==
        doctest::Approx(1e200 * std::sqrt(119.0) / 120).epsilon(1e-12).scale(0));
  x.col(1) = vade::Matrix<double>::Constant(120, 1, 1.7e308);
  x(0, 1) = -1.7e308;
  CHECK(std::isfinite(column_spread<double>(x).deviation(1)));
  CHECK(std::isfinite(column_spread<double>(x).mean(1)));
}

TEST_CASE("Rows are wanted, and finite values") {
  CHECK_THROWS_AS(column_spread<double>(vade::Matrix<double>(0, 2)), vade::ValueError);
  vade::Matrix<double> x = vade::Matrix<double>::Ones(2, 2);
  for (const double bad : {tests::not_a_number<double>, tests::infinity<double>}) {
    x(1, 0) = bad;
    CHECK_THROWS_WITH_AS(column_spread<double>(x), doctest::Contains("row 1, column 0"), vade::ValueError);
  }
}
