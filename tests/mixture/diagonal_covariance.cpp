// vade: tests of mixture/diagonal_covariance.hpp, against plain double loops.
// SPDX-License-Identifier: MIT
#include <vade/mixture/diagonal_covariance.hpp>

#include <algorithm>
#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include "../support/extremes.hpp"
#include "../support/message_of.hpp"
#include "../support/reference.hpp"

namespace {

using reference::normal_matrix;
using tests::message_of;
using vade::DiagonalCovariance;
using vade::Index;
using vade::Matrix;
using vade::RowVector;

/// Means, variances and an origin of K components in J dimensions.
struct Components {
  Matrix<double> means, variances;
  RowVector<double> origin;

  Components(Index clusters, Index latent)
      : means(normal_matrix(clusters, latent, 1, 2)),
        variances(normal_matrix(clusters, latent, 2).array().exp()),
        origin(normal_matrix(1, latent, 3, 5)) {}
};

/// Rows of x relative to an origin, and responsibilities that sum to one in each row.
struct Weighted {
  Matrix<double> x, responsibilities;
  RowVector<double> origin;

  Weighted(Index rows, Index latent, Index clusters, std::uint64_t seed)
      : x(normal_matrix(rows, latent, seed, 2)),
        responsibilities(normal_matrix(rows, clusters, seed + 1).array().exp()),
        origin(RowVector<double>::LinSpaced(latent, -1, 3)) {
    for (Index i = 0; i < rows; ++i) responsibilities.row(i) /= responsibilities.row(i).sum();
  }

  void add_to(DiagonalCovariance::Moments& moments, const Matrix<double>& about) const {
    vade::detail::SampleTile<double> tile(x.rows(), x.cols());
    tile.load(x, 0, x.rows(), origin.data());
    vade::detail::TileBuffer<double> r(x.rows(), responsibilities.cols());  // zero in padded rows
    for (Index k = 0; k < responsibilities.cols(); ++k)
      for (Index i = 0; i < x.rows(); ++i) r.column(k)[i] = responsibilities(i, k);
    moments.add(tile, r, about);
  }
};

}  // namespace

TEST_CASE("A component has one free variance for each dimension") {
  CHECK(DiagonalCovariance::parameters(10, 7) == 70);
  CHECK(DiagonalCovariance::Moments::size(7) == 15);  // N_k, and two sums for each dimension
}

TEST_CASE("Casting variances rounds each entry, and keeps its place") {
  const Matrix<double> wide = normal_matrix(3, 4, 1).array().exp();
  const Matrix<float> narrow = DiagonalCovariance::cast<float>(wide);
  for (Index k = 0; k < 3; ++k)
    for (Index j = 0; j < 4; ++j) CHECK(narrow(k, j) == static_cast<float>(wide(k, j)));
  CHECK(DiagonalCovariance::cast<double>(narrow) == narrow.cast<double>());
}

TEST_CASE("Variances that are not positive and finite, or of another shape, are refused with their place") {
  Matrix<double> variances = Matrix<double>::Ones(2, 3);
  CHECK_NOTHROW(DiagonalCovariance::check("fit", variances, 2, 3));
  CHECK(message_of<vade::ShapeError>([&] { DiagonalCovariance::check("fit", variances, 3, 2); }) ==
        "fit: variances is [2 x 3], wanted [3 x 2]");
  variances(1, 2) = tests::not_a_number<double>;
  CHECK(message_of<vade::ValueError>([&] { DiagonalCovariance::check("fit", variances, 2, 3); }) ==
        "fit: variances has nan at row 1, column 2, wanted finite values");
  for (const double bad : {0.0, -0.5}) {
    variances(1, 2) = bad;
    CHECK(message_of<vade::ValueError>([&] { DiagonalCovariance::check("fit", variances, 2, 3); }) ==
          "fit: component 1 has variance " + vade::detail::message(bad) +
              " in dimension 2, wanted a positive one (raise variance_floor)");
  }
}

TEST_CASE("isotropic gives every component the variances of the data, replace and widen change them") {
  const RowVector<double> variance = normal_matrix(1, 4, 1).array().exp();
  Matrix<double> spread = DiagonalCovariance::isotropic(variance, 3);
  REQUIRE(spread.rows() == 3);
  for (Index k = 0; k < 3; ++k) CHECK(spread.row(k) == variance);

  const Matrix<double> before = spread, other = normal_matrix(1, 4, 2).array().exp();
  DiagonalCovariance::replace(spread, other, 1);
  CHECK(spread.row(0) == before.row(0));
  CHECK(spread.row(1) == other.row(0));
  CHECK(spread.row(2) == before.row(2));
  CHECK(DiagonalCovariance::variances(spread, 1) == other.row(0));
  DiagonalCovariance::widen(spread, variance);
  CHECK(spread.row(0) == before.row(0) + variance);
  CHECK(spread.row(1) == other.row(0) + variance);
}

TEST_CASE("log_normaliser_k = −½ (J log 2π + Σ_j log σ²_kj)") {
  const Components c(5, 4);
  const DiagonalCovariance::Density density(c.means, c.variances, c.origin);
  REQUIRE(density.log_normaliser().size() == 5);
  for (Index k = 0; k < 5; ++k) {
    double product = 1;
    for (Index j = 0; j < 4; ++j) product *= 2 * reference::pi * c.variances(k, j);
    CHECK(density.log_normaliser()(k) == doctest::Approx(-0.5 * std::log(product)).epsilon(1e-13));
  }
}

