// vade: stochastic gradient descent with momentum.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <vade/autodiff/parameter.hpp>
#include <vade/core/checks.hpp>
#include <vade/optim/parameter_group.hpp>

namespace vade {

/// Momentum, and the decay of weights.
struct SgdOptions {
  double momentum = 0;      ///< μ, in [0, 0.999999]; 0 is plain gradient descent
  bool nesterov = false;    ///< whether the gradient is looked up ahead (Sutskever et al. 2013); needs momentum
  double weight_decay = 0;  ///< λ, a share of each weight per unit of the learning rate

  /// @throws ValueError naming the field
  void check() const {
    check_between("SgdOptions", "momentum", momentum, 0.0, 0.999999);
    check_at_least("SgdOptions", "weight_decay", weight_decay, 0.0);
    if (nesterov && momentum == 0) throw ValueError("SgdOptions: nesterov is true with momentum 0, wanted momentum above 0");
  }

  void for_each_option(auto&& visit) const {
    visit("momentum", momentum);
    visit("nesterov", nesterov);
    visit("weight_decay", weight_decay);
  }
};

/// Stochastic gradient descent with momentum:
///     u ← μ u + g,   w ← w − α u − α λ w,   with μ u + g in the place of u for Nesterov's form.
/// One buffer beside each parameter. λ acts on the parameters that `ParameterGroup::decays_for` names. A parameter without
/// a fresh gradient stays as it is, its velocity included.
template <Real T>
class Sgd {
 public:
  /// The parameters must outlive the optimizer and stay where they are. @throws ValueError for bad options or a negative
  /// rate, and for a parameter that is listed twice
  explicit Sgd(std::vector<ParameterGroup<T>> groups, SgdOptions options = {})
      : groups_(std::move(groups)), options_(options) {
    options_.check();
    detail::check_groups("Sgd", groups_);
    for (const ParameterGroup<T>& group : groups_)
      for (const Parameter<T>* p : group.parameters) velocities_.push_back(Matrix<T>::Zero(p->rows(), p->cols()));
  }

  /// The velocities, for a `Checkpoint`.
  void for_each_state(auto&& visit) {
    std::size_t index = 0;
    for (const ParameterGroup<T>& group : groups_)
      for (const Parameter<T>* p : group.parameters) visit("sgd.velocity." + p->name(), velocities_[index++]);
  }

  /// √ Σ ‖g‖² over all fresh gradients, as the function of this name says. O(parameters).
  double gradient_norm() { return vade::gradient_norm(groups_, partial_); }

  /// One update of every parameter with a fresh gradient; gradients are used up. O(parameters).
  void step(double rate, double gradient_scale = 1) {
    std::size_t index = 0;
    for (ParameterGroup<T>& group : groups_)
      for (Parameter<T>* p : group.parameters) {
        Matrix<T>& velocity = velocities_[index++];
        if (!p->has_fresh_gradient()) continue;
        const auto momentum = static_cast<T>(options_.momentum), scale = static_cast<T>(gradient_scale);
        const auto alpha = static_cast<T>(rate * group.rate);
        velocity = momentum * velocity + scale * p->gradient();
        if (options_.weight_decay > 0 && group.decays_for(*p))
          p->value() *= static_cast<T>(1 - rate * group.rate * options_.weight_decay);
        if (options_.nesterov)
          p->value() -= alpha * (momentum * velocity + scale * p->gradient());
        else
          p->value() -= alpha * velocity;
        p->set_gradient_fresh(false);
      }
  }

 private:
  std::vector<ParameterGroup<T>> groups_;
  SgdOptions options_;
  std::vector<Matrix<T>> velocities_;
  std::vector<double> partial_;
};

}  // namespace vade
