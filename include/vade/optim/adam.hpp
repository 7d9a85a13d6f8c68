// vade: the Adam optimizer.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <vade/autodiff/parameter.hpp>
#include <vade/core/checks.hpp>
#include <vade/core/default_pool.hpp>
#include <vade/optim/parameter_group.hpp>

namespace vade {

/// Decay rates of the moments, ε, which stands outside the root, and the decay of weights.
struct AdamOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;  ///< λ of AdamW, a share of each weight per unit of the learning rate; 0 is plain Adam

  void for_each_option(auto&& visit) const {
    visit("beta1", beta1);
    visit("beta2", beta2);
    visit("epsilon", epsilon);
    visit("weight_decay", weight_decay);
  }

  /// @throws ValueError
  void check() const {
    check_between("AdamOptions", "beta1", beta1, 0.0, 0.999999);
    check_between("AdamOptions", "beta2", beta2, 0.0, 0.99999999);
    check_positive("AdamOptions", "epsilon", epsilon);
    check_at_least("AdamOptions", "weight_decay", weight_decay, 0.0);
  }
};

/// Adam (Kingma and Ba 2015, algorithm 1). One step counter t for all parameters:
///     m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,
///     w ← w − α · [m / (1 − β₁ᵗ)] / (√(v / (1 − β₂ᵗ)) + ε) − α λ w.
/// The last term is the decoupled weight decay of AdamW (Loshchilov and Hutter 2019, algorithm 2), on the parameters that
/// `ParameterGroup::decays_for` names.
/// Moments belong to the optimizer and are made once; a parameter without a fresh gradient stays as it is, moments
/// included. One pass over value, gradient and two moments: 28 bytes a parameter in float. Allocates nothing in `step`.
template <Real T>
class Adam {
 public:
  /// The parameters must outlive the optimizer and stay where they are. @throws ValueError for bad options or rates, for
  /// an ε that is too small for T or a rate of decay that is 1 in T, and for a parameter that is listed twice
  explicit Adam(std::vector<ParameterGroup<T>> groups, AdamOptions options = {})
      : groups_(std::move(groups)), options_(options) {
    options_.check();
    check_in_t("beta1", options_.beta1, static_cast<T>(options_.beta1) < T{1}, "below 1");
    check_in_t("beta2", options_.beta2, static_cast<T>(options_.beta2) < T{1}, "below 1");
    const double least = std::sqrt(static_cast<double>(tiny) / (1 - options_.beta2));
    check_in_t("epsilon", options_.epsilon, options_.epsilon >= least, detail::message("at least ", least));
    detail::check_groups("Adam", groups_);
    for (const ParameterGroup<T>& group : groups_)
      for (const Parameter<T>* p : group.parameters) {
        first_moments_.push_back(Matrix<T>::Zero(p->rows(), p->cols()));
        second_moments_.push_back(Matrix<T>::Zero(p->rows(), p->cols()));
      }
  }

  std::int64_t steps() const { return steps_; }

  /// Counter and moments, for a `Checkpoint`.
  void for_each_state(auto&& visit) {
    visit("adam.steps", steps_);
    std::size_t index = 0;
    for (const ParameterGroup<T>& group : groups_)
      for (const Parameter<T>* p : group.parameters) {
        visit("adam.first." + p->name(), first_moments_[index]);
        visit("adam.second." + p->name(), second_moments_[index]);
        ++index;
      }
  }

  /// √ Σ ‖g‖² over all fresh gradients, as the function of this name says. O(parameters).
  double gradient_norm() { return vade::gradient_norm(groups_, partial_); }

  /// One update with learning rate α = `rate` times the group's, gradients scaled by `gradient_scale` (for clipping).
  /// Gradients are used up: the next step needs a new backward sweep.
  void step(double rate, double gradient_scale = 1) {
    ++steps_;
    const auto t = static_cast<double>(steps_);
    const double correction1 = -std::expm1(t * std::log(options_.beta1));
    const double correction2 = -std::expm1(t * std::log(options_.beta2));
    // 1 − β is taken from the rounded β, without an error: the weights of a moment then sum to 1 − βᵗ in the long run.
    const auto b1 = static_cast<T>(options_.beta1);
    const auto b2 = static_cast<T>(options_.beta2);
    const auto root = static_cast<T>(1 / std::sqrt(correction2));
    const auto epsilon = static_cast<T>(options_.epsilon);
    const auto scale = static_cast<T>(gradient_scale);
    for_each_fresh([&](Parameter<T>& p, std::size_t index, const ParameterGroup<T>& group) {
      const auto alpha = static_cast<T>(rate * group.rate / correction1);
      const bool decays = options_.weight_decay > 0 && group.decays_for(p);
      const auto kept = static_cast<T>(1 - (decays ? rate * group.rate * options_.weight_decay : 0.0));
      T* const value = p.value().data();
      const T* const gradient = p.gradient().data();
      T* const first = first_moments_[index].data();
      T* const second = second_moments_[index].data();
      parallel_ranges(p.size(), tile, [=](Index begin, Index end) {
        for (Index at = begin; at < end; at += chunk) {
          const Index count = std::min<Index>(chunk, end - at);
          const auto g = (scale * Eigen::Map<const Entries>(gradient + at, count)).max(-largest).min(largest);
          Eigen::Map<Entries> w(value + at, count), m(first + at, count), v(second + at, count);
          m = b1 * m + (T{1} - b1) * g;
          v = b2 * v + (T{1} - b2) * g.square();
          m = (m.max(tiny) - tiny) + (m.min(-tiny) + tiny);
          v = v.max(tiny) - tiny;
          if (decays) w *= kept;
          w -= alpha * m / (v.sqrt() * root + epsilon);
        }
      });
      p.set_gradient_fresh(false);
    });
  }

 private:
  /// Moments are drawn towards zero by this much. A parameter whose gradient has become zero would otherwise keep
  /// moments that are halved for ever, down to numbers that processors handle a hundred times slower. A second moment that
  /// is lost so, (1 − β₂) g² below this, must be one of a gradient below ε, whose step is small without it: so ε may not be
  /// less than √(tiny / (1 − β₂)), 3e-14 in float and 3e-144 in double by default.
  static constexpr T tiny = std::is_same_v<T, float> ? static_cast<T>(1e-30) : static_cast<T>(1e-290);
  /// Entries of the scaled gradient count as no more than this, so that their squares are finite.
  static constexpr T largest = std::is_same_v<T, float> ? static_cast<T>(1e18) : static_cast<T>(1e150);
  using Entries = Eigen::Array<T, Eigen::Dynamic, 1>;

  static void check_in_t(const char* what, double value, bool holds, const std::string& wanted) {
    if (!holds)
      throw ValueError(detail::message("Adam: ", what, " is ", value, ", in the type of the parameters ",
                                       static_cast<T>(value), ", wanted ", wanted));
  }

  static constexpr Index tile = 32768;  // entries of one task
  static constexpr Index chunk = 1024;  // entries that stay in the first cache over the three lines of the update

  template <class Visit>
  void for_each_fresh(Visit&& visit) {
    std::size_t index = 0;
    for (ParameterGroup<T>& group : groups_)
      for (Parameter<T>* p : group.parameters) {
        if (p->has_fresh_gradient()) visit(*p, index, group);
        ++index;
      }
  }

  std::vector<ParameterGroup<T>> groups_;
  AdamOptions options_;
  std::vector<Matrix<T>> first_moments_;
  std::vector<Matrix<T>> second_moments_;
  std::vector<double> partial_;
  std::int64_t steps_ = 0;
};

}  // namespace vade