TEST_CASE("squares are Σ_j ((x_j − μ_kj) / σ_kj)², for any number of rows and components, whatever the origin") {
  for (const Index clusters : {1, 2, 3, 4, 5, 7, 10})  // whole blocks, pairs, and one left over
    for (const Index rows : {1, 31, 32, 70}) {
      CAPTURE(clusters);
      CAPTURE(rows);
      const Components c(clusters, 6);
      const DiagonalCovariance::Density density(c.means, c.variances, c.origin);
      const Matrix<double> x = normal_matrix(rows, 6, 4, 3);
      vade::detail::SampleTile<double> tile(rows, 6);
      tile.load(x, 0, rows, c.origin.data());
      vade::detail::TileBuffer<double> out(rows, clusters);
      density.squares(tile, out);
      double worst = 0;
      for (Index i = 0; i < rows; ++i)
        for (Index k = 0; k < clusters; ++k) {
          double square = 0;
          for (Index j = 0; j < 6; ++j) {
            const double distance = x(i, j) - c.means(k, j);
            square += distance * distance / c.variances(k, j);
          }
          worst = std::max(worst, std::abs(out.column(k)[i] - square) / (1 + square));
        }
      CHECK(worst < 1e-11);  // squares of differences as large as the origin have been rounded
    }
}

TEST_CASE("A draw deviates from its mean by σ_kj ε_j") {
  const Components c(3, 4);
  const DiagonalCovariance::Density density(c.means, c.variances, c.origin);
  const RowVector<double> noise = normal_matrix(1, 4, 5);
  for (Index k = 0; k < 3; ++k) {
    RowVector<double> draw = noise;
    density.colour(k, draw);
    for (Index j = 0; j < 4; ++j)
      CHECK(draw(j) == doctest::Approx(std::sqrt(c.variances(k, j)) * noise(j)).epsilon(1e-14));
  }
}

TEST_CASE("The weighted moments, about any point, give N_k = Σ r, the weighted mean, and its variance plus the floor") {
  for (const Index clusters : {1, 3, 4, 6}) {
    CAPTURE(clusters);
    const Weighted first(45, 5, clusters, 10), second(8, 5, clusters, 20);
    DiagonalCovariance::Moments moments(clusters, 5), rest(clusters, 5);
    const Matrix<double> about = normal_matrix(clusters, 5, 40, 3);
    first.add_to(moments, about);
    second.add_to(rest, about);
    moments += rest;  // sums of parts are the sums of the whole

    Matrix<double> x(53, 5), r(53, clusters);
    x << first.x, second.x;
    r << first.responsibilities, second.responsibilities;
    constexpr double floor = 0.125;
    Matrix<double> means = about, variances(clusters, 5);
    for (Index k = 0; k < clusters; ++k) {
      CHECK(moments.estimate(k, RowVector<double>::Constant(5, floor), means, variances));
      double mass = 0;
      for (Index i = 0; i < 53; ++i) mass += r(i, k);
      CHECK(moments.mass(k) == doctest::Approx(mass).epsilon(1e-13));
      for (Index j = 0; j < 5; ++j) {
        double mean = 0, variance = 0;
        for (Index i = 0; i < 53; ++i) mean += r(i, k) * x(i, j) / mass;
        for (Index i = 0; i < 53; ++i) variance += r(i, k) * (x(i, j) - mean) * (x(i, j) - mean) / mass;
        CHECK(means(k, j) + first.origin(j) == doctest::Approx(mean).epsilon(1e-12));
        CHECK(variances(k, j) == doctest::Approx(variance + floor).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("A component of one row has that row as its mean, and the floor as its variance, never less") {
  Weighted one(3, 2, 2, 30);
  one.responsibilities << 1, 0, 0, 1, 0, 1;
  DiagonalCovariance::Moments moments(2, 2);
  Matrix<double> means = one.x.topRows(2).rowwise() - one.origin, variances(2, 2);
  one.add_to(moments, means);
  CHECK(moments.estimate(0, RowVector<double>::Constant(2, 1e-6), means, variances));
  for (Index j = 0; j < 2; ++j) {
    CHECK(means(0, j) + one.origin(j) == doctest::Approx(one.x(0, j)).epsilon(1e-15));
    CHECK(variances(0, j) >= 1e-6);
    CHECK(variances(0, j) == doctest::Approx(1e-6).epsilon(1e-6).scale(0));
  }
}

TEST_CASE("Moments about a point that is many spreads away say that the variance lacks digits, and find the mean") {
  Weighted rows(50, 2, 1, 50);
  rows.responsibilities.setOnes();
  const Matrix<double> mean = rows.x.colwise().mean() - rows.origin;
  for (const double away : {1.0, 1e3, 1e9}) {
    CAPTURE(away);
    DiagonalCovariance::Moments moments(1, 2);
    Matrix<double> means = mean.array() + away, variances(1, 2);
    rows.add_to(moments, means);
    CHECK(moments.estimate(0, RowVector<double>::Zero(2), means, variances) == (away == 1));
    CHECK((means - mean).cwiseAbs().maxCoeff() < 1e-15 * (1 + away));
    DiagonalCovariance::Moments again(1, 2);
    rows.add_to(again, means);
    CHECK(again.estimate(0, RowVector<double>::Zero(2), means, variances));
    for (Index j = 0; j < 2; ++j) {
      const double wanted = (rows.x.col(j).array() - rows.x.col(j).mean()).square().mean();
      CHECK(variances(0, j) == doctest::Approx(wanted).epsilon(1e-13));
    }
  }
}
