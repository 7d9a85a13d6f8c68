// vade: the parameters of the last epoch that ended well.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <vade/autodiff/tape.hpp>
#include <vade/core/checks.hpp>
#include <vade/data/dataset.hpp>
#include <vade/optim/parameter_group.hpp>

namespace vade::detail {

/// Copies of parameters to go back to. Memory: once more that of the values. All costs are O(parameters).
template <Real T>
class ParameterGuard {
 public:
  explicit ParameterGuard(std::vector<Parameter<T>*> parameters) : parameters_(std::move(parameters)) {}

  /// Which parameter has a value that is not finite, in words, or nothing.
  std::string fault() const {
    for (const Parameter<T>* p : parameters_)
      if (!p->value().allFinite()) return p->name() + " has values that are not finite";
    return {};
  }

  /// Remembers the values as those after `epoch`.
  void keep(int epoch) {
    kept_.resize(parameters_.size());
    for (std::size_t k = 0; k < kept_.size(); ++k) kept_[k] = parameters_[k]->value();
    epoch_ = epoch;
  }

  bool has_kept() const { return epoch_ >= 0; }

  /// Puts back what was kept. Returns what that is, in words.
  std::string restore() {
    for (std::size_t k = 0; k < kept_.size(); ++k) parameters_[k]->value() = kept_[k];
    return epoch_ > 0 ? "those after epoch " + std::to_string(epoch_) : std::string("those before the first epoch");
  }

 private:
  std::vector<Parameter<T>*> parameters_;
  std::vector<Matrix<T>> kept_;
  int epoch_ = -1;
};

/// Why a step cannot be taken: the first term or gradient that is not finite.
template <Real T, class O>
std::string non_finite_message(const std::string& stage, int epoch, Index batch, const auto& losses,
                               const std::vector<ParameterGroup<T>>& groups) {
  const std::string where = message(stage, ": epoch ", epoch, ", batch ", batch, ": ");
  for (std::size_t k = 0; k < losses.terms.size(); ++k)
    if (!std::isfinite(losses.terms[k].scalar()))
      return message(where, O::term_names[k], " is ", losses.terms[k].scalar());
  for (const auto& group : groups)
    for (const Parameter<T>* p : group.parameters)
      if (p->has_fresh_gradient() && !p->gradient().allFinite())
        return message(where, "the gradient of ", p->name(), " is not finite");
  return message(where, "the loss is ", losses.loss.scalar());
}

/// What is wrong with the parameters, in words, or nothing: values that are not finite or, where the objective has a probe,
/// no finite answer about `rows`. Uses the tape up. O(parameters · rows).
template <Real T, class O>
std::string parameter_fault(const ParameterGuard<T>& guard, O& objective, Tape<T>& tape, const Dataset& data,
                            std::span<const Index> rows) {
  std::string fault = guard.fault();
  if constexpr (requires(Var<T> x) { objective.probe(x); }) {
    if (!fault.empty()) return fault;
    tape.clear();
    tape.record_gradients(false);
    const Var<T> x = tape.constant(static_cast<Index>(rows.size()), data.columns());
    data.template gather<T>(rows, x.mutable_value());
    if (!std::isfinite(static_cast<double>(objective.probe(x).scalar())))
      fault = "the model has no finite answer about the rows it is trained on";
    tape.clear();
    tape.record_gradients(true);
  }
  return fault;
}

}  // namespace vade::detail
