// vade: the variational autoencoder, the model.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include <vade/core/stop_token.hpp>
#include <vade/fwd.hpp>
#include <vade/models/detail/fit_default.hpp>
#include <vade/models/detail/inference.hpp>
#include <vade/models/detail/likelihood.hpp>
#include <vade/models/model_file.hpp>

namespace vade {

/// Means over rows, in nats; `bound()` is the ELBO.
struct VaeBound {
  double reconstruction = 0;
  double latent_prior = 0;
  double latent_entropy = 0;

  double kl() const { return -(latent_prior + latent_entropy); }
  double bound() const { return reconstruction - kl(); }
};

/// z ~ N(0, I), x ~ p(x|z), q(z|x) Gaussian (Kingma and Welling 2014), with diagonal covariance or, as
/// `Vae<T, FullPosterior>`, with a full one. For the bound see `elbo/vae.hpp`; errors and costs are those of `Vade`.
template <Real T, class Posterior>
class Vae {
 public:
  /// Draws the networks. @throws ValueError
  explicit Vae(NetworkOptions options) : network_(std::move(options)) {}

  const NetworkOptions& options() const { return network_.options; }
  bool fitted() const { return fitted_; }
  Index parameter_count() const { return vade::parameter_count(network_); }
  /// p(x|z), with its variances where they are learned.
  const Observation<T>& observation() const { return network_.observation; }

  /// Defined in `models/fit_vae.hpp`.
  ///
  /// Trains from the start, telling `observer`. @throws ShapeError, ValueError, TrainingError
  FitReport fit(const Dataset& data, const VaeFitOptions& fit = detail::FitDefault<T>(),
                const Observer& observer = detail::FitDefault<T>(), StopToken stop = {},
                Checkpoint* checkpoint = nullptr);

  /// The same for any matrix `[N x D]` of float or double: a `Dataset` is made of it, which copies the rows once.
  template <class Derived>
  FitReport fit(const Eigen::DenseBase<Derived>& rows, const VaeFitOptions& options = detail::FitDefault<T>(),
                const Observer& observer = detail::FitDefault<T>(), StopToken stop = {},
                Checkpoint* checkpoint = nullptr);

  /// Posterior means `[N x J]`.
  Matrix<T> transform(const RowSource<T>& x) const {
    check_ready("Vae::transform", x);
    return detail::encode_rows("Vae::transform", network_, x);
  }

  /// E[x|z] `[N x D]` at the posterior mean of each row.
  Matrix<T> reconstruct(const RowSource<T>& x) const {
    check_ready("Vae::reconstruct", x);
    return detail::reconstruct_rows("Vae::reconstruct", network_, x);
  }

  /// E[x|z] for codes z `[n x J]`.
  Matrix<T> decode(const Matrix<T>& z) const {
    detail::check_fitted("Vae::decode", fitted_);
    return detail::decode_rows(network_, z, "Vae::decode");
  }

  /// `count` draws from the prior, decoded to E[x|z] `[count x D]`. @throws StateError; ValueError for count < 1
  Matrix<T> generate(Index count, std::uint64_t seed) const {
    detail::check_draws<T>("Vae::generate", count, options().latent, options().inputs);
    Matrix<T> z(count, options().latent);
    fill_normal(z, seed, Purpose::generation);
    return decode(z);
  }

  /// The three terms, from one draw of z a row.
  VaeBound elbo(const RowSource<T>& x, std::uint64_t seed = 0) const {
    check_ready("Vae::elbo", x);
    const auto means = detail::mean_terms<3>("Vae::elbo", x, [&](Var<T> rows, Index first) {
      const auto q = network_.encoder(rows);
      const Var<T> z = q.sample(likelihood_noise(q.mean, seed, first));
      const VaeTerms<T> terms = vae_terms(network_.observation.mean_log_prob(network_.decoder(z), rows), q);
      return std::array<Var<T>, 3>{terms.reconstruction, terms.latent_prior, terms.latent_entropy};
    });
    return {means[0], means[1], means[2]};
  }

  /// An estimate of log p(x) for each row in nats, `[N]`: the importance-weighted bound of `samples` draws, B.3. On
  /// average it is too low, by less the more draws there are. @throws ValueError for samples < 1
  std::vector<double> log_likelihood(const RowSource<T>& x, int samples = 100, std::uint64_t seed = 0) const {
    check_ready("Vae::log_likelihood", x);
    check_at_least("Vae::log_likelihood", "samples", samples, 1);
    return detail::importance_weighted_log_likelihood("Vae::log_likelihood", network_, x, samples, seed,
                                                      [](Var<T> z) { return standard_normal_log_prob(z); });
  }

  /// Writes all parameters and the widths, all or nothing. @throws StateError; FileError
  void save(const std::filesystem::path& path) const {
    detail::check_fitted("Vae::save", fitted_);
    ModelFileWriter<T> file("vae", options(), Posterior::name);
    file.add(network_);
    file.save(path);
  }

  /// What `save` wrote. @throws FileError
  static Vae load(const std::filesystem::path& path) {
    const ModelFileReader file(path, "vae", Posterior::name);
    const NetworkOptions options = file.network();
    return file.make([&](auto&& visit) { Network<T, Posterior>::for_each_shape(options, visit); },
                     [&] {
                       Vae model(options);
                       file.read(model.network_);
                       model.fitted_ = true;
                       return model;
                     });
  }

 private:
  void check_ready(std::string_view who, const RowSource<T>& x) const {
    detail::check_fitted(who, fitted_);
    x.check(who, options().inputs, options().likelihood);
  }

  Network<T, Posterior> network_;
  bool fitted_ = false;
};

}  // namespace vade
