// vade: encoder and decoder, the part that all models share.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <vade/models/observation.hpp>
#include <vade/models/parameter_shapes.hpp>
#include <vade/nn/gaussian_encoder.hpp>

namespace vade {

namespace detail {

inline std::vector<Index> decoder_widths(const NetworkOptions& options) {
  std::vector<Index> widths(options.hidden.rbegin(), options.hidden.rend());
  widths.insert(widths.begin(), options.latent);
  widths.push_back(options.inputs);
  return widths;
}

/// Visits the parameters of each part, in this order, which is the one of optimizers and files.
void visit_parts(auto&& visit, auto&... parts) { (parts.for_each_parameter(visit), ...); }

}  // namespace detail

/// J → hidden, backward → D, the mirror of an encoder. Named "decoder".
template <Real T>
Mlp<T> mirrored_decoder(const NetworkOptions& options) {
  return Mlp<T>("decoder", detail::decoder_widths(options), options.seed, NetworkOptions::most_layers + 1);
}

/// q(z|x) and p(x|z) as networks; `Posterior` is a policy of `distributions/posterior.hpp`. Parameters are named
/// "encoder.*", "decoder.*" and "observation.*".
template <Real T, class Posterior = DiagonalPosterior>
struct Network {
  NetworkOptions options;
  GaussianEncoder<T, Posterior> encoder;
  Mlp<T> decoder;  ///< z `[B x J]` → logits or means `[B x D]`
  Observation<T> observation;

  Network() = default;

  /// @throws ValueError for options out of range, or that need more memory than there is
  explicit Network(NetworkOptions o) : options(std::move(o)) {
    options.check();
    const auto shapes = [this](auto&& visit) { for_each_shape(options, visit); };
    detail::make_parameters<T>("Network", detail::sizes_of(options), shapes, [this] {
      encoder = GaussianEncoder<T, Posterior>("encoder", options.inputs, options.hidden, options.latent, options.seed, 0);
      decoder = mirrored_decoder<T>(options);
      observation = Observation<T>(options);
    });
  }

  /// `visit(name, rows, columns)` for each parameter of a network with these options, in their order, without making it;
  /// the options have passed their check. O(layers).
  static void for_each_shape(const NetworkOptions& options, auto&& visit) {
    GaussianEncoder<T, Posterior>::for_each_shape("encoder", options.inputs, options.hidden, options.latent, visit);
    Mlp<T>::for_each_shape("decoder", detail::decoder_widths(options), visit);
    Observation<T>::for_each_shape(options, visit);
  }

  /// The posterior mean, `[B x J]`.
  Var<T> code(Var<T> x) { return encoder(x).mean; }
  Var<T> code(Var<T> x) const { return encoder(x).mean; }

  void for_each_parameter(auto&& visit) { detail::visit_parts(visit, encoder, decoder, observation); }
  void for_each_parameter(auto&& visit) const { detail::visit_parts(visit, encoder, decoder, observation); }
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
