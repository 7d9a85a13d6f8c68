// vade: Gaussian mixtures by expectation-maximisation.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/memory.hpp>
#include <vade/core/random.hpp>
#include <vade/fwd.hpp>
#include <vade/mixture/detail/expectation.hpp>
#include <vade/mixture/detail/mixture_fit.hpp>
#include <vade/mixture/diagonal_covariance.hpp>
#include <vade/mixture/gaussian_mixture_options.hpp>

/// p(x) = Σ_k π_k N(x; μ_k, Σ_k). E and M step are one pass over tiles of rows: distances, responsibilities and
/// weighted sums of a tile are made while it is in the cache, so memory is O(tile) whatever N is. All arithmetic is in
/// double and relative to the mean of the data, for float data, too. The sums of a component are about its own mean: an
/// offset of the data costs no digits, and a component that is far from the others keeps those that its rows have.
/// Parameters are rounded to T when a fit ends, where full covariances stay positive definite.
///
/// Units do not matter: the start looks at columns divided by their standard deviations, and the floor of the variances
/// is a share of the columns' own.
///
/// Laws, each tested by name:
///   1. with `variance_floor` 0 and nothing revived, no iteration lowers the likelihood, at any distance of components;
///   2. responsibilities sum to one, and a row's do not depend on the other rows;
///   3. results are the same bytes for any number of threads;
///   4. one component is the mean and the variance of the data;
///   5. a column in another unit, a shift, or columns in another order change no label, and the log-likelihood by the
///      logarithms of the units only.
namespace vade {

/// Rows drawn from a mixture, and the component of each.
template <Real T>
struct MixtureSample {
  Matrix<T> rows;  ///< `[N x J]`
  Labels labels;   ///< `[N]`
};

/// A mixture of K Gaussians in J dimensions; `Covariance` is `DiagonalCovariance` or `FullCovariance`. Costs are those
/// of the diagonal; with full covariances J² stands in the place of J.
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
  /// What `fit` uses. @throws ValueError naming the field
  explicit GaussianMixture(const GaussianMixtureOptions& options) : options_(options) { options.check(); }

  /// Those of the constructor, or of the last fit.
  const GaussianMixtureOptions& options() const { return options_; }

  /// Fits to the rows of x `[N x J]`, from the clusters that k-means finds in the columns divided by their standard
  /// deviations. O(N K J) per iteration.
  /// Source: Dempster, Laird and Rubin, JRSS B 39 (1977); Bishop, PRML (2006), section 9.2.2.
  /// @throws ShapeError if x has no column; ValueError on bad options, NaN or infinity, N < K, fewer than K distinct
  /// rows, or where all restarts ended in a variance of 0, with `variance_floor` 0. The mixture is then as it was
  /// before.
  GaussianMixtureReport fit(const MatrixRef<T>& x) { return fit(x, options_); }

  /// The same under other options, which the mixture keeps.
  GaussianMixtureReport fit(const MatrixRef<T>& x, const GaussianMixtureOptions& options) {
    options.check();
    detail::check_rows_for_clusters("GaussianMixture", x, options.clusters);
    check_covariance_memory(options.clusters, x);
    const detail::ExpectationMaximisation<T, Covariance> em(x, options);
    std::optional<detail::MixtureFit<Covariance>> best;
    std::exception_ptr collapse;
    int collapsed = 0;
    for (int restart = 0; restart < options.restarts; ++restart) {
      RandomStream seeds(options.seed, Purpose::mixture, static_cast<std::uint32_t>(restart), ~std::uint32_t{0});
      const std::uint64_t seed = (std::uint64_t{seeds.bits()} << 32) | seeds.bits();
      try {
        auto fit = em.from_clusters(seed);
        if (!best || fit.report.log_likelihood.back() > best->report.log_likelihood.back()) best = std::move(fit);
      } catch (const ValueError&) {
        if (++collapsed == 1) collapse = std::current_exception();
      }
    }
    if (!best) std::rethrow_exception(collapse);
    best->report.collapsed = collapsed;
    keep(*best, em.origin(), options);
    return std::move(best->report);
  }

