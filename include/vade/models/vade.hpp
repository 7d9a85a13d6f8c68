// vade: Variational Deep Embedding, the model.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <vade/core/stop_token.hpp>
#include <vade/fwd.hpp>
#include <vade/models/detail/draw_codes.hpp>
#include <vade/models/detail/fit_default.hpp>
#include <vade/models/detail/likelihood.hpp>
#include <vade/models/model_file.hpp>

namespace vade {

/// Widths, and the number of clusters.
struct VadeOptions {
  NetworkOptions network = {};
  Index clusters = 10;

  /// @throws ValueError naming the field
  void check() const {
    network.check();
    check_between<Index>("VadeOptions", "clusters", clusters, 1, NetworkOptions::widest);
  }
  void for_each_option(auto&& visit) const { visit("network", network), visit("clusters", clusters); }
};

/// Means over rows, in nats; `bound()` is the ELBO.
struct VadeBound {
  double reconstruction = 0;
  double latent_prior = 0;
  double cluster_prior = 0;
  double latent_entropy = 0;
  double cluster_entropy = 0;

  double kl() const { return -(latent_prior + cluster_prior + latent_entropy + cluster_entropy); }
  double bound() const { return reconstruction - kl(); }
};

/// A VAE whose prior is a Gaussian mixture, so that it clusters (Jiang et al., IJCAI 2017). For the bound see
/// `elbo/vade.hpp`.
///
///     Vade<float> model({.network = {.inputs = 784}, .clusters = 10});
///     model.fit(images);                          // a Dataset; needs models/fit_vade.hpp
///     Labels clusters = model.predict(images);    // deterministic: from posterior means and variances
///     Matrix<float> threes = model.generate(16, 3, 1);
///
/// Methods take a `Dataset` or a matrix `[N x D]` as `RowSource`. All that answer about data throw StateError before
/// `fit` or `load`, ShapeError for another width, and ValueError for values that are not finite or, under a Bernoulli
/// likelihood, outside [0, 1], and for a row, which is named, whose answer would not be finite: no answer has a NaN.
/// They cost O(parameters · N), plus O(K J N).
///
/// q(z|x) has diagonal covariance or, as `Vade<T, FullPosterior>`, a full one.
template <Real T, class Posterior>
class Vade {
 public:
  /// Draws the networks. @throws ValueError
  explicit Vade(VadeOptions options) : options_(std::move(options)) {
    options_.check();
    const Index clusters = options_.clusters, latent = options_.network.latent;
    const auto shapes = [&](auto&& visit) { MixtureParameters<T>::for_each_shape(clusters, latent, visit); };
    detail::make_parameters<T>("Vade", detail::message("clusters ", clusters, ", latent ", latent), shapes,
                               [&] { mixture_ = MixtureParameters<T>(clusters, latent); });
    network_ = Network<T, Posterior>(options_.network);
  }

  const VadeOptions& options() const { return options_; }
  /// Whether there is a model to ask: `load`, or a `fit` that began to train, even if it was cancelled or could not go
  /// on.
  bool fitted() const { return fitted_; }
  Index parameter_count() const { return vade::parameter_count(network_) + vade::parameter_count(mixture_); }
  /// p(x|z), with its variances where they are learned.
  const Observation<T>& observation() const { return network_.observation; }

  /// Defined in `models/fit_vade.hpp`: a program that only loads and asks compiles without the training.
  ///
  /// Warm start, then joint training, telling `observer`. Starts anew each time, or where `checkpoint` says. Can be
  /// cancelled between steps. @throws ShapeError, ValueError (data or options, fewer rows than clusters; a checkpoint
  /// of other ones), which leave the model as it was; TrainingError; FileError
  FitReport fit(const Dataset& data, const VadeFitOptions& options = detail::FitDefault<T>(),
                const Observer& observer = detail::FitDefault<T>(), StopToken stop = {},
                Checkpoint* checkpoint = nullptr);

  /// The same for any matrix `[N x D]` of float or double: a `Dataset` is made of it, which copies the rows once.
  template <class Derived>
  FitReport fit(const Eigen::DenseBase<Derived>& rows, const VadeFitOptions& options = detail::FitDefault<T>(),
                const Observer& observer = detail::FitDefault<T>(), StopToken stop = {},
                Checkpoint* checkpoint = nullptr);

  /// Posterior means μ `[N x J]`.
  Matrix<T> transform(const RowSource<T>& x) const {
    check_ready("Vade::transform", x);
    return detail::encode_rows("Vade::transform", network_, x);
  }

  /// Exact responsibilities γ `[N x K]`; rows sum to one.
  Matrix<T> predict_proba(const RowSource<T>& x) const {
    check_ready("Vade::predict_proba", x);
    return detail::responsibilities_of_rows("Vade::predict_proba", network_, mixture_, x);
  }

  /// The most likely cluster of each row.
  Labels predict(const RowSource<T>& x) const { return top_columns(predict_proba(x)); }

  /// E[x|z] at the posterior mean, `[N x D]`.
  Matrix<T> reconstruct(const RowSource<T>& x) const {
    check_ready("Vade::reconstruct", x);
    return detail::reconstruct_rows("Vade::reconstruct", network_, x);
  }

