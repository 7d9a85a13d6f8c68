// vade: the parameters that a model will have, as names and shapes.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>
#include <string>
#include <string_view>

#include <vade/core/checks.hpp>
#include <vade/models/network_options.hpp>

/// Options decide which parameters a model has. A "visitor of shapes" is a function that takes `visit` and calls
/// `visit(name, rows, columns)` for each of them, in their order, before any of them exists: files are checked against
/// it, and options that need more memory than there is are refused by it.
namespace vade::detail {

/// More parameters than this are refused: 16 GiB in float, and a training holds five such arrays.
inline constexpr std::uint64_t most_parameters = std::uint64_t{1} << 32;

/// Σ rows · columns over all shapes; the largest number where it would be more. O(parameters that have names).
std::uint64_t count_entries(const auto& for_each_shape) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t total = 0;
  for_each_shape([&](const std::string&, Index rows, Index columns) {
    const auto r = static_cast<std::uint64_t>(rows), c = static_cast<std::uint64_t>(columns);
    const std::uint64_t entries = c != 0 && r > most / c ? most : r * c;
    total = entries > most - total ? most : total + entries;
  });
  return total;
}

/// `make()`, which makes parameters of these shapes in T. `sizes` tells in messages what decides them.
/// @throws ValueError for too many parameters, ResourceError where there is no memory for them, both with sizes and bytes
template <Real T>
void make_parameters(std::string_view who, const std::string& sizes, const auto& for_each_shape, auto&& make) {
  const std::uint64_t entries = count_entries(for_each_shape);
  const auto said = [&](const auto& reason) {
    return message(who, ": ", sizes, " need ", entries, " parameters, ", static_cast<double>(entries) * sizeof(T),
                   " bytes: ", reason);
  };
  const std::uint64_t most =
      std::min<std::uint64_t>(most_parameters, std::numeric_limits<Index>::max() / Index{2 * sizeof(T)});
  if (entries > most) throw ValueError(said(message("wanted at most ", most, " parameters")));
  try {
    make();
  } catch (const std::bad_alloc&) {
    throw ResourceError(said("there is not enough memory"));
  }
}

/// "inputs 784, hidden [512 x 2048], latent 10".
inline std::string sizes_of(const NetworkOptions& options) {
  return message("inputs ", options.inputs, ", hidden ", sizes_text(options.hidden), ", latent ", options.latent);
}

}  // namespace vade::detail
