// vade: Gaussian mixtures by expectation-maximisation.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/random.hpp>
#include <vade/mixture/detail/expectation.hpp>
#include <vade/mixture/diagonal_covariance.hpp>
#include <vade/fwd.hpp>
#include <vade/mixture/kmeans.hpp>

/// p(x) = Σ_k π_k N(x; μ_k, Σ_k). E and M step are one pass over tiles of rows: distances, responsibilities and
/// weighted sums of a tile are made while it is in the cache, so memory is O(tile) whatever N is. All arithmetic is in
/// double and relative to the mean of the data, for float data, too. The sums of a component are about its own mean: an
/// offset of the data costs no digits, and a component that is far from the others keeps those that its rows have.
/// Parameters are rounded to T when a fit ends, where full covariances stay positive definite.
///
/// Laws, each tested by name:
///   1. with `variance_floor` 0 and nothing revived, no iteration lowers the likelihood, at any distance of components;
///   2. responsibilities sum to one, and a row's do not depend on the other rows;
///   3. results are the same bytes for any number of threads;
///   4. one component is the mean and the variance of the data.
namespace vade {

/// Settings of `GaussianMixture`.
struct GaussianMixtureOptions {
  Index clusters = 10;           ///< K, at least 1
  int restarts = 1;              ///< k-means starts; the one whose last E step had the best likelihood is kept; at least 1
  int max_iterations = 100;      ///< at least 1
  double tolerance = 1e-3;       ///< converged when the mean log-likelihood changes by less; at least 0
  double variance_floor = 1e-6;  ///< added to every variance (diagonal entry); at least 0
  std::uint64_t seed = 0;
};

/// What a fit did; of the restart that was kept.
struct GaussianMixtureReport {
  std::vector<double> log_likelihood;  ///< mean over rows in nats, of the parameters that entered each iteration
  int iterations = 0;
  bool converged = false;
  int revived = 0;  ///< components that had lost all rows and were moved to a badly explained one
};

/// Rows drawn from a mixture, and the component of each.
template <Real T>
struct MixtureSample {
  Matrix<T> rows;  ///< `[N x J]`
  Labels labels;   ///< `[N]`
};

/// A mixture of K Gaussians in J dimensions; `Covariance` is `DiagonalCovariance` or `FullCovariance`. Costs are those of
/// the diagonal; with full covariances J² stands in the place of J.
///
/// A component whose mass falls below 1e-3 of a row has nothing left to be estimated from: it is revived at the row
/// with the lowest log-probability, with the covariance of the whole data (no correlations) and weight 1/K. At most one
/// is revived in an iteration and K in a fit, each is counted; further ones keep mean and covariance while their weight
/// goes to 0. A revival may lower the likelihood.
template <Real T, class Covariance>
class GaussianMixture {
 public:
  using Spread = typename Covariance::template Spread<T>;

  GaussianMixture() = default;

  /// Fits to the rows of x `[N x J]`, from the clusters of `kmeans`. O(N K J) per iteration.
  /// Source: Dempster, Laird and Rubin, JRSS B 39 (1977); Bishop, PRML (2006), section 9.2.2.
  /// @throws ShapeError if x has no column; ValueError on bad options, NaN or infinity, N < K, fewer than K distinct
  /// rows, or a variance of 0 with `variance_floor` 0. The mixture is then as it was before.
  GaussianMixtureReport fit(const MatrixRef<T>& x, const GaussianMixtureOptions& options) {
    check_options(options);
    check_between("GaussianMixture", "clusters", options.clusters, Index{1}, Index{std::numeric_limits<Label>::max()});
    detail::check_rows_for_clusters("GaussianMixture", x, options.clusters);
    const auto moments = detail::column_moments<T>("GaussianMixture", x);
    std::optional<Fit> best;
    for (int restart = 0; restart < options.restarts; ++restart) {
      RandomStream seeds(options.seed, Purpose::mixture, static_cast<std::uint32_t>(restart), ~std::uint32_t{0});
      const std::uint64_t seed = (std::uint64_t{seeds.bits()} << 32) | seeds.bits();
      const auto clusters = kmeans<T>(x, {.clusters = options.clusters, .seed = seed});
      Fit fit = expectation_maximisation(x, moments, options, hard_start(x, moments, clusters, options));
      if (!best || fit.report.log_likelihood.back() > best->report.log_likelihood.back()) best = std::move(fit);
    }
    keep(best->state, moments.mean);
    return std::move(best->report);
  }

