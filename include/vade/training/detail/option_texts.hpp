// vade: options as text, one by one, to compare those of two runs.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <vade/core/exact_text.hpp>
#include <vade/io/detail/safetensors_format.hpp>

namespace vade::detail {

template <class... Alternatives>
void for_each_option_text(const std::string& name, const std::variant<Alternatives...>& value, auto&& visit);
template <class Value>
void for_each_option_text(const std::string& name, const std::vector<Value>& values, auto&& visit);

/// Calls `visit(name, text)` for a number, a schedule, or each option of a struct, which are named "name.option": a struct
/// of options has `for_each_option(visit)`, which calls `visit(option, value)`. Equal texts are equal options.
template <class Value>
void for_each_option_text(const std::string& name, const Value& value, auto&& visit) {
  if constexpr (requires { value.text(); })
    visit(name, value.text());
  else if constexpr (std::is_enum_v<Value>)
    visit(name, std::to_string(static_cast<int>(value)));
  else if constexpr (std::integral<Value>)
    visit(name, std::to_string(value));
  else if constexpr (std::floating_point<Value>)
    visit(name, exact_text(static_cast<double>(value)));
  else
    value.for_each_option([&](const char* option, const auto& part) {
      for_each_option_text(name + "." + option, part, visit);
    });
}

/// Which alternative it is, by its number, and that one's options.
template <class... Alternatives>
void for_each_option_text(const std::string& name, const std::variant<Alternatives...>& value, auto&& visit) {
  visit(name, std::to_string(value.index()));
  std::visit([&](const auto& alternative) { for_each_option_text(name, alternative, visit); }, value);
}

/// Widths in full; long lists, such as labels, by length and checksum.
template <class Value>
void for_each_option_text(const std::string& name, const std::vector<Value>& values, auto&& visit) {
  std::string text = std::to_string(values.size()) + ":";
  if (values.size() > 16)
    text += " " + Checksum::of(std::as_bytes(std::span(values)));
  else
    for (const Value& value : values) text += " " + std::to_string(value);
  visit(name, text);
}

}  // namespace vade::detail
