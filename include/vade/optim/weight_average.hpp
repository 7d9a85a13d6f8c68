// vade: exponential moving average of parameters.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <vade/autodiff/parameter.hpp>
#include <vade/core/checks.hpp>
#include <vade/core/default_pool.hpp>
#include <vade/optim/parameter_group.hpp>

namespace vade {

/// a ← d a + (1 − d) w after each step, with d = min(decay, (1 + t) / (10 + t)), so that early averages forget the
/// start quickly. The average predicts more steadily than the last weights (Polyak and Juditsky 1992).
template <Real T>
class WeightAverage {
 public:
  /// @throws ValueError for a decay outside [0, 0.999999], or a parameter that is listed twice: `swap` would exchange it
  /// with one average after the other
  WeightAverage(std::vector<Parameter<T>*> parameters, double decay)
      : parameters_(std::move(parameters)), decay_(decay) {
    check_between("WeightAverage", "decay", decay, 0.0, 0.999999);
    detail::check_groups<T>("WeightAverage", {{.parameters = parameters_}});
    for (const Parameter<T>* p : parameters_) averages_.push_back(p->value());
  }

  /// How often `update` was called.
  std::int64_t updates() const { return updates_; }

  /// Takes the present values in. O(parameters).
  void update() {
    ++updates_;
    const auto t = static_cast<double>(updates_);
    const auto keep = static_cast<T>(std::min(decay_, (1 + t) / (10 + t)));
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      T* const average = averages_[k].data();
      const T* const value = parameters_[k]->value().data();
      parallel_ranges(parameters_[k]->size(), 65536, [=](Index begin, Index end) {
        for (Index i = begin; i < end; ++i) average[i] += (T{1} - keep) * (value[i] - average[i]);
      });
    }
  }

  /// `use()` with the averages in place of the values, which are back when it returns or throws.
  template <class Use>
  auto with_averages(Use&& use) {
    struct Exchanged {
      WeightAverage& average;
      explicit Exchanged(WeightAverage& a) : average(a) { average.swap(); }
      ~Exchanged() { average.swap(); }
    } exchanged(*this);
    return use();
  }

  /// Counter and averages, for a `Checkpoint`.
  void for_each_state(auto&& visit) {
    visit("average.updates", updates_);
    for (std::size_t k = 0; k < parameters_.size(); ++k) visit("average." + parameters_[k]->name(), averages_[k]);
  }

  /// Exchanges averages and values; twice is nothing.
  void swap() {
    for (std::size_t k = 0; k < parameters_.size(); ++k) parameters_[k]->value().swap(averages_[k]);
  }

 private:
  std::vector<Parameter<T>*> parameters_;
  std::vector<Matrix<T>> averages_;
  double decay_;
  std::int64_t updates_ = 0;
};

}  // namespace vade
