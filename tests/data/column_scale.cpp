// vade: tests of data/column_scale.hpp.
// SPDX-License-Identifier: MIT
#include <vade/data/column_scale.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <vade/core/random.hpp>

namespace {

using vade::ColumnScale;
using vade::Scaling;

vade::Matrix<double> scale_rows(vade::Index columns) {
  vade::Matrix<double> x(200, columns);
  vade::fill_normal(x, 9, vade::Purpose::user);
  return x;
}

vade::Matrix<float> scaled(const vade::Matrix<double>& x, Scaling scaling = Scaling::each_column) {
  const auto data = vade::Dataset::from_matrix(x);
  return ColumnScale(data, scaling).apply(data).matrix<float>();
}

}  // namespace

TEST_CASE("Each column comes to mean 0 and variance 1, or all of them to mean 0 and a mean variance of 1") {
  vade::Matrix<double> x = scale_rows(3);
  x.col(1) = 50 * x.col(1).array() - 7;
  for (const Scaling scaling : {Scaling::each_column, Scaling::all_columns}) {
    const vade::Matrix<float> z = scaled(x, scaling);
    const vade::RowVector<float> variances = z.colwise().squaredNorm() / 200;
    CHECK(z.colwise().mean().cwiseAbs().maxCoeff() < 1e-6f);
    CHECK(variances.mean() == doctest::Approx(1).epsilon(1e-5));
    CHECK((variances.array() - 1).abs().maxCoeff() < (scaling == Scaling::each_column ? 1e-5f : 3.0f));
  }
  CHECK(scaled(x, Scaling::none) == x.cast<float>());
}

TEST_CASE("Law: units and offsets of a column change no input beyond rounding, and powers of two change none at all") {
  const vade::Matrix<double> x = scale_rows(2);
  const vade::Matrix<float> z = scaled(x);
  for (const double unit : {1e-170, 1e-6, 1e-3, 1e3, 1e6, 1e160, 1e300}) {
    vade::Matrix<double> other = x;
    other.col(0) *= unit;
    CHECK((scaled(other) - z).cwiseAbs().maxCoeff() < 1e-6f);
  }
  for (const int power : {-900, -10, 10, 900}) {
    vade::Matrix<double> other = x;
    other.col(0) *= std::ldexp(1.0, power);
    CHECK(scaled(other) == z);
  }
  vade::Matrix<double> moved = x;
  moved.col(0).array() += 1e6;
  CHECK((scaled(moved) - z).cwiseAbs().maxCoeff() < 1e-6f);
}

TEST_CASE("Columns that are constant but for rounding are left out, and told") {
  vade::Matrix<double> x = scale_rows(4);
  x.col(0).setConstant(0.1);
  x.col(2) = vade::Matrix<double>::Constant(200, 1, 1e300);
  const auto data = vade::Dataset::from_matrix(x);
  const ColumnScale scale(data);
  CHECK(scale.columns() == std::vector<vade::Index>{1, 3});
  CHECK(scale.constant() == std::vector<vade::Index>{0, 2});
  CHECK(scale.mean().size() == 2);
  CHECK(scale.apply(data).columns() == 2);
  x.row(5).array() += 0.01;  // a later row may have another value there: the model does not see it
  CHECK(scale.apply(vade::Dataset::from_matrix(x)).columns() == 2);
  const auto constant = vade::Dataset::from_matrix(vade::Matrix<double>::Ones(3, 2));
  CHECK_THROWS_WITH_AS(ColumnScale{constant}, "ColumnScale: all columns are constant, wanted at least one that varies",
                       vade::ValueError);
}

TEST_CASE("One great value among small ones is an input, not an overflow") {
  vade::Matrix<double> x = scale_rows(2);
  x(7, 1) = 1e200;
  const vade::Matrix<float> z = scaled(x);
  CHECK(z(7, 1) == doctest::Approx(std::sqrt(199.0)).epsilon(1e-5));
  CHECK(z.col(0) == scaled(scale_rows(2)).col(0));
}

TEST_CASE("What float cannot hold is an error that names the column") {
  vade::Matrix<double> x = scale_rows(2);
  x(7, 1) = 1e200;
  const auto data = vade::Dataset::from_matrix(x);
  CHECK_THROWS_WITH_AS(
      ColumnScale(data, Scaling::none, {"a", "b"}).apply(data),
      "ColumnScale::apply: column 'b' has 1e+200 at row 7, which is too large after scaling: divide the "
      "column, or scale each column",
      vade::ValueError);
  const ColumnScale whole(data, Scaling::all_columns, {"a\n", "b"});
  CHECK_THROWS_WITH_AS(whole.check_spread(whole.apply(data)),
                       "ColumnScale: column 'a\\n' varies, but too little for float: scale each column",
                       vade::ValueError);
  x.col(1).setZero();
  x(7, 1) = 1e-310;
  CHECK_THROWS_WITH_AS(ColumnScale(vade::Dataset::from_matrix(x)),
                       doctest::Contains("column 1 has a standard deviation"), vade::ValueError);
  x.col(1).setConstant(1.7e308);
  x(0, 1) = -1.7e308;
  CHECK_THROWS_WITH_AS(scaled(x), doctest::Contains("column 1 has -1.7e+308 at row 0, which is too large"),
                       vade::ValueError);
}

TEST_CASE("Rows of another width, and other numbers of names, are refused") {
  const auto data = vade::Dataset::from_matrix(scale_rows(2));
  CHECK_THROWS_AS(ColumnScale(data, Scaling::none, {"a"}), vade::ShapeError);
  CHECK_THROWS_AS(ColumnScale(data).apply(vade::Dataset::from_matrix(scale_rows(3))), vade::ShapeError);
}
