// vade: Variational Deep Embedding, the fit.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <variant>

#include <vade/models/detail/vade_start.hpp>
#include <vade/models/vade.hpp>
#include <vade/models/warm_start.hpp>

/// What `Vade::fit` does, which `models/vade.hpp` declares and documents.
namespace vade {

template <Real T, class Posterior>
FitReport Vade<T, Posterior>::fit(const Dataset& data, const VadeFitOptions& options, const Observer& observer,
                                  StopToken stop, Checkpoint* checkpoint) {
  const NetworkOptions& n = options_.network;
  options.check(data.rows(), options_.clusters);
  RowSource<T>(data).check("Vade::fit", n.inputs, n.likelihood);
  check_at_least("Vade::fit", "rows of data, against clusters", data.rows(), options_.clusters);
  // Before the start takes its time.
  if (const auto* start = std::get_if<InformationStart>(&options.start))
    Views<T>::check(data, start->classifier.augmentation, start->classifier.view_strength.peak());
  const ConsistencyOptions& consistency = options.objective.consistency;
  if (consistency.wants_views(data)) Views<T>::check(data, consistency.augmentation, consistency.view_strength);
  detail::begin_fit<T>(checkpoint, "vade, " + std::string(Posterior::name), data, options_, options);
  *this = Vade(options_);
  fitted_ = true;
  Tape<T> tape;
  const Stage stage{"vade", 10};
  detail::VadeStart<T, Posterior> start{network_, mixture_, tape, data, observer, stop, checkpoint, {}, {}};
  if (checkpoint && checkpoint->holds(stage.name)) {
    start.report = detail::take_stages_before(stage.name, *checkpoint);
    // What they led to comes back with the state, into matrices of the same shapes.
    if (gives_partition(options.start)) start.responsibilities.setZero(data.rows(), options_.clusters);
  } else {
    std::visit(start, options.start);
  }
  FitReport report = std::move(start.report);
  if (report.stop == StopReason::cancelled) return report;
  VadeObjective<T, Posterior> objective(network_, mixture_, options.objective, data, std::move(start.responsibilities));
  report.append(train<T>(objective, tape, data, options.fit, stage, n.seed, observer, stop, checkpoint));
  return report;
}

template <Real T, class Posterior>
template <class Derived>
FitReport Vade<T, Posterior>::fit(const Eigen::DenseBase<Derived>& rows, const VadeFitOptions& options,
                                  const Observer& observer, StopToken stop, Checkpoint* checkpoint) {
  return fit(Dataset::from_matrix(rows.derived()), options, observer, std::move(stop), checkpoint);
}

}  // namespace vade