  /// The same from given parameters; `options.clusters`, `restarts` and `seed` are not used.
  GaussianMixtureReport fit_from(const MatrixRef<T>& x, const RowVector<T>& weights, const Matrix<T>& means,
                                 const Spread& covariances, const GaussianMixtureOptions& options) {
    check_options(options);
    detail::check_rows_for_clusters("GaussianMixture", x, weights.size());
    check_parameters(weights, means, covariances);
    check_width("GaussianMixture", "means", means, x.cols());
    const auto moments = detail::column_moments<T>("GaussianMixture", x);
    State start{weights.template cast<double>(), means.template cast<double>().rowwise() - moments.mean,
                Covariance::template cast<double, T>(covariances)};
    Fit fit = expectation_maximisation(x, moments, options, std::move(start));
    keep(fit.state, moments.mean);
    return std::move(fit.report);
  }

  /// Takes parameters as they are: weights `[1 x K]`, means `[K x J]`, and variances `[K x J]` or K matrices `[J x J]`.
  /// @throws ShapeError, ValueError; the mixture is then as it was before
  void set_parameters(const RowVector<T>& weights, const Matrix<T>& means, const Spread& covariances) {
    check_parameters(weights, means, covariances);
    const RowVector<double> origin = means.template cast<double>().colwise().mean();
    weights_ = weights;
    means_ = means;
    covariances_ = covariances;
    expectation_.emplace(weights.template cast<double>(), means.template cast<double>(),
                         Covariance::template cast<double, T>(covariances), origin);
  }

  bool fitted() const { return expectation_.has_value(); }
  Index clusters() const { return means_.rows(); }
  Index latent() const { return means_.cols(); }

  /// π `[1 x K]`. @throws StateError before a fit, as all that follow
  const RowVector<T>& weights() const { return check_fitted("weights"), weights_; }
  /// μ `[K x J]`
  const Matrix<T>& means() const { return check_fitted("means"), means_; }
  /// σ² `[K x J]`, of diagonal covariances
  const Matrix<T>& variances() const requires std::same_as<Covariance, DiagonalCovariance> {
    return check_fitted("variances"), covariances_;
  }
  /// Covariances in the form of the policy: variances `[K x J]`, or K matrices `[J x J]`
  const Spread& covariances() const { return check_fitted("covariances"), covariances_; }

  /// Component with the largest responsibility for each row, among equals the lowest. `[N]`. O(N K J).
  /// @throws StateError before a fit, ShapeError on a wrong width, ValueError on NaN or infinity, as all that follow
  Labels predict(const MatrixRef<T>& x) const {
    Labels labels(static_cast<std::size_t>(x.rows()));
    for_each_row("predict", x, [&](const auto& tile, Index i, Index row) {
      Label best = 0;
      for (Label k = 1; k < static_cast<Label>(clusters()); ++k)
        if (tile.gamma.column(k)[i] > tile.gamma.column(best)[i]) best = k;
      labels[static_cast<std::size_t>(row)] = best;
    });
    return labels;
  }

  /// Responsibilities γ `[N x K]`, rows sum to one. O(N K J).
  Matrix<T> predict_proba(const MatrixRef<T>& x) const {
    Matrix<T> gamma(x.rows(), clusters());
    for_each_row("predict_proba", x, [&](const auto& tile, Index i, Index row) {
      for (Index k = 0; k < clusters(); ++k) gamma(row, k) = static_cast<T>(tile.gamma.column(k)[i]);
    });
    return gamma;
  }

  /// log p(x) of each row in nats, in double. `[N]`. O(N K J).
  std::vector<double> log_prob(const MatrixRef<T>& x) const {
    std::vector<double> values(static_cast<std::size_t>(x.rows()));
    for_each_row("log_prob", x, [&](const auto& tile, Index i, Index row) {
      values[static_cast<std::size_t>(row)] = tile.log_prob.data()[i];
    });
    return values;
  }

  /// Mean of `log_prob` over the rows; x has at least one.
  double mean_log_likelihood(const MatrixRef<T>& x) const {
    check_use("mean_log_likelihood", x);
    check_at_least("mean_log_likelihood", "rows of x", x.rows(), Index{1});
    return expectation_->mean_log_likelihood(x);
  }

