// vade: tests of core/checks.hpp.
// SPDX-License-Identifier: MIT
#include <vade/core/checks.hpp>

#include <limits>

#include <doctest/doctest.h>

#include "../support/extremes.hpp"

namespace {

using tests::infinity;
using tests::not_a_number;
using vade::Index;
using vade::Matrix;
using vade::RowVector;
using vade::ShapeError;
using vade::ValueError;

}  // namespace

TEST_CASE("A message joins its pieces and prints numbers so that they can be recognised") {
  CHECK(vade::detail::message("x is ", 3, ", wanted ", 0.25, "!") == "x is 3, wanted 0.25!");
  CHECK(vade::detail::message(0.123456789) == "0.123456789");
  CHECK(vade::detail::message(1.0f / 3.0f) == "0.333333343");
}

TEST_CASE("check_shape names who, what, got and wanted") {
  const Matrix<float> matrix = Matrix<float>::Zero(2, 3);
  CHECK_NOTHROW(vade::check_shape("fit", "x", matrix, 2, 3));
  CHECK_THROWS_WITH_AS(vade::check_shape("fit", "x", matrix, 2, 4), "fit: x is [2 x 3], wanted [2 x 4]", ShapeError);
  CHECK_THROWS_WITH_AS(vade::check_shape("fit", "x", matrix, 3, 3), "fit: x is [2 x 3], wanted [3 x 3]", ShapeError);
  CHECK_THROWS_WITH_AS(vade::check_shape("fit", "x", matrix, 3, 2), "fit: x is [2 x 3], wanted [3 x 2]", ShapeError);
}

TEST_CASE("check_width wants the columns and at least one row") {
  CHECK_NOTHROW(vade::check_width("predict", "x", Matrix<double>::Zero(1, 3), 3));
  CHECK_NOTHROW(vade::check_width("predict", "x", Matrix<double>::Zero(9, 3), 3));
  CHECK_THROWS_WITH_AS(vade::check_width("predict", "x", Matrix<double>::Zero(9, 2), 3),
                       "predict: x is [9 x 2], wanted [at least 1 x 3]", ShapeError);
  CHECK_THROWS_WITH_AS(vade::check_width("predict", "x", Matrix<double>::Zero(0, 3), 3),
                       "predict: x is [0 x 3], wanted [at least 1 x 3]", ShapeError);
}

TEST_CASE("check_same_count compares two counts") {
  CHECK_NOTHROW(vade::check_same_count("accuracy", "labels", 4, 4));
  CHECK_THROWS_WITH_AS(vade::check_same_count("accuracy", "labels", 3, 4), "accuracy: labels: got 3, wanted 4",
                       ShapeError);
}

TEST_CASE_TEMPLATE("check_finite finds the one bad entry wherever it is", T, float, double) {
  Matrix<T> matrix = Matrix<T>::Constant(3, 4, std::numeric_limits<T>::max());
  matrix(0, 1) = std::numeric_limits<T>::lowest();
  matrix(0, 2) = std::numeric_limits<T>::denorm_min();
  CHECK_NOTHROW(vade::check_finite("fit", "x", matrix));
  CHECK_NOTHROW(vade::check_finite("fit", "x", Matrix<T>(0, 4)));
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 4; ++j) {
      const std::string where =
          " at row " + std::to_string(i) + ", column " + std::to_string(j) + ", wanted finite values";
      const T kept = matrix(i, j);
      matrix(i, j) = not_a_number<T>;
      CHECK_THROWS_WITH_AS(vade::check_finite("fit", "x", matrix), ("fit: x has nan" + where).c_str(), ValueError);
      matrix(i, j) = infinity<T>;
      CHECK_THROWS_WITH_AS(vade::check_finite("fit", "x", matrix), ("fit: x has inf" + where).c_str(), ValueError);
      matrix(i, j) = -infinity<T>;
      CHECK_THROWS_WITH_AS(vade::check_finite("fit", "x", matrix), ("fit: x has -inf" + where).c_str(), ValueError);
      matrix(i, j) = kept;
    }
}

TEST_CASE("check_finite names the first of several bad entries") {
  Matrix<double> matrix = Matrix<double>::Zero(3, 3);
  matrix(1, 2) = not_a_number<double>;
  matrix(2, 0) = infinity<double>;
  CHECK_THROWS_WITH_AS(vade::check_finite("fit", "x", matrix),
                       "fit: x has nan at row 1, column 2, wanted finite values", ValueError);
}

TEST_CASE_TEMPLATE("check_range accepts its bounds and refuses NaN in every position", T, float, double) {
  Matrix<T> matrix(2, 3);
  matrix << 0, 1, T{0.5}, 1, 0, 0;
  const auto check = [&] { vade::check_range("fit", "x", matrix, T{0}, T{1}); };
  CHECK_NOTHROW(check());
  for (Index i = 0; i < 2; ++i)
    for (Index j = 0; j < 3; ++j) {
      const std::string where =
          " at row " + std::to_string(i) + ", column " + std::to_string(j) + ", wanted values in [0, 1]";
      const T kept = matrix(i, j);
      matrix(i, j) = not_a_number<T>;
      CHECK_THROWS_WITH_AS(check(), ("fit: x has nan" + where).c_str(), ValueError);
      matrix(i, j) = T{1.5};
      CHECK_THROWS_WITH_AS(check(), ("fit: x has 1.5" + where).c_str(), ValueError);
      matrix(i, j) = std::nextafter(T{1}, T{2});
      CHECK_THROWS_AS(check(), ValueError);
      matrix(i, j) = -std::numeric_limits<T>::denorm_min();
      CHECK_THROWS_AS(check(), ValueError);
      matrix(i, j) = kept;
    }
}

