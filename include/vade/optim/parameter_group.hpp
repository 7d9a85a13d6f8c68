// vade: what an optimizer is given.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include <vade/autodiff/parameter.hpp>
#include <vade/core/checks.hpp>
#include <vade/core/default_pool.hpp>

namespace vade {

/// Parameters that share a learning rate, given as a multiple of the rate of the step.
template <Real T>
struct ParameterGroup {
  std::vector<Parameter<T>*> parameters;
  double rate = 1;
  bool decays = true;  ///< whether an optimizer's weight decay acts on its matrices; it never acts on single rows, such as biases

  /// Whether weight decay acts on `p`.
  bool decays_for(const Parameter<T>& p) const { return decays && p.rows() > 1; }
};

namespace detail {

/// Every rate is at least 0 and finite, and no parameter is listed twice: it would be moved by one of its two moments
/// only. @throws ValueError
template <Real T>
void check_groups(std::string_view who, const std::vector<ParameterGroup<T>>& groups) {
  std::vector<const Parameter<T>*> all;
  for (std::size_t k = 0; k < groups.size(); ++k) {
    check_at_least(who, message("rate of group ", k), groups[k].rate, 0.0);
    all.insert(all.end(), groups[k].parameters.begin(), groups[k].parameters.end());
  }
  std::sort(all.begin(), all.end(), std::less<>());
  const auto twice = std::adjacent_find(all.begin(), all.end());
  if (twice != all.end())
    throw ValueError(message(who, ": parameter ", (*twice)->name(), " is listed twice, wanted each parameter once"));
}

}  // namespace detail

/// √ Σ ‖g‖² over all fresh gradients; finite for all finite floats, not finite if any entry is not. Gradients are not
/// used up. `room` is memory for whoever asks in every step. O(parameters).
template <Real T>
double gradient_norm(const std::vector<ParameterGroup<T>>& groups, std::vector<double>& room) {
  using Entries = Eigen::Array<T, Eigen::Dynamic, 1>;
  constexpr Index tile = 32768;  // entries of one task
  constexpr Index chunk = 1024;  // entries that are summed in T
  double total = 0;
  for (const ParameterGroup<T>& group : groups)
    for (const Parameter<T>* p : group.parameters) {
      if (!p->has_fresh_gradient()) continue;
      room.resize(static_cast<std::size_t>((p->size() + tile - 1) / tile));
      parallel_ranges(p->size(), tile, [&](Index begin, Index end) {
        double sum = 0;
        for (Index at = begin; at < end; at += chunk) {
          const Eigen::Map<const Entries> g(p->gradient().data() + at, std::min<Index>(chunk, end - at));
          const auto squares = static_cast<double>(g.square().sum());
          sum += std::isfinite(squares) ? squares : g.template cast<double>().square().sum();
        }
        room[static_cast<std::size_t>(begin / tile)] = sum;
      });
      for (const double sum : room) total += sum;
    }
  return std::sqrt(total);
}

template <Real T>
double gradient_norm(const std::vector<ParameterGroup<T>>& groups) {
  std::vector<double> room;
  return gradient_norm(groups, room);
}

}  // namespace vade
