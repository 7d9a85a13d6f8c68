// How many different rows there are.
#pragma once

#include <algorithm>
#include <vector>

#include <vade/data/dataset.hpp>

/// The number of different rows, or `enough` where there are at least as many. O(N `enough` D), and mostly O(`enough`²
/// D).
inline vade::Index distinct_rows(const vade::Dataset& data, vade::Index enough) {
  constexpr auto as_number = [](auto value) { return static_cast<double>(value); };
  std::vector<vade::Index> found;
  for (vade::Index i = 0; i < data.rows() && static_cast<vade::Index>(found.size()) < enough; ++i)
    data.with_row(i, [&](auto row) {
      const auto same = [&](vade::Index other) {
        return data.with_row(other,
                             [&](auto values) { return std::ranges::equal(row, values, {}, as_number, as_number); });
      };
      if (std::ranges::none_of(found, same)) found.push_back(i);
    });
  return static_cast<vade::Index>(found.size());
}
