// vade: what a classifier without labels is trained by, term by term.
// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include <vade/distributions/categorical.hpp>

namespace vade {

/// The terms, each `[1 x 1]`, in nats, over a batch of B rows x and random views Tx of them; p̄ is the mean of p(c|x) over
/// the batch. They say nothing about log p(x): they choose a partition. Derived in
/// docs/derivations/information_maximisation.md. Source: Hu et al., "Learning Discrete Representations via Information
/// Maximizing Self-Augmented Training", ICML 2017.
template <Real T>
struct InformationTerms {
  Var<T> consistency;          ///< I.4: mean KL(p(c|x) ‖ p(c|Tx)), no gradient into p(c|x): a row teaches its view
  Var<T> conditional_entropy;  ///< mean H(p(c|x)): 0 when the classifier is certain
  Var<T> marginal_entropy;     ///< H(p̄): log K when the classes are even

  /// I.1: I(x; c), what the class tells about the row.
  Var<T> information() const { return marginal_entropy - conditional_entropy; }
  /// I.5: what is minimised, λ on both entropies and μ on balance: at least −λ μ log K, which a certain, even and
  /// consistent classifier reaches.
  Var<T> loss(std::type_identity_t<T> certainty_weight, std::type_identity_t<T> balance) const {
    return consistency + certainty_weight * (conditional_entropy - balance * marginal_entropy);
  }
};

/// The terms for p(c|x) and log p(c|Tx), both `[B x K]`. O(B K). @throws ShapeError
template <Real T>
InformationTerms<T> information_terms(Var<T> probabilities, Var<T> view_log_probabilities) {
  check_shape("information_terms", "view_log_probabilities", view_log_probabilities, probabilities.rows(),
              probabilities.cols());
  const Var<T> conditional = mean(categorical_entropy(probabilities));
  const Var<T> marginal = categorical_entropy(column_means(probabilities));
  const Var<T> cross_entropy = -mean(row_sums(stop_gradient(probabilities) * view_log_probabilities));
  return {.consistency = cross_entropy - stop_gradient(conditional),
          .conditional_entropy = conditional,
          .marginal_entropy = marginal};
}

}  // namespace vade
