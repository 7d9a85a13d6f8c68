#include <vade/data/neighbours.hpp>

#include <algorithm>
#include <limits>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "../support/reference.hpp"

using reference::normal_matrix;
using vade::Index;
using vade::Matrix;

namespace {

/// All pairs, sorted whole.
vade::Neighbours by_sorting(const Matrix<double>& x, Index count) {
  vade::Neighbours result{vade::IndexMatrix(x.rows(), count), Matrix<double>(x.rows(), count)};
  for (Index i = 0; i < x.rows(); ++i) {
    std::vector<std::pair<double, Index>> all;
    for (Index j = 0; j < x.rows(); ++j)
      if (j != i) all.emplace_back((x.row(i) - x.row(j)).norm(), j);
    std::ranges::sort(all);
    for (Index k = 0; k < count; ++k)
      std::tie(result.distances(i, k), result.rows(i, k)) = all[static_cast<std::size_t>(k)];
  }
  return result;
}

}  // namespace

TEST_CASE_TEMPLATE("Neighbours are those of sorting all pairs, over the edges of tiles, for any threads", T, float, double) {
  const int threads_before = vade::default_pool().threads();
  for (const Index rows : {2, 65, 1100}) {
    const Matrix<T> x = (normal_matrix(rows, 3, 1).array() + 40).matrix().cast<T>();  // far from the origin
    const Index count = std::min<Index>(5, rows - 1);
    const vade::Neighbours wanted = by_sorting(x.template cast<double>(), count);
    for (const int threads : {1, 3}) {
      vade::set_threads(threads);
      const vade::Neighbours got = vade::nearest_neighbours<T>(x, count);
      CHECK(got.rows == wanted.rows);
      CHECK(got.distances.isApprox(wanted.distances, 1e-12));
    }
  }
  vade::set_threads(threads_before);
}

TEST_CASE_TEMPLATE("Neighbours within tight groups that are far apart are found, whatever products of rows round away", T,
                   float, double) {
  for (const double spread : {1e-4, 1e-6, 1e-8, 1e-12}) {
    Matrix<T> x = (spread * normal_matrix(600, 4, 2)).cast<T>();
    for (Index i = 0; i < 600; ++i) x.row(i).array() += static_cast<T>(i % 2 == 0 ? 1 : -1);
    const vade::Neighbours wanted = by_sorting(x.template cast<double>(), 5);
    const vade::Neighbours got = vade::nearest_neighbours<T>(x, 5);
    CHECK(got.rows == wanted.rows);
    CHECK(got.distances == wanted.distances);
  }
}

TEST_CASE("Values whose squares overflow have neighbours, too; distances that overflow double are refused") {
  const Matrix<float> x = (normal_matrix(100, 3, 3) * 1e30).cast<float>();
  CHECK(vade::nearest_neighbours<float>(x, 3).rows == by_sorting(x.cast<double>(), 3).rows);
  const Matrix<double> y = normal_matrix(100, 3, 3) * 3e153;  // squares of eight times their size overflow
  CHECK(vade::nearest_neighbours<double>(y, 3).rows == by_sorting(y, 3).rows);
  CHECK_THROWS_WITH_AS(vade::nearest_neighbours<double>(Matrix<double>(normal_matrix(100, 3, 3) * 1e200), 3),
                       "nearest_neighbours: distances overflow, wanted smaller values in x", vade::ValueError);
}

TEST_CASE("Of equally near rows the lower number is first, and a copy of a row is its nearest") {
  Matrix<double> x(5, 1);
  x << 0, 1, -1, 0, 7;
  const vade::Neighbours got = vade::nearest_neighbours<double>(x, 3);
  CHECK(got.rows.row(0) == vade::IndexMatrix{{3, 1, 2}});
  CHECK(got.rows.row(4) == vade::IndexMatrix{{1, 0, 3}});
  CHECK(got.distances(0, 0) == 0);
  CHECK(got.distances(4, 2) == 7);
}

TEST_CASE("Neighbours that there cannot be are refused") {
  Matrix<float> x = Matrix<float>::Zero(4, 2);
  CHECK_THROWS_WITH_AS(vade::nearest_neighbours<float>(x, 4), doctest::Contains("count is 4, wanted a value in [1, 3]"),
                       vade::ValueError);
  CHECK_THROWS_AS(vade::nearest_neighbours<float>(x, 0), vade::ValueError);
  CHECK_THROWS_AS(vade::nearest_neighbours<float>(Matrix<float>::Zero(1, 2), 1), vade::ValueError);
  x(2, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(vade::nearest_neighbours<float>(x, 2), vade::ValueError);
}

TEST_CASE("Neighbours are the same in any unit, also where squares of distances would underflow") {
  const Matrix<double> x = normal_matrix(50, 3, 4);
  const vade::Neighbours wanted = vade::nearest_neighbours<double>(x, 4);
  for (const double unit : {1e6, 1e-6, 1e-140, 1e-170, 1e-290}) {
    CAPTURE(unit);
    const vade::Neighbours got = vade::nearest_neighbours<double>(unit * x, 4);
    CHECK(got.rows == wanted.rows);
    CHECK((got.distances / unit - wanted.distances).cwiseAbs().maxCoeff() < 1e-13);
  }
}
