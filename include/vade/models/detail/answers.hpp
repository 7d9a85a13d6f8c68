// vade: no answer that is not a number.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string_view>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>

namespace vade::detail {

/// @throws ValueError for an answer about `row` that is no number
[[noreturn]] inline void refuse_answer(std::string_view who, Index row, double got) {
  throw ValueError(message(who, ": the answer for row ", row, " is ", got, ", wanted finite numbers: the row is too far from those "
                           "of the fit, or the weights of the model are too large"));
}

/// Answers about rows `first` ... `[B x any]` are numbers. O(size). @throws ValueError naming the row
template <class M>
void check_answers(std::string_view who, const M& answers, Index first) {
  if (answers.allFinite()) return;
  for (Index i = 0; i < answers.rows(); ++i)
    for (Index j = 0; j < answers.cols(); ++j)
      if (!std::isfinite(answers(i, j))) refuse_answer(who, first + i, static_cast<double>(answers(i, j)));
}

}  // namespace vade::detail
