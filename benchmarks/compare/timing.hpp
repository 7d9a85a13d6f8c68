// Medians of repeated calls.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace compare {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Median seconds of `repeats` calls, after one that is not counted.
template <class F>
double time_of(int repeats, F&& f) {
  f();
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    const auto start = Clock::now();
    f();
    seconds.push_back(seconds_since(start));
  }
  return median(std::move(seconds));
}

}  // namespace compare
