// vade: minimum-cost linear assignment.
// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>

namespace vade {

/// Who goes where, and what that costs.
struct Assignment {
  std::vector<Index> column_of_row;  ///< column of each row, or −1 for a row that is left over
  std::vector<Index> row_of_column;  ///< row of each column, or −1 for a column that is left over
  double cost = 0;                   ///< sum of the costs of the pairs
};

namespace detail {

/// For n <= m: each row in turn gets a column by a shortest augmenting path over reduced costs (cost − u − v >= 0),
/// and the potentials u, v are moved so that the path has reduced cost 0 (Jonker and Volgenant, Computing 38, 1987).
/// Indices are shifted by one: 0 stands for "none".
template <class Cost>
std::vector<Index> shortest_augmenting_paths(Index n, Index m, Cost cost) {
  const auto at = [](auto& values, Index i) -> auto& { return values[static_cast<std::size_t>(i)]; };
  const auto columns = static_cast<std::size_t>(m) + 1;
  std::vector<double> u(static_cast<std::size_t>(n) + 1, 0.0), v(columns, 0.0);
  std::vector<Index> row_of(columns, 0), previous(columns, 0);
  std::vector<double> distance(columns);
  std::vector<char> done(columns);
  for (Index row = 1; row <= n; ++row) {
    distance.assign(columns, std::numeric_limits<double>::infinity());
    done.assign(columns, 0);
    at(row_of, 0) = row;
    Index column = 0;
    while (at(row_of, column) != 0) {
      at(done, column) = 1;
      const Index from = at(row_of, column);
      double step = std::numeric_limits<double>::infinity();
      Index nearest = 0;
      for (Index j = 1; j <= m; ++j) {
        if (at(done, j)) continue;
        const double reduced = cost(from - 1, j - 1) - at(u, from) - at(v, j);
        if (reduced < at(distance, j)) {
          at(distance, j) = reduced;
          at(previous, j) = column;
        }
        if (at(distance, j) < step) {
          step = at(distance, j);
          nearest = j;
        }
      }
      for (Index j = 0; j <= m; ++j) {
        if (at(done, j)) {
          at(u, at(row_of, j)) += step;
          at(v, j) -= step;
        } else {
          at(distance, j) -= step;
        }
      }
      column = nearest;
    }
    for (; column != 0; column = at(previous, column)) at(row_of, column) = at(row_of, at(previous, column));
  }
  std::vector<Index> row_of_column(static_cast<std::size_t>(m));
  for (Index j = 0; j < m; ++j) at(row_of_column, j) = at(row_of, j + 1) - 1;
  return row_of_column;
}

}  // namespace detail

/// Pairs rows with columns of `costs` `[n x m]` so that the sum of their costs is least; min(n, m) pairs, each row and
/// column in at most one. Costs may be negative; for the largest sum, pass −costs. Among equal optima, the choice is
/// deterministic. O(min(n, m)² max(n, m)) time, O(n + m) memory. Source: Jonker and Volgenant, "A shortest augmenting
/// path algorithm for dense and sparse linear assignment problems", Computing 38 (1987).
/// @throws ValueError if a cost is not finite, or so large that sums of costs overflow
inline Assignment assign(const MatrixRef<double>& costs) {
  check_finite("assign", "costs", costs);
  const Index n = costs.rows();
  const Index m = costs.cols();
  if (n > 0 && m > 0)
    check_between("assign", "the largest cost, in size,", costs.cwiseAbs().maxCoeff(), 0.0,
                  std::numeric_limits<double>::max() / (4.0 * static_cast<double>(n + m)));
  Assignment result;
  result.column_of_row.assign(static_cast<std::size_t>(n), -1);
  result.row_of_column.assign(static_cast<std::size_t>(m), -1);
  if (n <= m) {
    result.row_of_column = detail::shortest_augmenting_paths(n, m, [&](Index i, Index j) { return costs(i, j); });
    for (Index j = 0; j < m; ++j)
      if (const Index i = result.row_of_column[static_cast<std::size_t>(j)]; i >= 0)
        result.column_of_row[static_cast<std::size_t>(i)] = j;
  } else {
    result.column_of_row = detail::shortest_augmenting_paths(m, n, [&](Index i, Index j) { return costs(j, i); });
    for (Index i = 0; i < n; ++i)
      if (const Index j = result.column_of_row[static_cast<std::size_t>(i)]; j >= 0)
        result.row_of_column[static_cast<std::size_t>(j)] = i;
  }
  for (Index i = 0; i < n; ++i)
    if (const Index j = result.column_of_row[static_cast<std::size_t>(i)]; j >= 0) result.cost += costs(i, j);
  return result;
}

}  // namespace vade
