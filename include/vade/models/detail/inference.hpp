// vade: what all models do with fitted networks.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <vade/core/memory.hpp>
#include <vade/models/detail/answers.hpp>
#include <vade/models/mixture_parameters.hpp>
#include <vade/models/network.hpp>
#include <vade/models/row_source.hpp>

namespace vade::detail {

/// Rows of an inference batch: large enough for full speed, small enough for the cache.
inline constexpr Index inference_rows = 512;

/// @throws StateError unless `fitted`
inline void check_fitted(std::string_view who, bool fitted) {
  if (!fitted) throw StateError(std::string(who) + ": the model has not been fitted; call fit or load first");
}

/// A number of draws: each row has a random stream of its own, of which there are 2³², and rows of `inputs` values and
/// `latent` codes must be in memory. @throws ValueError, ResourceError
template <Real T>
void check_draws(std::string_view who, Index count, Index latent, Index inputs) {
  check_between(who, "count", static_cast<std::int64_t>(count), std::int64_t{1},  // an Index may have 32 bits
                std::int64_t{std::numeric_limits<std::uint32_t>::max()});
  check_memory(who, message(count, " rows of ", inputs, " values"),
               static_cast<double>(sizeof(T)) * static_cast<double>(count) * static_cast<double>(latent + inputs));
}

/// Calls `f(x)` on batches of `rows` and stacks the results, `[N x columns]`. @throws ValueError naming the first row whose
/// result is not finite
template <Real T, class F>
Matrix<T> map_rows(std::string_view who, const RowSource<T>& rows, Index columns, const F& f) {
  Matrix<T> result(rows.count(), columns);
  for_each_batch(rows, inference_rows, [&](Var<T> x, Index first) {
    const auto answers = f(x).value();
    check_answers(who, answers, first);
    result.middleRows(first, x.rows()) = answers;
  });
  return result;
}

/// Means over all rows of the `count` terms `f(x, first)`, each `[1 x 1]` and a mean over the rows of a batch.
/// @throws ValueError naming a row whose terms are not finite
template <std::size_t count, Real T, class F>
std::array<double, count> mean_terms(std::string_view who, const RowSource<T>& x, const F& f) {
  std::array<double, count> means{};
  for_each_batch(x, inference_rows, [&](Var<T> rows, Index first) {
    const std::array<Var<T>, count> terms = f(rows, first);
    for (std::size_t k = 0; k < count; ++k) {
      const auto term = static_cast<double>(terms[k].scalar());
      for (Index i = 0; !std::isfinite(term) && i < rows.rows(); ++i) {  // which row it is, one by one
        const double alone = static_cast<double>(f(rows.tape().constant(Matrix<T>(rows.value().row(i))), first + i)[k].scalar());
        if (!std::isfinite(alone)) refuse_answer(who, first + i, alone);
      }
      if (!std::isfinite(term)) refuse_answer(who, first, term);  // each is finite, and their sum is not
      means[k] += static_cast<double>(rows.rows()) * term;
    }
  });
  for (double& mean : means) mean /= static_cast<double>(x.count());
  return means;
}

/// Codes `[N x J]`. As all here, it throws as `map_rows`, in the name of `who`.
template <Real T, class AnyNetwork>
Matrix<T> encode_rows(std::string_view who, const AnyNetwork& network, const RowSource<T>& x) {
  return map_rows(who, x, network.options.latent, [&](Var<T> rows) { return network.code(rows); });
}

/// R.2: exact responsibilities γ `[N x K]`.
template <Real T, class AnyNetwork>
Matrix<T> responsibilities_of_rows(std::string_view who, const AnyNetwork& network, const MixtureParameters<T>& mixture,
                                   const RowSource<T>& x) {
  return map_rows(who, x, mixture.means.rows(),
                  [&](Var<T> rows) { return mixture.on(rows.tape()).responsibilities(network.encoder(rows)); });
}

/// E[x|z] `[n x D]` for codes z `[n x J]`. @throws ShapeError; ValueError for codes or answers that are not finite
template <Real T, class AnyNetwork>
Matrix<T> decode_rows(const AnyNetwork& network, const Matrix<T>& z, std::string_view who) {
  check_width(who, "z", z, network.options.latent);
  check_finite(who, "z", z);
  return map_rows(who, RowSource<T>(z), network.options.inputs,
                  [&](Var<T> rows) { return network.observation.expectation(network.decoder(rows)); });
}

/// E[x|z] `[N x D]` at the code of each row.
template <Real T, class AnyNetwork>
Matrix<T> reconstruct_rows(std::string_view who, const AnyNetwork& network, const RowSource<T>& x) {
  return map_rows(who, x, network.options.inputs, [&](Var<T> rows) {
    return network.observation.expectation(network.decoder(network.code(rows)));
  });
}

}  // namespace vade::detail
