// vade: principal components, against cases that are solved by hand.
// SPDX-License-Identifier: MIT
#include <vade/report/projection.hpp>

#include <doctest/doctest.h>

#include <limits>

#include <vade/core/random.hpp>

using namespace vade::report;
using vade::Index;

TEST_CASE_TEMPLATE("points on a line have one component, along it", T, float, double) {
  vade::Matrix<T> x(5, 2);
  for (Index i = 0; i < 5; ++i) x.row(i) << static_cast<T>(10 - 3 * i), static_cast<T>(1 + 4 * i);
  const auto pca = principal_components(x, 2);
  CHECK(pca.mean(0) == doctest::Approx(4));
  CHECK(pca.mean(1) == doctest::Approx(9));
  CHECK(pca.components(0, 0) == doctest::Approx(-0.6));  // the larger entry is the positive one
  CHECK(pca.components(0, 1) == doctest::Approx(0.8));
  CHECK(pca.variance(0) == doctest::Approx(25 * 2.5));  // steps of length 5; 0 ... 4 has variance 2.5
  CHECK(static_cast<double>(pca.variance(1)) < 1e-5);
  CHECK(pca.explained(0) == doctest::Approx(1));
  const vade::Matrix<T> z = project(pca, x);
  CHECK(z(0, 0) == doctest::Approx(-10));
  CHECK(z(4, 0) == doctest::Approx(10));
}

TEST_CASE("components are orthonormal, sorted, and the projection has their variances and no correlation") {
  vade::Matrix<double> x(3000, 6), mixing(6, 6);  // more rows than one block
  vade::fill_normal(x, 1, vade::Purpose::user);
  vade::fill_normal(mixing, 2, vade::Purpose::user);
  x = (x * mixing).eval();
  x.rowwise() += mixing.row(0) * 100;
  const auto pca = principal_components(x, 6);
  CHECK((pca.components * pca.components.transpose()).isIdentity(1e-10));
  const vade::Matrix<double> z = project(pca, x);
  const vade::Matrix<double> covariance = z.transpose() * z / 2999;
  const vade::Matrix<double> wanted = vade::Matrix<double>(pca.variance.asDiagonal());
  CHECK((covariance - wanted).cwiseAbs().maxCoeff() < 1e-8 * pca.total_variance);
  for (Index i = 1; i < 6; ++i) CHECK(pca.variance(i) <= pca.variance(i - 1));
  CHECK(pca.variance.sum() == doctest::Approx(pca.total_variance));
  CHECK(((z * pca.components).rowwise() + pca.mean).isApprox(x, 1e-10));  // all components give the data back
  for (Index i = 0; i < 6; ++i) {
    Index largest = 0;
    pca.components.row(i).cwiseAbs().maxCoeff(&largest);
    CHECK(pca.components(i, largest) > 0);
  }
}

TEST_CASE("fewer components are the first ones, and mirrored data have the same directions") {
  vade::Matrix<float> x(200, 4);
  vade::fill_normal(x, 3, vade::Purpose::user);
  x.col(2) *= 5;
  const auto all = principal_components(x, 4);
  const auto two = principal_components(x, 2);
  CHECK(two.components == all.components.topRows(2));
  CHECK(principal_components(-x, 2).components.isApprox(two.components, 1e-5f));
}

TEST_CASE("a far-off mean costs no digits: sums are taken in double") {
  vade::Matrix<float> x(4096, 2);
  for (Index i = 0; i < 4096; ++i) x.row(i) << 4096.0f + static_cast<float>(i % 2), 4096.0f;
  const auto pca = principal_components(x, 1);
  CHECK(pca.mean(0) == doctest::Approx(4096.5));
  CHECK(pca.variance(0) == doctest::Approx(0.25 * 4096 / 4095).epsilon(1e-6));
}

TEST_CASE("data that do not vary explain nothing, and are no error") {
  const vade::Matrix<double> x = vade::Matrix<double>::Constant(5, 3, 2);
  const auto pca = principal_components(x, 2);
  CHECK(pca.explained(0) == 0);
  CHECK(project(pca, x).isZero());
}

TEST_CASE("covariances of more columns than memory holds are refused with their size") {
  CHECK_THROWS_WITH_AS(principal_components(vade::Matrix<float>::Zero(2, 1600000).eval(), 1),
                       doctest::Contains("principal_components: covariances of 1600000 columns take"), vade::ResourceError);
}

TEST_CASE("what has no components is refused") {
  vade::Matrix<double> x = vade::Matrix<double>::Zero(5, 3);
  CHECK_THROWS_WITH_AS(principal_components(x, 4), "principal_components: count is 4, wanted a value in [1, 3]",
                       vade::ValueError);
  CHECK_THROWS_AS(principal_components(x, 0), vade::ValueError);
  CHECK_THROWS_AS(principal_components(x.topRows(1), 1), vade::ValueError);
  CHECK_THROWS_AS(principal_components(vade::Matrix<double>(5, 0), 1), vade::ValueError);
  const auto pca = principal_components(x, 2);
  CHECK_THROWS_AS(project(pca, vade::Matrix<double>::Zero(5, 2)), vade::ShapeError);
  x(3, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH_AS(principal_components(x, 1),
                       "principal_components: x has nan at row 3, column 1, wanted finite values", vade::ValueError);
}
