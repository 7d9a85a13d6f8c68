#include <vade/models/detail/input_spread.hpp>

#include <vector>

#include <doctest/doctest.h>

#include "../../support/reference.hpp"

namespace input_spread_tests {

using vade::Dataset;
using vade::Matrix;
using vade::RowVector;
using vade::detail::InputSpread;

TEST_CASE("Means and variances of columns, in their units, with 0 for a column that is the same but for rounding") {
  Matrix<double> x = reference::normal_matrix(50, 3, 1);
  x.col(1) = (1e-5 * x.col(1).array() + 10).matrix();
  x.col(2) = (1e-9 * x.col(2).array() + 0.1).matrix();
  const InputSpread spread(Dataset::from_matrix(x));
  const RowVector<double> mean = x.colwise().mean();
  CHECK(spread.mean.isApprox(mean, 1e-12));
  CHECK(spread.variance(0) == doctest::Approx((x.col(0).array() - mean(0)).square().mean()).epsilon(1e-12));
  CHECK(spread.variance(1) == doctest::Approx((x.col(1).array() - mean(1)).square().mean()).scale(0).epsilon(1e-6));
  CHECK(spread.variance(2) == 0);
  const RowVector<double> floors = spread.floors();
  CHECK(floors(0) == doctest::Approx(1e-6 * spread.variance(0)).scale(0));
  CHECK(floors(1) == doctest::Approx(1e-6 * spread.variance(1)).scale(0));
  CHECK(floors(2) == spread.variance.mean());
  // A column in another unit has the floor in that unit.
  Matrix<double> other = x;
  other.col(0) *= 1e6;
  CHECK(InputSpread(Dataset::from_matrix(other)).floors()(0) == doctest::Approx(1e12 * floors(0)).scale(0));
}

TEST_CASE("Bytes count as values in [0, 1], and rows without any spread have floors of 1") {
  const InputSpread spread(Dataset::from_bytes({0, 51, 255, 51}, 2, 2));
  CHECK(spread.mean.isApprox(RowVector<double>{{0.5, 0.2}}, 1e-12));
  CHECK(spread.variance(0) == doctest::Approx(0.25));
  CHECK(spread.variance(1) == 0);
  CHECK(InputSpread(Dataset::from_bytes({7, 7}, 2, 1)).floors()(0) == 1);
}

}  // namespace input_spread_tests
