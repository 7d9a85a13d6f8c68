// vade: the plain autoencoder, the fit.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>

#include <vade/models/autoencoder.hpp>
#include <vade/models/objectives.hpp>
#include <vade/training/train.hpp>

/// What `Autoencoder::fit` does, which `models/autoencoder.hpp` declares and documents.
namespace vade {

template <Real T>
FitReport Autoencoder<T>::fit(const Dataset& data, const FitOptions& fit, const Observer& observer, StopToken stop,
                              Checkpoint* checkpoint) {
  fit.check();
  RowSource<T>(data).check("Autoencoder::fit", options().inputs, options().likelihood);
  detail::begin_fit<T>(checkpoint, "autoencoder", data, options(), fit);
  *this = Autoencoder(options());
  Tape<T> tape;
  AutoencoderObjective<T, CodeNetwork> objective(network_);
  fitted_ = true;
  return train<T>(objective, tape, data, fit, {"autoencoder", 1}, options().seed, observer, stop, checkpoint);
}

template <Real T>
template <class Derived>
FitReport Autoencoder<T>::fit(const Eigen::DenseBase<Derived>& rows, const FitOptions& options,
                              const Observer& observer, StopToken stop, Checkpoint* checkpoint) {
  return fit(Dataset::from_matrix(rows.derived()), options, observer, std::move(stop), checkpoint);
}

}  // namespace vade
