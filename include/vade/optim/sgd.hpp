// vade: stochastic gradient descent with momentum.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <vade/autodiff/parameter.hpp>
#include <vade/core/checks.hpp>
#include <vade/optim/parameter_group.hpp>

namespace vade {

/// w ← w − α u,  u ← μ u + g. With momentum μ = 0 it is plain gradient descent. One buffer beside each parameter.
template <Real T>
class Sgd {
 public:
  /// The parameters must outlive the optimizer and stay where they are. @throws ValueError for momentum outside [0, 0.999999]
  /// or a negative rate, and for a parameter that is listed twice
  explicit Sgd(std::vector<ParameterGroup<T>> groups, double momentum = 0)
      : groups_(std::move(groups)), momentum_(static_cast<T>(momentum)) {
    check_between("Sgd", "momentum", momentum, 0.0, 0.999999);
    detail::check_groups("Sgd", groups_);
    for (const ParameterGroup<T>& group : groups_)
      for (const Parameter<T>* p : group.parameters) velocities_.push_back(Matrix<T>::Zero(p->rows(), p->cols()));
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
        velocity = momentum_ * velocity + static_cast<T>(gradient_scale) * p->gradient();
        p->value() -= static_cast<T>(rate * group.rate) * velocity;
        p->set_gradient_fresh(false);
      }
  }

 private:
  std::vector<ParameterGroup<T>> groups_;
  T momentum_;
  std::vector<Matrix<T>> velocities_;
  std::vector<double> partial_;
};

}  // namespace vade