TEST_CASE("check_between accepts its bounds and refuses what is outside, and NaN") {
  CHECK_NOTHROW(vade::check_between("Options", "dropout", 0.0, 0.0, 1.0));
  CHECK_NOTHROW(vade::check_between("Options", "dropout", 1.0, 0.0, 1.0));
  CHECK_THROWS_WITH_AS(vade::check_between("Options", "dropout", 1.25, 0.0, 1.0),
                       "Options: dropout is 1.25, wanted a value in [0, 1]", ValueError);
  CHECK_THROWS_WITH_AS(vade::check_between("Options", "dropout", not_a_number<double>, 0.0, 1.0),
                       "Options: dropout is nan, wanted a value in [0, 1]", ValueError);
  CHECK_THROWS_WITH_AS(vade::check_between("Options", "threads", 0, 1, 1024),
                       "Options: threads is 0, wanted a value in [1, 1024]", ValueError);
}

TEST_CASE("check_at_least accepts its bound and refuses what is below or not finite, a word that counts are spared") {
  CHECK_NOTHROW(vade::check_at_least("Options", "epochs", 0, 0));
  CHECK_NOTHROW(vade::check_at_least("Options", "decay", 0.0f, 0.0f));
  CHECK_THROWS_WITH_AS(vade::check_at_least("Options", "epochs", -1, 0),
                       "Options: epochs is -1, wanted at least 0", ValueError);
  CHECK_THROWS_WITH_AS(vade::check_at_least("Options", "decay", not_a_number<double>, 0.0),
                       "Options: decay is nan, wanted at least 0, and finite", ValueError);
  CHECK_THROWS_WITH_AS(vade::check_at_least("Options", "decay", infinity<double>, 0.0),
                       "Options: decay is inf, wanted at least 0, and finite", ValueError);
}

TEST_CASE("check_positive refuses zero, negative numbers and what is not finite") {
  CHECK_NOTHROW(vade::check_positive("Adam", "rate", std::numeric_limits<double>::denorm_min()));
  CHECK_NOTHROW(vade::check_positive("Adam", "steps", 1));
  CHECK_THROWS_WITH_AS(vade::check_positive("Adam", "rate", 0.0), "Adam: rate is 0, wanted a positive, finite value",
                       ValueError);
  CHECK_THROWS_WITH_AS(vade::check_positive("Adam", "steps", 0), "Adam: steps is 0, wanted a positive value",
                       ValueError);
  for (const double bad : {-0.0, -1.0, not_a_number<double>, infinity<double>, -infinity<double>})
    CHECK_THROWS_AS(vade::check_positive("Adam", "rate", bad), ValueError);
}

TEST_CASE("check_simplex wants weights without a negative one that sum to one") {
  RowVector<float> weights(3);
  weights << 0.5f, 0.25f, 0.25f;
  CHECK_NOTHROW(vade::check_simplex("Mixture", "weights", weights));
  weights << 1.0f, 0.0f, 0.0f;
  CHECK_NOTHROW(vade::check_simplex("Mixture", "weights", weights));
  weights << 0.5f, 0.25f, 0.5f;
  CHECK_THROWS_WITH_AS(vade::check_simplex("Mixture", "weights", weights), "Mixture: weights sums to 1.25, wanted 1",
                       ValueError);
  weights << 1.5f, -0.5f, 0.0f;
  CHECK_THROWS_WITH_AS(vade::check_simplex("Mixture", "weights", weights),
                       "Mixture: weights has -0.5 at 1, wanted values in [0, 1]", ValueError);
  for (Index c = 0; c < 3; ++c) {
    weights << 0.5f, 0.25f, 0.25f;
    weights(c) = not_a_number<float>;
    CHECK_THROWS_AS(vade::check_simplex("Mixture", "weights", weights), ValueError);
    weights(c) = infinity<float>;
    CHECK_THROWS_AS(vade::check_simplex("Mixture", "weights", weights), ValueError);
  }
  CHECK_THROWS_WITH_AS(vade::check_simplex("Mixture", "weights", RowVector<float>(0)),
                       "Mixture: weights sums to 0, wanted 1", ValueError);
}

TEST_CASE("check_simplex takes its tolerance from the caller") {
  RowVector<double> weights(2);
  weights << 0.5, 0.5 + 1e-4;
  CHECK_THROWS_AS(vade::check_simplex("Mixture", "weights", weights), ValueError);
  CHECK_NOTHROW(vade::check_simplex("Mixture", "weights", weights, 1e-3));
}

TEST_CASE("check_labels wants labels from 0 to below the count") {
  CHECK_NOTHROW(vade::check_labels("accuracy", "truth", {0, 1, 2, 2}, 3));
  CHECK_NOTHROW(vade::check_labels("accuracy", "truth", {}, 3));
  CHECK_THROWS_WITH_AS(vade::check_labels("accuracy", "truth", {0, 1, 3}, 3),
                       "accuracy: truth has 3 at 2, wanted labels in [0, 3)", ValueError);
  CHECK_THROWS_WITH_AS(vade::check_labels("accuracy", "truth", {0, -1, 3}, 3),
                       "accuracy: truth has -1 at 1, wanted labels in [0, 3)", ValueError);
}
