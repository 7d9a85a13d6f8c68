// vade tests: how many fields an aggregate has.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace tests {

/// Converts to every type but `Aggregate`, so that an aggregate is not copied instead of filled.
template <class Aggregate>
struct AnyField {
  template <class Field>
    requires(!std::same_as<std::remove_cvref_t<Field>, Aggregate>)
  operator Field() const;
};

/// The number of fields of an aggregate: the most values that it can be initialised from.
template <class Aggregate, class... Fields>
consteval std::size_t field_count() {
  static_assert(std::is_aggregate_v<Aggregate>);
  if constexpr (requires { Aggregate{Fields()..., AnyField<Aggregate>()}; })
    return field_count<Aggregate, Fields..., AnyField<Aggregate>>();
  else
    return sizeof...(Fields);
}

}  // namespace tests
