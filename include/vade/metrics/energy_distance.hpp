// vade: do two samples come from one density? The energy distance, and its distribution if they do.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/default_pool.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/memory.hpp>
#include <vade/core/random.hpp>
#include <vade/core/small_units.hpp>

/// For X ~ P and Y ~ Q, with independent copies X′ and Y′, 2 E|X − Y| − E|X − X′| − E|Y − Y′| is never negative, and 0
/// only for P = Q. With means over the samples in place of expectations it is still never negative, but not 0 for P =
/// Q: what it is then, is found by dealing all rows anew into two samples. S.6 and S.7 in
/// docs/derivations/synthetic.md. The distance of a x and a y is a times that of x and y, in any unit. Source: Székely
/// and Rizzo, "Energy statistics: a class of statistics based on distances", JSPI 143 (2013).
namespace vade {

/// The statistic, and what it is for samples of one density.
struct EnergyTest {
  double statistic = 0;
  std::vector<double> null;  ///< of the permutations, ascending
  double p_value = 1;        ///< (1 + #{null >= statistic}) / (1 + permutations)

  /// The value below which a share `level` of the null lies; `level` in [0, 1].
  /// @throws ValueError for another level; StateError without a null, before an `energy_test`
  double null_quantile(double level) const {
    check_between("EnergyTest::null_quantile", "level", level, 0.0, 1.0);
    if (null.empty()) throw StateError("EnergyTest::null_quantile: null is empty, wanted that of an energy_test");
    const auto place = std::ceil(level * static_cast<double>(null.size())) - 1;
    return null[static_cast<std::size_t>(std::max(place, 0.0))];
  }
};

namespace detail {

/// Both samples are not empty, finite, and of one width. @throws ShapeError, ValueError
inline void check_samples(std::string_view who, const MatrixRef<double>& x, const MatrixRef<double>& y) {
  check_width(who, "x", x, std::max<Index>(x.cols(), 1));
  check_width(who, "y", y, x.cols());
  check_finite(who, "x", x);
  check_finite(who, "y", y);
}

/// Memory for all rows, twice, for `deals` of them, three times, and for each thread the distances of 128 rows to all.
/// @throws ResourceError
inline void check_energy_memory(std::string_view who, const MatrixRef<double>& x, const MatrixRef<double>& y, Index deals) {
  const double rows = static_cast<double>(x.rows()) + static_cast<double>(y.rows());
  const double threads = default_pool().threads();
  check_memory(who, message(deals, " deals of ", rows, " rows of ", x.cols(), " columns"),
               8 * rows * (2 * static_cast<double>(x.cols()) + 3 * static_cast<double>(deals) + 128 * threads));
}

/// For each column s of `choice` `[N x P]` of zeros and ones, sᵀ A s and sᵀ A 1 over the distances A of the rows of
/// `all` `[N x D]`: `[2 x P]`. In tiles of rows, added in order. O(N² (D + P)) time, O(N (tile + P)) memory.
inline Matrix<double> chosen_distances(const Matrix<double>& all, const Matrix<double>& choice) {
  constexpr Index tile = 128;
  const Index rows = all.rows(), tiles = (rows + tile - 1) / tile;
  std::vector<Matrix<double>> parts(static_cast<std::size_t>(tiles));
  const Matrix<double> columns = all.transpose();  // [D x N], so that one row to all is one pass
  parallel_ranges(rows, tile, [&](Index begin, Index end) {
    Matrix<double> distances(end - begin, rows);
    for (Index i = begin; i < end; ++i) {
      auto squares = distances.row(i - begin).array();
      squares.setZero();
      for (Index d = 0; d < all.cols(); ++d) squares += (columns.row(d).array() - all(i, d)).square();
      squares = squares.sqrt();
    }
    const auto chosen = choice.middleRows(begin, end - begin);
    const Matrix<double> within = distances * choice;
    Matrix<double> part(2, choice.cols());
    part.row(0) = chosen.cwiseProduct(within).colwise().sum();
    part.row(1) = distances.rowwise().sum().transpose() * chosen;
    parts[static_cast<std::size_t>(begin / tile)] = std::move(part);
  });
  Matrix<double> total = Matrix<double>::Zero(2, choice.cols());
  for (const Matrix<double>& part : parts) total += part;
  return total;
}

/// S.6 for each of several choices of x, and the mean distance of two rows, which tells how much rounding there is.
struct EnergyStatistics {
  RowVector<double> values;
  double mean_distance = 0;
};

/// For each column of `choice`, whose ones are x and whose zeros are y. @throws ValueError if distances overflow
inline EnergyStatistics energy_statistics(std::string_view who, const Matrix<double>& all, Index x_rows,
                                           const Matrix<double>& choice) {
  Matrix<double> everything(all.rows(), choice.cols() + 1);
  everything << choice, Matrix<double>::Ones(all.rows(), 1);
  const double factor = small_unit_factor(all);  // 1 / factor is a power of two
  const Matrix<double> sums =
      factor == 1 ? chosen_distances(all, everything) : Matrix<double>(chosen_distances(all * factor, everything) / factor);
  if (!sums.allFinite()) throw ValueError(message(who, ": distances overflow, wanted smaller values in x and y"));
  const double total = sums(0, choice.cols());
  const auto n = static_cast<double>(x_rows), m = static_cast<double>(all.rows() - x_rows);
  const auto xx = sums.row(0).head(choice.cols()).array(), x_all = sums.row(1).head(choice.cols()).array();
  const auto xy = x_all - xx;
  const auto yy = total - 2 * x_all + xx;
  return {(2 / (n * m) * xy - xx / (n * n) - yy / (m * m)).matrix(), total / ((n + m) * (n + m))};
}

}  // namespace detail

/// S.6: 2/(N M) Σ|x − y| − 1/N² Σ|x − x′| − 1/M² Σ|y − y′| for x `[N x D]`, y `[M x D]`, Euclidean distances; at least
/// 0 but for rounding. O((N + M)² D). @throws ShapeError, ValueError for NaN or infinity, or distances that overflow
inline double energy_distance(const MatrixRef<double>& x, const MatrixRef<double>& y) {
  detail::check_samples("energy_distance", x, y);
  detail::check_energy_memory("energy_distance", x, y, 1);
  Matrix<double> all(x.rows() + y.rows(), x.cols());
  all << x, y;
  Matrix<double> choice = Matrix<double>::Zero(all.rows(), 1);
  choice.topRows(x.rows()).setOnes();
  return detail::energy_statistics("energy_distance", all, x.rows(), choice).values(0);
}

/// S.7: the statistic of x and y among those of `permutations` random deals of all rows into samples of N and M: a test
/// of one density for both, exact at any N, M and level. The same seed deals alike. O((N + M)² (D + permutations)).
/// @throws ShapeError, ValueError for NaN or infinity, or distances that overflow
inline EnergyTest energy_test(const MatrixRef<double>& x, const MatrixRef<double>& y, Index permutations = 200,
                              std::uint64_t seed = 0) {
  detail::check_samples("energy_test", x, y);
  check_between("energy_test", "permutations", permutations, Index{1}, Index{1'000'000'000});  // one stream for each
  detail::check_energy_memory("energy_test", x, y, permutations + 1);
  Matrix<double> all(x.rows() + y.rows(), x.cols());
  all << x, y;
  Matrix<double> choice = Matrix<double>::Zero(all.rows(), permutations + 1);
  choice.col(0).head(x.rows()).setOnes();
  for (Index p = 1; p <= permutations; ++p) {
    RandomStream stream(seed, Purpose::subsample, static_cast<std::uint32_t>(p));
    const std::vector<Index> order = random_permutation(all.rows(), stream);
    for (Index i = 0; i < x.rows(); ++i) choice(order[static_cast<std::size_t>(i)], p) = 1;
  }
  const auto [statistics, mean_distance] = detail::energy_statistics("energy_test", all, x.rows(), choice);
  EnergyTest test{.statistic = statistics(0), .null = {statistics.data() + 1, statistics.data() + statistics.size()}};
  std::sort(test.null.begin(), test.null.end());
  // Where N = M a deal and its complement have one statistic, and rounding must not break the tie.
  const double least = test.statistic - 1e-12 * mean_distance;
  const auto as_large = std::count_if(test.null.begin(), test.null.end(), [least](double v) { return v >= least; });
  test.p_value = (1.0 + static_cast<double>(as_large)) / (1.0 + static_cast<double>(permutations));
  return test;
}

}  // namespace vade