  /// The same from given parameters; `options.clusters`, `restarts` and `seed` are not used.
  GaussianMixtureReport fit_from(const MatrixRef<T>& x, const RowVector<T>& weights, const Matrix<T>& means,
                                 const Spread& covariances, const GaussianMixtureOptions& options) {
    options.check_fit();
    detail::check_rows_for_clusters("GaussianMixture", x, weights.size());
    check_parameters(weights, means, covariances);
    check_width("GaussianMixture", "means", means, x.cols());
    check_covariance_memory(means.rows(), x);
    const detail::ExpectationMaximisation<T, Covariance> em(x, options);
    auto fit = em.from({weights.template cast<double>(), means.template cast<double>().rowwise() - em.origin(),
                        Covariance::template cast<double, T>(covariances)});
    keep(fit, em.origin(), options);
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
  /// @throws StateError before a fit, ShapeError on a wrong width, ValueError on NaN or infinity, or naming the first
  /// row that is so far from all components that its squared distances (in standard deviations) overflow; so do all
  /// that follow
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
    check_use("predict_proba", x);
    const auto entries = static_cast<double>(x.rows()) * static_cast<double>(clusters());
    check_memory("predict_proba", "responsibilities " + shape_text(x.rows(), clusters()), entries * sizeof(T));
    Matrix<T> gamma(x.rows(), clusters());
    for_each_row("predict_proba", x, [&](const auto& tile, Index i, Index row) {
      for (Index k = 0; k < clusters(); ++k) gamma(row, k) = static_cast<T>(tile.gamma.column(k)[i]);
    });
    return gamma;
  }

  /// log p(x) of each row in nats, in double. `[N]`. It is exact to rounding for any row that is not refused. A mixture
  /// in float has means in float: where these are large beside the standard deviations, log p(x) is that of a mixture
  /// whose means are shifted by up to 6e-8 of their size (data of deviation 1 near 1e6: by 0.2 nats for single rows).
  /// Use double there, or subtract the columns' means first. O(N K J).
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
    BeyondRows beyond(x.rows());
    const double mean = expectation_->mean_log_likelihood(
        x, [&](const double* log_prob, Index first, Index count) { beyond.look(log_prob, first, count); });
    beyond.check("mean_log_likelihood");
    return mean;
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
    check_between("sample", "count", static_cast<std::int64_t>(count), std::int64_t{0},
                  std::int64_t{std::numeric_limits<std::uint32_t>::max()});
    const auto entries = static_cast<double>(count) * static_cast<double>(latent());
    check_memory("sample", "rows " + shape_text(count, latent()), entries * sizeof(T));
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

  /// The first row that lies beyond all components, found by several threads.
  class BeyondRows {
   public:
    explicit BeyondRows(Index rows) : rows_(rows), first_(rows) {}
    void look(const double* log_prob, Index first, Index count) {
      for (Index i = 0; i < count; ++i)
        if (detail::is_beyond(log_prob[i])) {
          for (Index known = first_; first + i < known && !first_.compare_exchange_weak(known, first + i);) {
          }
          return;
        }
    }
    /// @throws ValueError
    void check(std::string_view function) const {
      if (first_ < rows_)
        throw ValueError(detail::message(function, ": row ", first_,
                                         " of x is so far from all components that its squared "
                                         "distances overflow, wanted smaller values"));
    }

   private:
    Index rows_;
    std::atomic<Index> first_;
  };

  /// A fit holds the covariances in double some five times (parameters, the data's own, factors, inverses, moments),
  /// and once more for each part of the rows that a thread takes, of which large ones have at most 8.
  static void check_covariance_memory(Index clusters, const MatrixRef<T>& x) {
    const auto parts = static_cast<double>(std::min<Index>(x.rows() / 64 + 1, 8));
    check_memory("GaussianMixture",
                 detail::message("covariances of ", clusters, " components in ", x.cols(), " dimensions"),
                 (5 + parts) * 8 * Covariance::entries(clusters, x.cols()));
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
    BeyondRows beyond(x.rows());
    expectation_->for_each_tile(x, [&](const auto& tile, Index, Index first, Index count) {
      beyond.look(tile.log_prob.data(), first, count);
      for (Index i = 0; i < count; ++i) body(tile, i, first + i);
    });
    beyond.check(function);
  }

  void keep(const detail::MixtureFit<Covariance>& fit, const RowVector<double>& origin,
            const GaussianMixtureOptions& options) {
    set_parameters(fit.state.weights.template cast<T>(), (fit.state.means.rowwise() + origin).template cast<T>(),
                   Covariance::template cast<T, double>(fit.state.covariances));
    options_ = options;
  }

  GaussianMixtureOptions options_;
  RowVector<T> weights_;
  Matrix<T> means_;
  Spread covariances_;
  std::optional<Expectation> expectation_;
};

}  // namespace vade
