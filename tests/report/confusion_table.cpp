// vade: the table of counts, its shades and its names.
// SPDX-License-Identifier: MIT
#include <vade/report/confusion_table.hpp>

#include <doctest/doctest.h>

#include "../support/extremes.hpp"
#include "support.hpp"

using namespace vade::report;
using tests::count;
using vade::Image;
using vade::Index;
using vade::Matrix;

TEST_CASE("a cell is as dark as its share of its row") {
  Matrix<double> counts(2, 2);
  counts << 3000, 1000, 0, 7;
  const Image image = confusion_table(counts, {.cell = 80});
  const Index most = 78 * 78 * 6 / 10;  // of a cell; the rest is its number
  CHECK(count(image, sequential(0.75)) > most);
  CHECK(count(image, sequential(0.25)) > most);
  CHECK(count(image, sequential(1)) > most);  // 7 of 7, however few
  CHECK(count(image, sequential(0.5)) < 20);
}

TEST_CASE("counts may be whole numbers, rows may be empty, tables need not be square") {
  Eigen::Matrix<std::int64_t, 2, 3> counts;
  counts << 0, 0, 0, 1, 2, 3;
  const Image image = confusion_table(counts, {.cell = 50});
  CHECK(count(image, sequential(0.5)) > 100);
  CHECK(image.width > 3 * 50);
}

TEST_CASE("long names of columns stand upright and take height") {
  const Matrix<double> counts = Matrix<double>::Ones(2, 2);
  const Image plain = confusion_table(counts);
  const Image named = confusion_table(counts, {.column_names = {"a very long name", "b"}});
  CHECK(named.height > plain.height + 80);
  CHECK(named.width == plain.width);
  CHECK(confusion_table(counts, {.row_names = {"a very long name", "b"}}).width > plain.width + 80);
}

TEST_CASE("small cells shrink their numbers") {
  const Matrix<double> counts = Matrix<double>::Constant(20, 20, 1234567);
  const Image image = confusion_table(counts, {.cell = 24});
  CHECK(image.width < 20 * 24 + 300);
  // numbers stay inside: the white rules between cells are still whole
  CHECK(count(image, paper) > 20 * 24 * 2 * 19);
}

TEST_CASE("what is no table of counts is refused") {
  Matrix<double> counts = Matrix<double>::Ones(2, 3);
  CHECK_THROWS_AS(confusion_table(Matrix<double>(0, 3)), vade::ShapeError);
  CHECK_THROWS_AS(confusion_table(Matrix<double>(2, 0)), vade::ShapeError);
  CHECK_THROWS_AS(confusion_table(counts, {.row_names = {"a"}}), vade::ShapeError);
  CHECK_THROWS_AS(confusion_table(counts, {.column_names = {"a"}}), vade::ShapeError);
  CHECK_THROWS_AS(confusion_table(counts, {.cell = 0}), vade::ValueError);
  counts(1, 2) = -1;
  CHECK_THROWS_AS(confusion_table(counts), vade::ValueError);
  counts(1, 2) = tests::not_a_number<double>;
  CHECK_THROWS_AS(confusion_table(counts), vade::ValueError);
}
