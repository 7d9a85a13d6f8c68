// vade: what all models do with fitted networks.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

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

/// Calls `f(x)` on batches of `rows` and stacks the results, `[N x columns]`.
template <Real T, class F>
Matrix<T> map_rows(const RowSource<T>& rows, Index columns, const F& f) {
  Matrix<T> result(rows.count(), columns);
  for_each_batch(rows, inference_rows,
                 [&](Var<T> x, Index first) { result.middleRows(first, x.rows()) = f(x).value(); });
  return result;
}

/// Codes `[N x J]`.
template <Real T, class AnyNetwork>
Matrix<T> encode_rows(const AnyNetwork& network, const RowSource<T>& x) {
  return map_rows(x, network.options.latent, [&](Var<T> rows) { return network.code(rows); });
}

/// R.2: exact responsibilities γ `[N x K]`.
template <Real T, class AnyNetwork>
Matrix<T> responsibilities_of_rows(const AnyNetwork& network, const MixtureParameters<T>& mixture, const RowSource<T>& x) {
  return map_rows(x, mixture.means.rows(),
                  [&](Var<T> rows) { return mixture.on(rows.tape()).responsibilities(network.encoder(rows)); });
}

/// E[x|z] `[n x D]` for codes z `[n x J]`. @throws ShapeError
template <Real T, class AnyNetwork>
Matrix<T> decode_rows(const AnyNetwork& network, const Matrix<T>& z, std::string_view who) {
  check_width(who, "z", z, network.options.latent);
  return map_rows(RowSource<T>(z), network.options.inputs,
                  [&](Var<T> rows) { return network.observation.expectation(network.decoder(rows)); });
}

/// E[x|z] `[N x D]` at the code of each row.
template <Real T, class AnyNetwork>
Matrix<T> reconstruct_rows(const AnyNetwork& network, const RowSource<T>& x) {
  return map_rows(x, network.options.inputs, [&](Var<T> rows) {
    return network.observation.expectation(network.decoder(network.code(rows)));
  });
}

}  // namespace vade::detail
