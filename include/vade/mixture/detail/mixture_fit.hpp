// vade: expectation-maximisation on given rows.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/mixture/detail/column_moments.hpp>
#include <vade/mixture/detail/expectation.hpp>
#include <vade/mixture/detail/kmeans_rows.hpp>
#include <vade/mixture/gaussian_mixture_options.hpp>
#include <vade/mixture/kmeans.hpp>

namespace vade::detail {

/// Parameters in double, means relative to the mean of the data.
template <class Covariance>
struct MixtureState {
  RowVector<double> weights;
  Matrix<double> means;
  typename Covariance::template Spread<double> covariances;
};

/// Where a fit ended, and what it did.
template <class Covariance>
struct MixtureFit {
  MixtureState<Covariance> state;
  GaussianMixtureReport report;
};

/// Expectation-maximisation on the rows of x `[N x J]`, to which it refers.
template <Real T, class Covariance>
class ExpectationMaximisation {
 public:
  using State = MixtureState<Covariance>;
  using Fit = MixtureFit<Covariance>;

  /// @throws ValueError where x has values that are not finite, or squares that overflow
  ExpectationMaximisation(const MatrixRef<T>& x, const GaussianMixtureOptions& options)
      : x_(x), options_(options), data_(column_moments<T>("GaussianMixture", x)) {}

  /// Mean of the data, which the means of states are relative to.
  const RowVector<double>& origin() const { return data_.mean; }

  /// From the clusters that k-means finds in the columns divided by their standard deviations: their units do not
  /// matter to the likelihood, so they must not matter to its start. @throws ValueError
  Fit from_clusters(std::uint64_t seed) const {
    const StandardRows<T> rows(x_, data_);
    const auto varying = (data_.variance.array() > 0).template cast<double>();
    const auto clusters = lloyd_from_seeds(KMeansData<StandardRows<T>>{rows, varying.mean()},
                                           {.clusters = options_.clusters, .seed = seed});
    const Index count = clusters.centres.rows();
    State state{RowVector<double>::Zero(count), clusters.centres * data_.unit.asDiagonal(),
                Covariance::isotropic(data_.variance, count)};
    const auto moments = [&] { return hard_moments<Covariance>(x_, data_.mean, clusters.labels, state.means); };
    const RowVector<double> none = RowVector<double>::Zero(x_.cols());
    if (!maximise(moments(), none, state)) maximise(moments(), none, state);
    const RowVector<double> floor = floor_of(state);
    Covariance::widen(state.covariances, floor);
    return run(floor, std::move(state));
  }

  /// From given parameters. @throws ValueError
  Fit from(State state) const {
    const RowVector<double> floor = floor_of(state);
    return run(floor, std::move(state));
  }

 private:
  using Moments = typename Covariance::Moments;

  /// What is added to the variances of each column, `[1 x J]`: `variance_floor` times the variance within the
  /// components of `start`. Not of the whole column: one row that is far away would make the floor of all components as
  /// wide as that.
  RowVector<double> floor_of(const State& start) const {
    constexpr double rounding = 64 * std::numeric_limits<double>::epsilon();
    RowVector<double> within = RowVector<double>::Zero(x_.cols());
    for (Index k = 0; k < start.means.rows(); ++k)
      within += start.weights(k) * Covariance::variances(start.covariances, k);
    for (Index j = 0; j < x_.cols(); ++j) {
      const double whole = data_.unit(j) * data_.unit(j);
      if (!(within(j) > rounding * rounding * whole) || within(j) > whole) within(j) = whole;
    }
    return options_.variance_floor * within;
  }

  /// The M step, from moments about `state.means`: means and covariances of all components that have mass; the others
  /// keep theirs. False if a mean came from so far that variances lost digits: moments about the new means have them.
  bool maximise(const Moments& moments, const RowVector<double>& floor, State& state) const {
    bool exact = true;
    for (Index k = 0; k < state.means.rows(); ++k) {
      state.weights(k) = moments.mass(k) / static_cast<double>(x_.rows());
      if (moments.mass(k) >= least_mass) exact &= moments.estimate(k, floor, state.means, state.covariances);
    }
    state.weights /= state.weights.sum();
    return exact;
  }

  Fit run(const RowVector<double>& floor, State start) const {
    const RowVector<double> origin = RowVector<double>::Zero(x_.cols());
    Fit fit{std::move(start), {}};
    State& state = fit.state;
    GaussianMixtureReport& report = fit.report;
    while (!report.converged && report.iterations < options_.max_iterations) {
      Covariance::check("GaussianMixture", state.covariances, state.means.rows(), x_.cols());
      const Expectation<Covariance> expectation(state.weights, state.means, state.covariances, origin);
      const auto pass = expectation.moments(x_, data_.mean, state.means);
      if (!std::isfinite(pass.log_likelihood))
        throw ValueError(message("GaussianMixture: the log-likelihood is ", pass.log_likelihood, " in iteration ",
                                 report.iterations, ", wanted smaller values in x, or a start nearer to them"));
      ++report.iterations;
      report.log_likelihood.push_back(pass.log_likelihood);
      if (!maximise(pass.moments, floor, state))
        maximise(expectation.moments(x_, data_.mean, state.means).moments, floor, state);
      // Not after the last M step: what was revived must be estimated.
      const bool revived = report.iterations < options_.max_iterations && revive(pass, floor, fit);
      const std::vector<double>& trace = report.log_likelihood;
      report.converged =
          !revived && trace.size() > 1 && std::abs(trace.back() - trace[trace.size() - 2]) < options_.tolerance;
    }
    Covariance::check("GaussianMixture", state.covariances, state.means.rows(), x_.cols());
    for (Index k = 0; k < state.means.rows(); ++k)
      report.floored += (Covariance::variances(state.covariances, k).array() <= 2 * floor.array()).count();
    return fit;
  }

  /// Moves the first component without mass, if there is one, to the row that the mixture explains worst, with what a
  /// component has that no row tells anything about: the variances of the data plus the floor, uncorrelated.
  template <class Pass>
  bool revive(const Pass& pass, const RowVector<double>& floor, Fit& fit) const {
    const Index clusters = fit.state.means.rows();
    for (Index k = 0; k < clusters; ++k) {
      if (pass.moments.mass(k) >= least_mass || fit.report.revived >= clusters) continue;
      fit.state.means.row(k) = x_.row(pass.worst_row).template cast<double>() - data_.mean;
      Covariance::replace(fit.state.covariances, Covariance::isotropic(data_.variance + floor, 1), k);
      fit.state.weights(k) = 1.0 / static_cast<double>(clusters);
      fit.state.weights /= fit.state.weights.sum();
      ++fit.report.revived;
      return true;
    }
    return false;
  }

  static constexpr double least_mass = 1e-3;  // rows

  const MatrixRef<T>& x_;
  const GaussianMixtureOptions& options_;
  ColumnMoments data_;
};

}  // namespace vade::detail
