// vade: views where a prediction changes most.
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/autodiff/arithmetic.hpp>
#include <vade/autodiff/reductions.hpp>
#include <vade/autodiff/structure.hpp>
#include <vade/core/checks.hpp>
#include <vade/elbo/vade.hpp>

namespace vade {

/// Turns random views x + r into virtual adversarial ones: of all r as long, about the one that changes p(c|x) most. With
/// the gradient at the random view,
///     g = ∂/∂r KL(p(c|x) ‖ p(c|x + r)),   r ← ‖r‖ g / ‖g‖
/// (I.7; Miyato, Maeda, Koyama and Ishii, "Virtual Adversarial Training", IEEE TPAMI 41, 2019, with the random r itself as
/// the point of the one power iteration).
template <Real T>
class AdversarialViews {
 public:
  /// x `[B x D]`; `views` `[B x D]` are x + r, and change. `log_probabilities(x)` gives log p(c|x) `[B x K]` for x on a
  /// tape, and must not train anything. A row whose gradient is 0 keeps its r. Costs two passes forward and one back.
  /// @throws ShapeError
  void turn(const MatrixRef<T>& x, MatrixView<T> views, const auto& log_probabilities) {
    check_shape("AdversarialViews::turn", "views", views, x.rows(), x.cols());
    if (views_.rows() != x.rows() || views_.cols() != x.cols())
      views_ = Parameter<T>("views", Matrix<T>(x.rows(), x.cols()));
    views_.value() = views;
    tape_.clear();
    const Var<T> p = stop_gradient(exp(log_probabilities(tape_.constant(Matrix<T>(x)))));
    // Its entropy does not depend on r, so the cross-entropy has the gradient of the divergence.
    tape_.backward(-sum(p * log_probabilities(tape_.parameter(views_))));
    for (Index i = 0; i < views.rows(); ++i) {
      const T length = (views.row(i) - x.row(i)).norm(), slope = views_.gradient().row(i).norm();
      if (slope > T{0}) views.row(i) = x.row(i) + (length / slope) * views_.gradient().row(i);
    }
  }

 private:
  Tape<T> tape_;
  Parameter<T> views_;
};

}  // namespace vade
