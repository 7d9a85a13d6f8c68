// vade: the variational autoencoder, the fit.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>

#include <vade/models/objectives.hpp>
#include <vade/models/vae.hpp>
#include <vade/training/train.hpp>

/// What `Vae::fit` does, which `models/vae.hpp` declares and documents.
namespace vade {

/// Everything about a fit of `Vae`.
struct VaeFitOptions {
  FitOptions fit = {};
  Schedule kl_weight = Schedule::constant(1);  ///< β
  SampleOptions draws = {};                    ///< codes for each row, averaged or importance-weighted

  /// @throws ValueError: a warm-up longer than the training would never reach the full bound; importance weights are
  /// those of p(x) only for β = 1
  void check() const {
    fit.check();
    draws.check();
    for (int epoch = 0; draws.importance_weighted && epoch <= fit.epochs; ++epoch)
      if (const double beta = kl_weight.at(epoch, fit.epochs); beta != 1)
        throw ValueError(detail::message("VaeFitOptions: kl_weight is ", beta, " at epoch ", epoch,
                                         ", wanted 1 with importance_weighted draws"));
    check_warm_up("VaeFitOptions", kl_weight, fit.epochs);
  }
  void for_each_option(auto&& visit) const { visit("fit", fit), visit("kl_weight", kl_weight), visit("draws", draws); }
};

template <Real T, class Posterior>
FitReport Vae<T, Posterior>::fit(const Dataset& data, const VaeFitOptions& fit, const Observer& observer,
                                 StopToken stop, Checkpoint* checkpoint) {
  fit.check();
  RowSource<T>(data).check("Vae::fit", options().inputs, options().likelihood);
  detail::begin_fit<T>(checkpoint, "vae, " + std::string(Posterior::name), data, options(), fit);
  *this = Vae(options());
  Tape<T> tape;
  VaeObjective<T, Posterior> objective(network_, fit.kl_weight, fit.draws);
  fitted_ = true;
  return train<T>(objective, tape, data, fit.fit, {"vae", 2}, options().seed, observer, stop, checkpoint);
}

template <Real T, class Posterior>
template <class Derived>
FitReport Vae<T, Posterior>::fit(const Eigen::DenseBase<Derived>& rows, const VaeFitOptions& options,
                                 const Observer& observer, StopToken stop, Checkpoint* checkpoint) {
  return fit(Dataset::from_matrix(rows.derived()), options, observer, std::move(stop), checkpoint);
}

}  // namespace vade
