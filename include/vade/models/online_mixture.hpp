// vade: the mixture prior of VaDE by online EM.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include <vade/core/checks.hpp>
#include <vade/models/mixture_parameters.hpp>

namespace vade {

/// Given the posteriors q(z|x_b) = N(μ̃_b, diag σ̃_b²) and γ_b, the bound of VaDE has its maximum over the mixture at
///     π_c = mean_b γ_bc,   μ_c = Σ_b γ_bc μ̃_b / Σ_b γ_bc,   σ_c² = Σ_b γ_bc [σ̃_b² + (μ̃_b − μ_c)²] / Σ_b γ_bc
/// (M.9 to M.11). The three sums are remembered from batch to batch, and older batches fade: online EM (Cappé and
/// Moulines, J. R. Stat. Soc. B 71, 2009).
template <Real T>
class OnlineMixture {
 public:
  OnlineMixture(Index clusters, Index latent)
      : shares_(RowVector<double>::Zero(clusters)),
        means_(Matrix<double>::Zero(clusters, latent)),
        squares_(Matrix<double>::Zero(clusters, latent)) {}

  /// Takes the posteriors of a batch in: γ `[B x K]`, μ̃ and log σ̃² `[B x J]`. `share` in (0, 1] is what it counts for
  /// against all before it, at least an equal part: with B/N, the last epoch is remembered well and the one before by a
  /// third of that. O(B K J). @throws ShapeError, ValueError
  void observe(const MatrixRef<T>& gamma, const MatrixRef<T>& means, const MatrixRef<T>& log_variances, double share) {
    check_shape("OnlineMixture::observe", "gamma", gamma, means.rows(), shares_.cols());
    check_shape("OnlineMixture::observe", "means", means, means.rows(), means_.cols());
    check_shape("OnlineMixture::observe", "log_variances", log_variances, means.rows(), means_.cols());
    check_between("OnlineMixture::observe", "share", share, 0.0, 1.0);
    ++observed_;
    const double part = std::max(share, 1 / observed_);
    const double each = part / static_cast<double>(gamma.rows());
    const Matrix<double> weights = each * gamma.template cast<double>();
    const Matrix<double> m = means.template cast<double>();
    const Matrix<double> second = m.array().square() + log_variances.template cast<double>().array().exp();
    shares_ = (1 - part) * shares_ + weights.colwise().sum();
    means_ = (1 - part) * means_ + weights.transpose() * m;
    squares_ = (1 - part) * squares_ + weights.transpose() * second;
  }

  /// Puts the maximisers in place, once anything was observed. A cluster that has hardly a row keeps its centre and its
  /// variances. O(K J).
  void update(MixtureParameters<T>& mixture) const {
    if (observed_ == 0) return;
    constexpr double hardly = 1e-6;
    const double narrowest = std::exp(-static_cast<double>(MixtureParameters<T>::log_variance_bound));
    for (Index c = 0; c < shares_.cols(); ++c) {
      mixture.weight_logits.value()(0, c) = static_cast<T>(std::log(std::max(shares_(c), hardly)));
      if (shares_(c) <= hardly) continue;
      const RowVector<double> mean = means_.row(c) / shares_(c);
      const RowVector<double> variance = squares_.row(c).array() / shares_(c) - mean.array().square();
      mixture.means.value().row(c) = mean.template cast<T>();
      mixture.log_variances.value().row(c) = variance.array().max(narrowest).log().matrix().template cast<T>();
    }
  }

  /// How many batches were taken in.
  double observed() const { return observed_; }

  /// The sums, for a `Checkpoint`.
  void for_each_state(auto&& visit) {
    visit("online.shares", shares_);
    visit("online.means", means_);
    visit("online.squares", squares_);
    visit("online.observed", observed_);
  }

 private:
  RowVector<double> shares_;  // Σ γ
  Matrix<double> means_;      // Σ γ μ̃
  Matrix<double> squares_;    // Σ γ (σ̃² + μ̃²)
  double observed_ = 0;
};

}  // namespace vade
