// vade: do the codes carry anything?
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/training/report.hpp>

namespace vade {

/// What each code tells of its row, in nats: the mean over rows of KL(q(z_j|x) ‖ N(m_j, v_j)), with m_j and v_j the mean and
/// variance of z_j over all rows,
///     I_j = ½ [log v_j − mean_x log σ_j²],   v_j = Var_x(μ_j) + mean_x σ_j².
/// It is the least mean divergence from any Gaussian, so no more than the one from the prior, and it does not depend on the
/// units of the code. A code with 0.01 nats or less is dead (compare Burda, Grosse and Salakhutdinov, ICLR 2016, who count the
/// codes whose means vary by more than 0.01). One epoch's indicators are `active_codes`, the number of others, and
/// `least_code_nats` and `most_code_nats`; fewer than one in ten active is an alarm.
class CodeMonitor {
 public:
  static constexpr double dead = 0.01;  ///< nats

  explicit CodeMonitor(Index latent) : sums_(Matrix<double>::Zero(4, latent)) {}

  /// μ and log σ² `[B x J]` of a batch. O(B J), and allocates nothing after the first.
  template <class M1, class M2>
  void observe(const M1& means, const M2& log_variances) {
    if (rows_ == 0) origin_ = means.row(0).template cast<double>();  // so that the variance of the means does not cancel
    for (Index i = 0; i < means.rows(); ++i)
      for (Index j = 0; j < means.cols(); ++j) {
        const double mean = static_cast<double>(means(i, j)) - origin_(j);
        const auto log_variance = static_cast<double>(log_variances(i, j));
        sums_(0, j) += mean;
        sums_(1, j) += mean * mean;
        sums_(2, j) += std::exp(log_variance);
        sums_(3, j) += log_variance;
      }
    rows_ += means.rows();
  }

  /// Adds the indicators for the rows seen since the last call, and begins anew.
  void finish(EpochRecord& record) {
    if (rows_ == 0) return;
    const Matrix<double> means = sums_ / static_cast<double>(rows_);
    const auto spread = (means.row(1).array() - means.row(0).array().square()).max(0.0) + means.row(2).array();
    const RowVector<double> nats = (0.5 * (spread.log() - means.row(3).array())).max(0.0).matrix();
    const Index active = (nats.array() > dead).count(), latent = nats.cols();
    record.terms.push_back({"active_codes", static_cast<double>(active)});
    record.terms.push_back({"least_code_nats", nats.minCoeff()});
    record.terms.push_back({"most_code_nats", nats.maxCoeff()});
    if (active == 0 || 10 * active < latent)
      record.alarms.push_back(detail::message(
          "of ", latent, " codes ", active, " carry more than ", dead, " nats about the rows: lower observation_variance or learn it, "
          "scale the columns, or let kl_weight warm up"));
    sums_.setZero();
    rows_ = 0;
  }

 private:
  RowVector<double> origin_;
  Matrix<double> sums_;  // over rows: μ − origin, its square, σ², log σ²
  Index rows_ = 0;
};

}  // namespace vade