  /// Akaike's information criterion on x: 2 p − 2 log L, with p free parameters. Lower is better.
  double aic(const MatrixRef<T>& x) const {
    return 2 * free_parameters() - 2 * static_cast<double>(x.rows()) * mean_log_likelihood(x);
  }

  /// The Bayesian information criterion on x: p log N − 2 log L. Lower is better.
  double bic(const MatrixRef<T>& x) const {
    const auto rows = static_cast<double>(x.rows());
    return std::log(rows) * free_parameters() - 2 * rows * mean_log_likelihood(x);
  }

  /// Free numbers: K − 1 weights, K J means, and the covariances'.
  double free_parameters() const {
    check_fitted("free_parameters");
    const auto k = static_cast<double>(clusters());
    return k - 1 + k * static_cast<double>(latent()) + Covariance::parameters(clusters(), latent());
  }

  /// Draws `count` rows; row i depends on the seed and i only. O(count (K + J)).
  MixtureSample<T> sample(Index count, std::uint64_t seed) const {
    check_fitted("sample");
    check_between("sample", "count", count, Index{0}, Index{std::numeric_limits<std::uint32_t>::max()});
    MixtureSample<T> sample{Matrix<T>(count, latent()), Labels(static_cast<std::size_t>(count))};
    RowVector<double> noise(latent());
    for (Index i = 0; i < count; ++i) {
      RandomStream stream(seed, Purpose::generation, 0, static_cast<std::uint32_t>(i));
      double rest = stream.template uniform<double>() * weights_.template cast<double>().sum();
      Index k = 0;
      while (k + 1 < clusters() && rest >= static_cast<double>(weights_(k))) rest -= static_cast<double>(weights_(k++));
      for (Index j = 0; j < latent(); ++j) noise(j) = stream.template normal<double>();
      expectation_->density().colour(k, noise);
      sample.rows.row(i) = (means_.row(k).template cast<double>() + noise).template cast<T>();
      sample.labels[static_cast<std::size_t>(i)] = static_cast<Label>(k);
    }
    return sample;
  }

 private:
  using Expectation = detail::Expectation<Covariance>;
  using Moments = typename Covariance::Moments;

  /// Parameters in double, means relative to the mean of the data.
  struct State {
    RowVector<double> weights;
    Matrix<double> means;
    typename Covariance::template Spread<double> covariances;
  };
  struct Fit {
    State state;
    GaussianMixtureReport report;
  };

  static void check_options(const GaussianMixtureOptions& options) {
    check_at_least("GaussianMixture", "restarts", options.restarts, 1);
    check_at_least("GaussianMixture", "max_iterations", options.max_iterations, 1);
    check_at_least("GaussianMixture", "tolerance", options.tolerance, 0.0);
    check_at_least("GaussianMixture", "variance_floor", options.variance_floor, 0.0);
  }

  static void check_parameters(const RowVector<T>& weights, const Matrix<T>& means, const Spread& covariances) {
    check_at_least("GaussianMixture", "number of weights", weights.size(), Index{1});
    check_simplex("GaussianMixture", "weights", weights);
    check_shape("GaussianMixture", "means", means, weights.size(), std::max<Index>(means.cols(), 1));
    check_finite("GaussianMixture", "means", means);
    Covariance::check("GaussianMixture", Covariance::template cast<double, T>(covariances), means.rows(), means.cols());
  }

  void check_fitted(std::string_view function) const {
    if (!fitted())
      throw StateError(
          detail::message(function, ": the mixture has no parameters, wanted fit or set_parameters first"));
  }

  void check_use(std::string_view function, const MatrixRef<T>& x) const {
    check_fitted(function);
    check_shape(function, "x", x, x.rows(), latent());
    check_finite(function, "x", x);
  }

  /// Calls `body(tile, i, row)` for each row of x, at place i of a tile whose responsibilities are known.
  template <class Body>
  void for_each_row(std::string_view function, const MatrixRef<T>& x, Body&& body) const {
    check_use(function, x);
    expectation_->for_each_tile(x, [&](const auto& tile, Index, Index first, Index count) {
      for (Index i = 0; i < count; ++i) body(tile, i, first + i);
    });
  }

