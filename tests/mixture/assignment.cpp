#include <vade/mixture/assignment.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include <vade/core/random.hpp>

namespace {

/// Least cost over all ways to choose a column for each row; rows <= columns.
double exhaustive(const vade::Matrix<double>& costs) {
  std::vector<vade::Index> columns(static_cast<std::size_t>(costs.cols()));
  std::iota(columns.begin(), columns.end(), 0);
  double best = std::numeric_limits<double>::infinity();
  do {
    double sum = 0;
    for (vade::Index i = 0; i < costs.rows(); ++i) sum += costs(i, columns[static_cast<std::size_t>(i)]);
    best = std::min(best, sum);
  } while (std::next_permutation(columns.begin(), columns.end()));
  return best;
}

void check_against_search(const vade::Matrix<double>& costs) {
  const vade::Assignment result = vade::assign(costs);
  const double wanted = costs.rows() <= costs.cols() ? exhaustive(costs) : exhaustive(costs.transpose());
  CHECK(result.cost == doctest::Approx(wanted).epsilon(1e-12));
  vade::Index pairs = 0;
  double sum = 0;
  for (vade::Index i = 0; i < costs.rows(); ++i) {
    const vade::Index j = result.column_of_row[static_cast<std::size_t>(i)];
    if (j < 0) continue;
    ++pairs;
    sum += costs(i, j);
    CHECK(result.row_of_column[static_cast<std::size_t>(j)] == i);
  }
  CHECK(pairs == std::min(costs.rows(), costs.cols()));
  CHECK(sum == doctest::Approx(result.cost).epsilon(1e-12));
  CHECK(std::count_if(result.row_of_column.begin(), result.row_of_column.end(), [](vade::Index i) { return i >= 0; }) ==
        pairs);
}

}  // namespace

TEST_CASE("assignment finds what exhaustive search finds, for all shapes up to six") {
  vade::RandomStream stream(1, vade::Purpose::user);
  for (vade::Index n = 1; n <= 6; ++n)
    for (vade::Index m = 1; m <= 6; ++m)
      for (int repeat = 0; repeat < 8; ++repeat) {
        vade::Matrix<double> costs(n, m);
        for (vade::Index i = 0; i < costs.size(); ++i) costs.data()[i] = stream.normal<double>() * 10;
        check_against_search(costs);
      }
}

TEST_CASE("assignment finds the optimum among ties") {
  vade::RandomStream stream(2, vade::Purpose::user);
  for (int repeat = 0; repeat < 100; ++repeat) {
    vade::Matrix<double> costs(5, 4 + repeat % 3);
    for (vade::Index i = 0; i < costs.size(); ++i) costs.data()[i] = static_cast<double>(stream.below(3));
    check_against_search(costs);
  }
  check_against_search(vade::Matrix<double>::Zero(4, 4));
}

TEST_CASE("a constant added to a row changes the cost by it and keeps the pairs") {
  vade::RandomStream stream(3, vade::Purpose::user);
  vade::Matrix<double> costs(20, 20);
  for (vade::Index i = 0; i < costs.size(); ++i) costs.data()[i] = stream.normal<double>();
  const vade::Assignment before = vade::assign(costs);
  costs.row(3).array() += 1000;
  const vade::Assignment after = vade::assign(costs);
  CHECK(after.column_of_row == before.column_of_row);
  CHECK(after.cost == doctest::Approx(before.cost + 1000));
}

TEST_CASE("assignment recovers a hidden permutation of two hundred rows") {
  vade::RandomStream stream(4, vade::Purpose::user);
  const std::vector<vade::Index> hidden = vade::random_permutation(200, stream);
  vade::Matrix<double> costs(200, 200);
  for (vade::Index i = 0; i < costs.size(); ++i) costs.data()[i] = stream.uniform<double>();
  for (vade::Index i = 0; i < 200; ++i) costs(i, hidden[static_cast<std::size_t>(i)]) -= 1.0;
  CHECK(vade::assign(costs).column_of_row == hidden);
}

TEST_CASE("an empty side leaves the other side over") {
  const vade::Assignment result = vade::assign(vade::Matrix<double>(0, 3));
  CHECK(result.column_of_row.empty());
  CHECK(result.row_of_column == std::vector<vade::Index>{-1, -1, -1});
  CHECK(result.cost == 0.0);
  CHECK(vade::assign(vade::Matrix<double>(2, 0)).column_of_row == std::vector<vade::Index>{-1, -1});
}

TEST_CASE("costs that are not finite or too large are refused") {
  vade::Matrix<double> costs = vade::Matrix<double>::Zero(2, 2);
  costs(1, 0) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH_AS(vade::assign(costs), "assign: costs has nan at row 1, column 0, wanted finite values",
                       vade::ValueError);
  costs(1, 0) = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(vade::assign(costs), vade::ValueError);
  costs(1, 0) = -std::numeric_limits<double>::max();
  CHECK_THROWS_AS(vade::assign(costs), vade::ValueError);
}
