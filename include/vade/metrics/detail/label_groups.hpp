// vade: the different labels of some rows, and which of them each row has.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>

namespace vade::detail {

/// Labels of any values from 0 up, counted without gaps. O(N), or O(N log N) where a label is far above N.
struct LabelGroups {
  Labels values;              ///< the different labels, ascending
  std::vector<Index> of_row;  ///< where in `values` the label of each row stands

  Index count() const { return static_cast<Index>(values.size()); }

  /// @throws ValueError on a negative label, in the words of `who`
  LabelGroups(std::string_view who, std::string_view what, const Labels& labels) : of_row(labels.size()) {
    if (labels.empty()) return;
    const auto [lowest, highest] = std::minmax_element(labels.begin(), labels.end());
    if (*lowest < 0)
      throw ValueError(message(who, ": ", what, " has the label ", *lowest, ", wanted labels from 0 up"));
    const std::size_t table_size = static_cast<std::size_t>(*highest) + 1;
    if (table_size <= labels.size() + 65536)
      count_by_table(labels, table_size);
    else
      count_by_search(labels);
  }

 private:
  void count_by_table(const Labels& labels, std::size_t size) {
    std::vector<Index> position(size, -1);
    for (const Label label : labels) position[static_cast<std::size_t>(label)] = 0;
    for (std::size_t label = 0; label < size; ++label)
      if (position[label] == 0) {
        position[label] = count();
        values.push_back(static_cast<Label>(label));
      }
    for (std::size_t i = 0; i < labels.size(); ++i) of_row[i] = position[static_cast<std::size_t>(labels[i])];
  }

  void count_by_search(const Labels& labels) {
    values = labels;
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    for (std::size_t i = 0; i < labels.size(); ++i)
      of_row[i] = std::lower_bound(values.begin(), values.end(), labels[i]) - values.begin();
  }
};

}  // namespace vade::detail