  /// The M step, from moments about `state.means`: means and covariances of all components that have mass; the others
  /// keep theirs. False if a mean came from so far that variances lost digits: moments about the new means have them.
  static bool maximise(const Moments& moments, Index rows, double floor, State& state) {
    bool exact = true;
    for (Index k = 0; k < state.means.rows(); ++k) {
      state.weights(k) = moments.mass(k) / static_cast<double>(rows);
      if (moments.mass(k) >= least_mass) exact &= moments.estimate(k, floor, state.means, state.covariances);
    }
    state.weights /= state.weights.sum();
    return exact;
  }

  /// What a component has that no row tells anything about: the variances of the data plus the floor, uncorrelated.
  static auto whole(const detail::ColumnMoments& data, const GaussianMixtureOptions& options, Index clusters) {
    return Covariance::isotropic(data.variance.array() + options.variance_floor, clusters);
  }

  static State hard_start(const MatrixRef<T>& x, const detail::ColumnMoments& data, const KMeansResult<T>& clusters,
                          const GaussianMixtureOptions& options) {
    State state{RowVector<double>::Zero(clusters.centres.rows()),
                clusters.centres.template cast<double>().rowwise() - data.mean,
                whole(data, options, clusters.centres.rows())};
    const auto moments = [&] { return detail::hard_moments<Covariance>(x, data.mean, clusters.labels, state.means); };
    if (!maximise(moments(), x.rows(), options.variance_floor, state))
      maximise(moments(), x.rows(), options.variance_floor, state);
    return state;
  }

  static Fit expectation_maximisation(const MatrixRef<T>& x, const detail::ColumnMoments& data,
                                      const GaussianMixtureOptions& options, State state) {
    const RowVector<double> origin = RowVector<double>::Zero(x.cols());
    Fit fit{std::move(state), {}};
    while (!fit.report.converged && fit.report.iterations < options.max_iterations) {
      Covariance::check("GaussianMixture", fit.state.covariances, fit.state.means.rows(), x.cols());
      Expectation expectation(fit.state.weights, fit.state.means, fit.state.covariances, origin);
      const auto moments = [&] { return expectation.moments(x, data.mean, fit.state.means); };
      const auto pass = moments();
      if (!std::isfinite(pass.log_likelihood))
        throw ValueError(detail::message("GaussianMixture: the log-likelihood is ", pass.log_likelihood,
                                         " in iteration ", fit.report.iterations, ", wanted smaller values in x"));
      ++fit.report.iterations;
      fit.report.log_likelihood.push_back(pass.log_likelihood);
      if (!maximise(pass.moments, x.rows(), options.variance_floor, fit.state))
        maximise(moments().moments, x.rows(), options.variance_floor, fit.state);
      // Not after the last M step: what is revived wants to be estimated.
      const bool revived = fit.report.iterations < options.max_iterations && revive(x, data, pass, options, fit);
      const std::vector<double>& trace = fit.report.log_likelihood;
      fit.report.converged =
          !revived && trace.size() > 1 && std::abs(trace.back() - trace[trace.size() - 2]) < options.tolerance;
    }
    Covariance::check("GaussianMixture", fit.state.covariances, fit.state.means.rows(), x.cols());
    return fit;
  }

  /// Moves the first component without mass, if there is one, to the row that the mixture explains worst.
  template <class Pass>
  static bool revive(const MatrixRef<T>& x, const detail::ColumnMoments& data, const Pass& pass,
                     const GaussianMixtureOptions& options, Fit& fit) {
    const Index clusters = fit.state.means.rows();
    for (Index k = 0; k < clusters; ++k) {
      if (pass.moments.mass(k) >= least_mass || fit.report.revived >= clusters) continue;
      fit.state.means.row(k) = x.row(pass.worst_row).template cast<double>() - data.mean;
      Covariance::replace(fit.state.covariances, whole(data, options, clusters), k);
      fit.state.weights(k) = 1.0 / static_cast<double>(clusters);
      fit.state.weights /= fit.state.weights.sum();
      ++fit.report.revived;
      return true;
    }
    return false;
  }

  void keep(const State& state, const RowVector<double>& origin) {
    set_parameters(state.weights.template cast<T>(), (state.means.rowwise() + origin).template cast<T>(),
                   Covariance::template cast<T, double>(state.covariances));
  }

  static constexpr double least_mass = 1e-3;

  RowVector<T> weights_;
  Matrix<T> means_;
  Spread covariances_;
  std::optional<Expectation> expectation_;
};

}  // namespace vade
