// vade: the plain autoencoder.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <utility>

#include <vade/core/stop_token.hpp>
#include <vade/fwd.hpp>
#include <vade/models/detail/fit_default.hpp>
#include <vade/models/detail/inference.hpp>
#include <vade/models/model_file.hpp>

namespace vade {

/// D → hidden → J codes → hidden → D, trained to reconstruct. No prior and no noise: it compresses, and cannot
/// generate. Errors and costs are those of `Vade`.
template <Real T>
class Autoencoder {
 public:
  /// Draws the networks. @throws ValueError
  explicit Autoencoder(NetworkOptions options) : network_(std::move(options)) {}

  const NetworkOptions& options() const { return network_.options; }
  bool fitted() const { return fitted_; }
  Index parameter_count() const { return vade::parameter_count(network_); }

  /// Defined in `models/fit_autoencoder.hpp`.
  ///
  /// Trains from the start, telling `observer`. @throws ShapeError, ValueError, TrainingError
  FitReport fit(const Dataset& data, const FitOptions& fit = detail::FitDefault<T>(),
                const Observer& observer = detail::FitDefault<T>(), StopToken stop = {},
                Checkpoint* checkpoint = nullptr);

  /// The same for any matrix `[N x D]` of float or double: a `Dataset` is made of it, which copies the rows once.
  template <class Derived>
  FitReport fit(const Eigen::DenseBase<Derived>& rows, const FitOptions& options = detail::FitDefault<T>(),
                const Observer& observer = detail::FitDefault<T>(), StopToken stop = {},
                Checkpoint* checkpoint = nullptr);

  /// Codes `[N x J]`.
  Matrix<T> transform(const RowSource<T>& x) const {
    check_ready("Autoencoder::transform", x);
    return detail::encode_rows("Autoencoder::transform", network_, x);
  }

  /// E[x|z] `[N x D]` at the code of each row.
  Matrix<T> reconstruct(const RowSource<T>& x) const {
    check_ready("Autoencoder::reconstruct", x);
    return detail::reconstruct_rows("Autoencoder::reconstruct", network_, x);
  }

  /// E[x|z] for codes z `[n x J]`.
  Matrix<T> decode(const Matrix<T>& z) const {
    detail::check_fitted("Autoencoder::decode", fitted_);
    return detail::decode_rows(network_, z, "Autoencoder::decode");
  }

  /// Writes all parameters and the widths, all or nothing. @throws StateError; FileError
  void save(const std::filesystem::path& path) const {
    detail::check_fitted("Autoencoder::save", fitted_);
    ModelFileWriter<T> file("autoencoder", options());
    file.add(network_);
    file.save(path);
  }

  /// What `save` wrote. @throws FileError
  static Autoencoder load(const std::filesystem::path& path) {
    const ModelFileReader file(path, "autoencoder");
    const NetworkOptions options = file.network();
    return file.make([&](auto&& visit) { CodeNetwork::for_each_shape(options, visit); },
                     [&] {
                       Autoencoder model(options);
                       file.read(model.network_);
                       model.fitted_ = true;
                       return model;
                     });
  }

 private:
  struct CodeNetwork {
    NetworkOptions options;
    Mlp<T> encoder;
    Mlp<T> decoder;
    Observation<T> observation;

    explicit CodeNetwork(NetworkOptions o) : options(std::move(o)) {
      options.check();
      const auto shapes = [this](auto&& visit) { for_each_shape(options, visit); };
      detail::make_parameters<T>("Autoencoder", detail::sizes_of(options), shapes, [this] {
        encoder = Mlp<T>("encoder", encoder_widths(options), options.seed, 0);
        decoder = mirrored_decoder<T>(options);
        observation = Observation<T>(options);
      });
    }

    static std::vector<Index> encoder_widths(const NetworkOptions& options) {
      std::vector<Index> widths{options.inputs};
      widths.insert(widths.end(), options.hidden.begin(), options.hidden.end());
      widths.push_back(options.latent);
      return widths;
    }

    static void for_each_shape(const NetworkOptions& options, auto&& visit) {
      Mlp<T>::for_each_shape("encoder", encoder_widths(options), visit);
      Mlp<T>::for_each_shape("decoder", detail::decoder_widths(options), visit);
      Observation<T>::for_each_shape(options, visit);
    }

    Var<T> code(Var<T> x) { return encoder(x); }
    Var<T> code(Var<T> x) const { return encoder(x); }
    void for_each_parameter(auto&& visit) { detail::visit_parts(visit, encoder, decoder, observation); }
    void for_each_parameter(auto&& visit) const { detail::visit_parts(visit, encoder, decoder, observation); }
  };

  void check_ready(std::string_view who, const RowSource<T>& x) const {
    detail::check_fitted(who, fitted_);
    x.check(who, options().inputs, options().likelihood);
  }

  CodeNetwork network_;
  bool fitted_ = false;
};

}  // namespace vade
