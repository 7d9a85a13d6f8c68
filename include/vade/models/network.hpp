// vade: encoder and decoder, the part that all models share.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include <vade/distributions/bernoulli.hpp>
#include <vade/distributions/gaussian.hpp>
#include <vade/models/row_source.hpp>
#include <vade/nn/gaussian_encoder.hpp>

namespace vade {

/// Widths of a model: D → hidden → J, and mirrored back.
struct NetworkOptions {
  Index inputs = 784;
  std::vector<Index> hidden = {512, 512, 2048};
  Index latent = 10;
  Likelihood likelihood = Likelihood::bernoulli;
  double observation_variance = 1;  ///< s² of a Gaussian likelihood
  std::uint64_t seed = 0;           ///< of weights, order, noise and views

  /// @throws ValueError naming the field
  void check() const {
    check_at_least<Index>("NetworkOptions", "inputs", inputs, 1);
    check_at_least<Index>("NetworkOptions", "latent", latent, 1);
    check_at_least<Index>("NetworkOptions", "number of hidden layers", static_cast<Index>(hidden.size()), 1);
    for (const Index width : hidden) check_at_least<Index>("NetworkOptions", "hidden width", width, 1);
    check_positive("NetworkOptions", "observation_variance", observation_variance);
  }
};

/// (1/B) Σ_i log p(x_i | z_i), `[1 x 1]`, from what a decoder gave for z: logits or means `[B x D]`.
template <Real T>
Var<T> mean_log_likelihood(const NetworkOptions& options, Var<T> decoded, Var<T> x) {
  if (options.likelihood == Likelihood::bernoulli) return bernoulli_mean_log_prob(decoded, x);
  return gaussian_mean_log_prob(decoded, x, static_cast<T>(options.observation_variance));
}

/// log p(x_i | z_i) of each row, `[B x 1]`: the rows that `mean_log_likelihood` is the mean of.
template <Real T>
Var<T> log_likelihood(const NetworkOptions& options, Var<T> decoded, Var<T> x) {
  if (options.likelihood == Likelihood::bernoulli) return bernoulli_log_prob(decoded, x);
  const auto log_variance = static_cast<T>(std::log(options.observation_variance));
  return gaussian_log_prob(x, decoded, x.tape().constant(Matrix<T>::Constant(1, 1, log_variance)));
}

/// E[x|z] `[B x D]` from what a decoder gave for z.
template <Real T>
Var<T> expected_x(const NetworkOptions& options, Var<T> decoded) {
  return options.likelihood == Likelihood::bernoulli ? sigmoid(decoded) : decoded;
}

/// J → hidden, backward → D, the mirror of an encoder. Named "decoder".
template <Real T>
Mlp<T> mirrored_decoder(const NetworkOptions& options) {
  std::vector<Index> widths(options.hidden.rbegin(), options.hidden.rend());
  widths.insert(widths.begin(), options.latent);
  widths.push_back(options.inputs);
  return Mlp<T>("decoder", widths, options.seed, 1000);
}

/// q(z|x) and p(x|z) as networks; `Posterior` is a policy of `distributions/posterior.hpp`. Parameters are named
/// "encoder.*" and "decoder.*".
template <Real T, class Posterior = DiagonalPosterior>
struct Network {
  NetworkOptions options;
  GaussianEncoder<T, Posterior> encoder;
  Mlp<T> decoder;  ///< z `[B x J]` → logits or means `[B x D]`

  Network() = default;

  /// @throws ValueError
  explicit Network(NetworkOptions o) : options(std::move(o)) {
    options.check();
    encoder = GaussianEncoder<T, Posterior>("encoder", options.inputs, options.hidden, options.latent, options.seed, 0);
    decoder = mirrored_decoder<T>(options);
  }

  /// The posterior mean, `[B x J]`.
  Var<T> code(Var<T> x) { return encoder(x).mean; }
  Var<T> code(Var<T> x) const { return encoder(x).mean; }

  void for_each_parameter(auto&& visit) { encoder.for_each_parameter(visit), decoder.for_each_parameter(visit); }
  void for_each_parameter(auto&& visit) const { encoder.for_each_parameter(visit), decoder.for_each_parameter(visit); }
};

/// ε `[B L x J]` for the rows of a batch, L draws each in succession: row i draws from (seed, posterior, draw, its
/// number), wherever it stands, and its first draw does not depend on L.
template <Real T>
Var<T> posterior_noise(Tape<T>& tape, std::span<const Index> rows, Index latent, std::uint64_t seed,
                       std::uint32_t draw, Index samples = 1) {
  const auto count = static_cast<Index>(rows.size());
  const Var<T> noise = tape.constant(count * samples, latent);
  MatrixView<T> out(noise.mutable_value().data(), count, samples * latent);
  parallel_ranges(count, 32, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      RandomStream stream(seed, Purpose::posterior, draw,
                          static_cast<std::uint32_t>(rows[static_cast<std::size_t>(i)]));
      for (Index j = 0; j < out.cols(); ++j) out(i, j) = stream.normal<T>();
    }
  });
  return noise;
}

/// ε `[B x J]` for estimating a bound: a row depends on `seed`, its number, `first` + i, and the number of the draw.
template <Real T>
Var<T> likelihood_noise(Var<T> mean, std::uint64_t seed, Index first, std::uint32_t draw = 0) {
  const Var<T> noise = mean.tape().constant(mean.rows(), mean.cols());
  MatrixView<T> draws = noise.mutable_value();
  fill_normal(draws, seed, Purpose::likelihood, draw, static_cast<std::uint32_t>(first));
  return noise;
}

}  // namespace vade
