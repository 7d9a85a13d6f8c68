// vade: settings and report of a Gaussian mixture.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>

namespace vade {

/// Settings of `GaussianMixture`.
struct GaussianMixtureOptions {
  Index clusters = 10;       ///< K, at least 1
  int restarts = 1;          ///< k-means starts; the one whose last E step had the best likelihood is kept; at least 1
  int max_iterations = 100;  ///< at least 1
  double tolerance = 1e-3;   ///< converged when the mean log-likelihood changes by less, in nats a row; at least 0
  /// A share, at least 0. Each column's variance within the clusters that the fit starts from (at most that of the
  /// whole column), times this share, is added to every variance of the column. So the unit of a column does not
  /// matter. Where the clusters have no spread in a column, the share is of the variance of the whole column; of 1,
  /// where that is 0.
  double variance_floor = 1e-6;
  std::uint64_t seed = 0;

  /// @throws ValueError naming the field
  void check() const {
    check_between("GaussianMixture", "clusters", clusters, Index{1}, Index{std::numeric_limits<Label>::max()});
    check_fit();
  }
  /// The same without `clusters`, which a fit from given parameters does not use.
  void check_fit() const {
    check_at_least("GaussianMixture", "restarts", restarts, 1);
    check_at_least("GaussianMixture", "max_iterations", max_iterations, 1);
    check_at_least("GaussianMixture", "tolerance", tolerance, 0.0);
    check_at_least("GaussianMixture", "variance_floor", variance_floor, 0.0);
  }
};

/// What a fit did; of the restart that was kept.
struct GaussianMixtureReport {
  std::vector<double> log_likelihood;  ///< mean over rows in nats, of the parameters that entered each iteration
  int iterations = 0;
  bool converged = false;
  int revived = 0;    ///< components that had lost all rows and were moved to a badly explained one
  Index floored = 0;  ///< variances (diagonal entries of covariances) of which the floor is half or more
  int collapsed = 0;  ///< restarts that were left out, since a component of theirs lost all variance (floor 0)
};

}  // namespace vade