  /// E[x|z] for codes z `[n x J]`. @throws StateError, ShapeError; ValueError for codes that are not finite
  Matrix<T> decode(const Matrix<T>& z) const {
    detail::check_fitted("Vade::decode", fitted_);
    return detail::decode_rows(network_, z, "Vade::decode");
  }

  /// `count` draws from the prior, decoded to E[x|z] `[count x D]`. @throws StateError; ValueError for count < 1
  Matrix<T> generate(Index count, std::uint64_t seed) const { return generate_from(count, {}, 0, seed); }

  /// The same from one cluster. Clusters overlap, and a draw from one can lie where another is as likely: with
  /// `confidence` t > 0 only draws with p(c|z) ≥ t are kept, which is how the pictures of Jiang et al. 2017 were made,
  /// with t = 0.999.
  /// @throws StateError; ValueError for count < 1, a cluster outside [0, K), t outside [0, 1), or where one row takes
  /// more than 1,000 draws
  Matrix<T> generate(Index count, Index cluster, std::uint64_t seed, double confidence = 0) const {
    check_between<Index>("Vade::generate", "cluster", cluster, 0, options_.clusters - 1);
    check_between("Vade::generate", "confidence", confidence, 0.0, 1 - 1e-9);
    return generate_from(count, cluster, confidence, seed);
  }

  /// The five terms, from one draw of z a row.
  VadeBound elbo(const RowSource<T>& x, std::uint64_t seed = 0) const {
    check_ready("Vade::elbo", x);
    const auto means = detail::mean_terms<5>("Vade::elbo", x, [&](Var<T> rows, Index first) {
      const auto q = network_.encoder(rows);
      const Var<T> z = q.sample(likelihood_noise(q.mean, seed, first));
      const MixturePrior<T> prior = mixture_.on(rows.tape());
      const Var<T> densities = prior.expected_log_density(q);
      const VadeTerms<T> terms =
          vade_terms(network_.observation.mean_log_prob(network_.decoder(z), rows), q, densities,
                     exact_responsibilities(densities, prior.weight_logits), prior.weight_logits);
      return std::array<Var<T>, 5>{terms.reconstruction, terms.latent_prior, terms.cluster_prior, terms.latent_entropy,
                                   terms.cluster_entropy};
    });
    return {means[0], means[1], means[2], means[3], means[4]};
  }

  /// An estimate of log p(x) for each row in nats, `[N]`: the importance-weighted bound of `samples` draws, B.3, with
  /// the clusters summed out, B.9. On average it is too low, by less the more draws there are. @throws ValueError for
  /// samples < 1
  std::vector<double> log_likelihood(const RowSource<T>& x, int samples = 100, std::uint64_t seed = 0) const {
    check_ready("Vade::log_likelihood", x);
    check_at_least("Vade::log_likelihood", "samples", samples, 1);
    return detail::importance_weighted_log_likelihood(
        "Vade::log_likelihood", network_, x, samples, seed, [&](Var<T> z) {
          const MixturePrior<T> prior = mixture_.on(z.tape());
          return mixture_log_prob(z, prior.weight_logits, prior.means, prior.log_variances);
        });
  }

  /// π `[1 x K]`, μ_c and σ_c² `[K x J]`.
  RowVector<T> weights() const { return mixture_.weights(); }
  Matrix<T> means() const { return mixture_.means.value(); }
  Matrix<T> variances() const { return mixture_.variances(); }

  /// Writes all parameters and the widths, all or nothing. @throws StateError; FileError
  void save(const std::filesystem::path& path) const {
    detail::check_fitted("Vade::save", fitted_);
    ModelFileWriter<T> file("vade", options_.network, Posterior::name);
    file.set("clusters", std::to_string(options_.clusters));
    file.add(network_);
    file.add(mixture_);
    file.save(path);
  }

  /// What `save` wrote, with numbers of either precision. @throws FileError
  static Vade load(const std::filesystem::path& path) {
    const ModelFileReader file(path, "vade", Posterior::name, {"clusters"});
    const VadeOptions options{file.network(), file.number("clusters")};
    const auto shapes = [&](auto&& visit) {
      options.check();
      Network<T, Posterior>::for_each_shape(options.network, visit);
      MixtureParameters<T>::for_each_shape(options.clusters, options.network.latent, visit);
    };
    return file.make(shapes, [&] {
      Vade model(options);
      file.read(model.network_);
      file.read(model.mixture_);
      model.fitted_ = true;
      return model;
    });
  }

 private:
  Matrix<T> generate_from(Index count, std::optional<Index> cluster, double confidence, std::uint64_t seed) const {
    detail::check_fitted("Vade::generate", fitted_);
    detail::check_draws<T>("Vade::generate", count, options_.network.latent, options_.network.inputs);
    return decode(detail::draw_codes(mixture_, count, cluster, confidence, seed));
  }

  void check_ready(std::string_view who, const RowSource<T>& x) const {
    detail::check_fitted(who, fitted_);
    x.check(who, options_.network.inputs, options_.network.likelihood);
  }

  VadeOptions options_;
  Network<T, Posterior> network_;
  MixtureParameters<T> mixture_;
  bool fitted_ = false;
};

}  // namespace vade
