// vade: the Gaussian mixture as a prior on codes.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>

#include <vade/autodiff/products.hpp>
#include <vade/autodiff/reductions.hpp>
#include <vade/autodiff/structure.hpp>
#include <vade/autodiff/tape.hpp>
#include <vade/core/special.hpp>
#include <vade/distributions/detail/mixture_lanes.hpp>
#include <vade/distributions/gaussian.hpp>

/// p(z, c) = π_c N(z; μ_c, diag σ_c²): `weight_logits` `[1 x K]` with π = softmax(weight_logits), so that π is positive
/// and sums to one by construction; `means` μ_c and `log_variances` log σ_c² `[K x J]`. Derived, with the numbers
/// used here, in docs/derivations.
namespace vade {

/// G.5: S_bc = E_{q_b}[log N(z; μ_c, σ_c²)] for Gaussians q_b = N(μ_b, σ_b²), `[B x K]`:
///     S_bc = −½ Σ_j [log 2π + λ_cj + ((μ_bj − m_cj)² + v_bj) e^{−λ_cj}],   v = e^{log σ_b²}, m = μ_c, λ = log σ_c²
/// (Jiang et al. 2017, lemma 1). One pass over B K J without a temporary of that size; differences are taken before
/// squares, so nothing cancels. With r = (μ_bj − m_cj) e^{−λ_cj} and S̄ the adjoint:
///     μ̄_bj −= Σ_c S̄ r,   log σ̄_b² −= ½ Σ_c S̄ v e^{−λ},   m̄_cj += Σ_b S̄ r,   λ̄_cj −= ½ Σ_b S̄ [1 − r (μ − m) − v e^{−λ}].
/// O(B K J). @throws ShapeError
template <Real T>
Var<T> expected_log_density(Var<T> mean, Var<T> log_variance, Var<T> means, Var<T> log_variances) {
  const Index rows = mean.rows(), latent = mean.cols(), clusters = means.rows();
  check_shape("expected_log_density", "log_variance", log_variance, rows, latent);
  check_shape("expected_log_density", "means", means, clusters, latent);
  check_shape("expected_log_density", "log_variances", log_variances, clusters, latent);
  Tape<T>& tape = mean.tape();
  const Var<T> s = tape.record({mean, log_variance, means, log_variances}, rows, clusters);
  const Var<T> variance = tape.constant(rows, latent);       // v = e^{log σ_b²}
  const Var<T> precisions = tape.constant(clusters, latent);  // e^{−λ}
  {
    // Eigen's vector exponential of −∞ is tiny, not 0: with the precision of a narrow cluster that would be a number.
    const auto l = log_variance.value().array();
    variance.mutable_value().array() = (l == -std::numeric_limits<T>::infinity()).select(T{0}, l.exp());
  }
  precisions.mutable_value().array() = (-log_variances.value().array()).exp();
  const Var<T> constants = tape.constant(clusters, 1);  // Σ_j (log 2π + λ_cj)
  constants.mutable_value() = (log_variances.value().array() + log_two_pi<T>).rowwise().sum().matrix();
  const detail::LaneBlocks<T> mu(tape, rows, latent), v(tape, rows, latent), s_bar(tape, rows, clusters);
  const detail::LaneTasks tasks(rows, clusters, latent);
  {
    const auto m = means.value(), p = precisions.value();
    MatrixView<T> out = s.mutable_value();
    tasks.run([&](Index, Index i) {
      mu.read(i, mean.value());
      v.read(i, variance.value());
      for (Index c = 0; c < clusters; ++c) {
        detail::Lane<T> sum = detail::Lane<T>::Constant(constants.value()(c, 0));
        for (Index j = 0; j < latent; ++j) sum += ((mu(i, j) - m(c, j)).square() + v(i, j)) * p(c, j);
        detail::for_each_row<T>(T{-0.5} * sum, i, rows, [&](Index b, T value) { out(b, c) = value; });
      }
    });
  }
  // Σ_b of each task: m̄, then λ̄. They are added in order, whatever the number of threads.
  const Var<T> sums = tape.constant(tasks.count() * 2 * clusters, latent);
  s.on_backward([mean, log_variance, means, log_variances, s, precisions, mu, v, s_bar, sums] {
    const Index k = means.rows(), columns = means.cols();
    const auto m = means.value(), p = precisions.value(), bar = s.adjoint();
    detail::AdjointRows<T> mu_bar(mean), log_variance_bar(log_variance);
    MatrixView<T> m_and_lambda_bar = sums.mutable_value();
    m_and_lambda_bar.setZero();
    detail::LaneTasks(mean.rows(), k, columns).run([&](Index task, Index i) {
      auto m_bar = m_and_lambda_bar.middleRows(task * 2 * k, k);
      auto lambda_bar = m_and_lambda_bar.middleRows((task * 2 + 1) * k, k);
      s_bar.read(i, bar);
      for (Index j = 0; j < columns; ++j) {
        detail::Lane<T> to_mean = detail::Lane<T>::Zero(), weights = detail::Lane<T>::Zero();
        for (Index c = 0; c < k; ++c) {
          const detail::Lane<T> d = mu(i, j) - m(c, j), weight = s_bar(i, c) * p(c, j), pull = weight * d;
          to_mean += pull;
          weights += weight;
          m_bar(c, j) += pull.sum();
          lambda_bar(c, j) -= T{0.5} * (s_bar(i, c) - pull * d - weight * v(i, j)).sum();
        }
        mu_bar.subtract(i, j, to_mean);
        log_variance_bar.subtract(i, j, T{0.5} * v(i, j) * weights);
      }
    });
    for (Index first = 0; first < m_and_lambda_bar.rows(); first += 2 * k) {
      means.accumulate(m_and_lambda_bar.middleRows(first, k));
      log_variances.accumulate(m_and_lambda_bar.middleRows(first + k, k));
    }
  });
  return s;
}

/// G.10: log N(z_b; μ_c, σ_c²) for every row and component, `[B x K]`: the case σ_b² = 0 of `expected_log_density`.
/// O(B K J). @throws ShapeError
template <Real T>
Var<T> mixture_log_density(Var<T> z, Var<T> means, Var<T> log_variances) {
  const Var<T> none = z.tape().constant(z.rows(), z.cols());
  none.mutable_value().setConstant(-std::numeric_limits<T>::infinity());
  return expected_log_density(z, none, means, log_variances);
}

/// D.1: log p(z_b) = log Σ_c π_c N(z_b; μ_c, σ_c²), `[B x 1]`. O(B K J). @throws ShapeError
template <Real T>
Var<T> mixture_log_prob(Var<T> z, Var<T> weight_logits, Var<T> means, Var<T> log_variances) {
  return log_sum_exp(mixture_log_density(z, means, log_variances) + log_softmax(weight_logits));
}

/// R.5: p(c|z_b) = softmax_c(log π_c + log N(z_b; μ_c, σ_c²)), `[B x K]`. O(B K J). @throws ShapeError
template <Real T>
Var<T> mixture_responsibilities(Var<T> z, Var<T> weight_logits, Var<T> means, Var<T> log_variances) {
  return softmax(mixture_log_density(z, means, log_variances) + log_softmax(weight_logits));
}

/// L.11: z_b = μ_c + σ_c ⊙ ε_b for the component c of each row, given as indicators `[B x K]` (see `indicators` in
/// `categorical.hpp`) and standard normal `noise` `[B x J]`. Gradients reach the components, not the choice. O(B K J).
/// @throws ShapeError
template <Real T>
Var<T> mixture_sample(Var<T> indicators, Var<T> means, Var<T> log_variances, Var<T> noise) {
  return gaussian_sample(matmul(indicators, means), matmul(indicators, log_variances), noise);
}

}  // namespace vade
