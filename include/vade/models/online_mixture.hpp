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
///
/// Squares are kept about the present centre. With mass W', centre m and sum of squares S' about it from before, and w,
/// b and Q of a batch about its own mean b, the sums of both are (Chan, Golub, LeVeque 1983, eq. 2.1)
///     W = W' + w,   m + (w/W) (b − m),   S' + Q + (W' w / W) (b − m)²,
/// where no term is negative: no digits are lost where codes are far from 0, as they are in E[μ̃²] − E[μ̃]².
template <Real T>
class OnlineMixture {
 public:
  OnlineMixture(Index clusters, Index latent)
      : shares_(RowVector<double>::Zero(clusters)),
        centres_(Matrix<double>::Zero(clusters, latent)),
        spreads_(Matrix<double>::Zero(clusters, latent)) {}

  /// Takes the posteriors of a batch in: γ `[B x K]`, μ̃ and log σ̃² `[B x J]`. `share` in (0, 1] is what it counts for
  /// against all before it, at least an equal part: with B/N, the last epoch is remembered well and the one before by a
  /// third of that. O(B K J). @throws ShapeError, ValueError
  void observe(const MatrixRef<T>& gamma, const MatrixRef<T>& means, const MatrixRef<T>& log_variances, double share) {
    check_shape("OnlineMixture::observe", "gamma", gamma, means.rows(), shares_.cols());
    check_shape("OnlineMixture::observe", "means", means, means.rows(), centres_.cols());
    check_shape("OnlineMixture::observe", "log_variances", log_variances, means.rows(), centres_.cols());
    check_between("OnlineMixture::observe", "share", share, 0.0, 1.0);
    ++observed_;
    const double part = std::max(share, 1 / observed_);
    const double each = part / static_cast<double>(gamma.rows());
    const Matrix<double> weights = each * gamma.template cast<double>();
    const Matrix<double> m = means.template cast<double>();
    const Matrix<double> variances = log_variances.template cast<double>().array().exp();
    for (Index c = 0; c < shares_.cols(); ++c) {
      const double before = (1 - part) * shares_(c), added = weights.col(c).sum();
      shares_(c) = before + added;
      spreads_.row(c) *= 1 - part;
      if (!(added > 0)) continue;
      const RowVector<double> step = weights.col(c).transpose() * (m.rowwise() - centres_.row(c)) / added;
      const RowVector<double> batch_mean = centres_.row(c) + step;
      const Matrix<double> squares = variances.array() + (m.rowwise() - batch_mean).array().square();
      spreads_.row(c) += weights.col(c).transpose() * squares + before * (added / shares_(c)) * step.cwiseAbs2();
      centres_.row(c) += added / shares_(c) * step;
    }
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
      mixture.means.value().row(c) = centres_.row(c).template cast<T>();
      mixture.log_variances.value().row(c) =
          (spreads_.row(c).array() / shares_(c)).max(narrowest).log().matrix().template cast<T>();
    }
  }

  /// How many batches were taken in.
  double observed() const { return observed_; }

  /// The sums, for a `Checkpoint`.
  void for_each_state(auto&& visit) {
    visit("online.shares", shares_);
    visit("online.centres", centres_);
    visit("online.spreads", spreads_);
    visit("online.observed", observed_);
  }

 private:
  RowVector<double> shares_;  // Σ γ
  Matrix<double> centres_;    // μ = Σ γ μ̃ / Σ γ
  Matrix<double> spreads_;    // Σ γ [σ̃² + (μ̃ − μ)²]
  double observed_ = 0;
};

}  // namespace vade
