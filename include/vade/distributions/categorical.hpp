// vade: the categorical distribution.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include <vade/autodiff/arithmetic.hpp>
#include <vade/autodiff/reductions.hpp>
#include <vade/core/random.hpp>
#include <vade/core/special.hpp>

/// One distribution over K classes in each row, by logits l `[B x K]`: p_k = softmax(l)_k, positive and with sum one by
/// construction. Results are per row, `[B x 1]`, in nats. Derived, with the numbers L.n used here, in
/// docs/derivations/likelihoods_and_mixtures.md.
namespace vade {

/// L.2: log p(c) = Σ_k h_k log softmax(l)_k for classes as indicators h `[B x K]`; rows of h that are probabilities
/// give the cross-entropy, with a minus. O(B K). @throws ShapeError
template <Real T>
Var<T> categorical_log_prob(Var<T> logits, Var<T> indicators) {
  check_shape("categorical_log_prob", "indicators", indicators, logits.rows(), logits.cols());
  return row_sums(indicators * log_softmax(logits));
}

/// O.1: the same where the class was observed, and 0 where it is absent: `observed` is `[B x 1]`, 1 or 0. An absent row of
/// `indicators` must be finite. @throws ShapeError
template <Real T>
Var<T> categorical_log_prob(Var<T> logits, Var<T> indicators, Var<T> observed) {
  return observed_row_sums(categorical_log_prob(logits, indicators), observed);
}

/// Classes `[B]` as indicators h `[B x K]`, a constant. @throws ValueError for a label outside [0, K)
template <Real T>
Var<T> indicators(Tape<T>& tape, const Labels& labels, Index classes) {
  check_labels("indicators", "labels", labels, static_cast<Label>(classes));
  const Var<T> h = tape.constant(static_cast<Index>(labels.size()), classes);
  MatrixView<T> out = h.mutable_value();
  out.setZero();
  for (Index b = 0; b < out.rows(); ++b) out(b, labels[static_cast<std::size_t>(b)]) = T{1};
  return h;
}

/// D.7: H = −Σ_k p_k log p_k from probabilities p `[B x K]`, with 0 log 0 = 0. A.4: p̄_k −= ȳ (1 + log p_k), 0 where
/// p_k is. O(B K).
template <Real T>
Var<T> categorical_entropy(Var<T> probabilities) {
  const Var<T> y = probabilities.tape().record({probabilities}, probabilities.rows(), 1);
  const auto p = probabilities.value();
  MatrixView<T> out = y.mutable_value();
  for (Index i = 0; i < p.rows(); ++i)
    out(i, 0) = entropy(std::span<const T>(p.data() + i * p.cols(), static_cast<std::size_t>(p.cols())));
  y.on_backward([probabilities, y] {
    const auto values = probabilities.value();
    const auto bar = y.adjoint();
    detail::accumulate_rows(probabilities, [&](Index i, auto row) {
      for (Index k = 0; k < values.cols(); ++k)
        if (values(i, k) > T{0}) row(k) -= bar(i, 0) * (T{1} + std::log(values(i, k)));
    });
  });
  return y;
}

/// L.3: the same from logits, −Σ_k p_k log softmax(l)_k: finite gradients however small a p_k is. O(B K).
template <Real T>
Var<T> categorical_logits_entropy(Var<T> logits) {
  return -row_sums(softmax(logits) * log_softmax(logits));
}

/// L.4: KL(p ‖ q) = Σ_k p_k s_k, s_k = log p_k − log q_k, for p = softmax(l), q = softmax(m). Computed as Σ_k p_k
/// (e^{−s_k} − 1 + s_k), since Σ_k p_k e^{−s_k} = 1: no term is negative, and near p = q few digits are lost.
///     l̄_k += ȳ p_k (s_k − KL),   m̄_k += ȳ (q_k − p_k).
/// O(B K). @throws ShapeError
template <Real T>
Var<T> categorical_kl(Var<T> logits, Var<T> other_logits) {
  check_shape("categorical_kl", "other_logits", other_logits, logits.rows(), logits.cols());
  Tape<T>& tape = logits.tape();
  const Var<T> y = tape.record({logits, other_logits}, logits.rows(), 1);
  const Var<T> log_p = log_softmax(stop_gradient(logits)), log_q = log_softmax(stop_gradient(other_logits));
  {
    const auto lp = log_p.value(), lq = log_q.value();
    MatrixView<T> out = y.mutable_value();
    for (Index b = 0; b < out.rows(); ++b) {
      T sum = 0;
      for (Index k = 0; k < lp.cols(); ++k) {
        const T d = lq(b, k) - lp(b, k), p = std::exp(lp(b, k));  // e^d may overflow where p has vanished; q does not
        sum += d < T{1} ? p * (std::expm1(d) - d) : std::exp(lq(b, k)) - p * (T{1} + d);
      }
      out(b, 0) = sum;
    }
  }
  y.on_backward([logits, other_logits, y, log_p, log_q] {
    const auto bar = y.adjoint(), kl = y.value(), lp = log_p.value(), lq = log_q.value();
    detail::accumulate_rows(logits, [&](Index b, auto row) {
      row += bar(b, 0) * lp.row(b).array().exp() * (lp.row(b).array() - lq.row(b).array() - kl(b, 0));
    });
    detail::accumulate_rows(other_logits, [&](Index b, auto row) {
      row += bar(b, 0) * (lq.row(b).array().exp() - lp.row(b).array().exp());
    });
  });
  return y;
}

/// One class for each row of l `[B x K]`: argmax_k (l_k + g_k) with g_k = −log(−log u_k) of the row's own stream (seed,
/// purpose, epoch, row), which has probability p_k (L.5). Has no gradient. O(B K).
template <class Derived>
Labels categorical_sample(const Eigen::MatrixBase<Derived>& logits, std::uint64_t seed, Purpose purpose,
                          std::uint32_t epoch = 0) {
  Labels labels;
  for (Index b = 0; b < logits.rows(); ++b) {
    RandomStream stream(seed, purpose, epoch, static_cast<std::uint32_t>(b));
    double highest = -std::numeric_limits<double>::infinity();
    Label top = 0;
    for (Index k = 0; k < logits.cols(); ++k) {
      const double value = static_cast<double>(logits(b, k)) - std::log(-std::log(stream.uniform<double>()));
      if (value > highest) {
        highest = value;
        top = static_cast<Label>(k);
      }
    }
    labels.push_back(top);
  }
  return labels;
}

/// L.6: softmax((l + g) / τ) for Gumbel noise g `[B x K]`: a point of the simplex, with gradients, that approaches the
/// indicator of L.5 as the temperature τ falls to 0 (Jang et al. 2017; Maddison et al. 2017). @throws ShapeError,
/// ValueError unless τ is positive
template <Real T>
Var<T> relaxed_categorical_sample(Var<T> logits, Var<T> gumbel_noise, std::type_identity_t<T> temperature) {
  check_positive("relaxed_categorical_sample", "temperature", temperature);
  return softmax((T{1} / temperature) * (logits + gumbel_noise));
}

}  // namespace vade
