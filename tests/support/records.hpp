// vade tests: two records of the same epoch.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>

#include <doctest/doctest.h>

#include <vade/training/report.hpp>

namespace tests {

/// Every number is the same, NaN being the same as NaN; but for the time that the epoch took.
inline void check_same_record(const vade::EpochRecord& one, const vade::EpochRecord& other) {
  CHECK(one.stage == other.stage);
  CHECK(one.epoch == other.epoch);
  CHECK(one.epochs == other.epochs);
  CHECK(one.loss == other.loss);
  CHECK(one.learning_rate == other.learning_rate);
  CHECK(one.gradient_norm == other.gradient_norm);
  CHECK(one.alarms == other.alarms);
  REQUIRE(one.terms.size() == other.terms.size());
  for (std::size_t k = 0; k < one.terms.size(); ++k) {
    CHECK(one.terms[k].name == other.terms[k].name);
    const double a = one.terms[k].value, b = other.terms[k].value;
    CHECK((a == b || (std::isnan(a) && std::isnan(b))));
  }
}

}  // namespace tests
