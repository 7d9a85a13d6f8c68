// The numbers and lists that options of the programs here can have.
#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

/// A whole number in decimal digits, from `low` to `high`, for `Option::transform`. CLI11 alone takes −1 as 2^64 − 1,
/// 2^64 as that too, and 010 as 8.
template <class T>
CLI::Validator whole_number(T low, T high) {
  const std::string range = "whole number from " + std::to_string(low) + " to " + std::to_string(high);
  return {[=](std::string& text) -> std::string {
            T value{};
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high)
              return "got '" + text + "', wanted a " + range;
            text = std::to_string(value);  // without leading zeros
            return {};
          },
          range};
}

inline CLI::Validator any_seed() { return whole_number<std::uint64_t>(0, std::numeric_limits<std::uint64_t>::max()); }

/// A number from `low` to `high`. CLI11's own range lets NaN pass.
inline CLI::Validator real_number(double low, double high) {
  std::ostringstream range;
  range << "number from " << low << " to " << high;
  return {[=, wanted = range.str()](std::string& text) -> std::string {
            double value = 0;
            if (text.empty() || !CLI::detail::lexical_cast(text, value) || !(value >= low && value <= high))
              return "got '" + text + "', wanted a " + wanted;
            return {};
          },
          range.str()};
}

/// The items of a list such as "0.25,0.5,1", empty ones included.
inline std::vector<std::string> list_items(std::string_view text) {
  std::vector<std::string> items;
  for (;;) {
    const std::size_t comma = text.find(',');
    items.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return items;
    text.remove_prefix(comma + 1);
  }
}

/// A list whose items all pass `item`.
inline CLI::Validator list_of(const CLI::Validator& item) {
  return {[item](std::string& text) -> std::string {
            for (std::string& each : list_items(text))
              if (const std::string error = item(each); !error.empty()) return error;
            return {};
          },
          "list of: " + item.get_description()};
}

/// A path, which is not empty.
inline CLI::Validator some_path() {
  return {[](std::string& text) -> std::string { return text.empty() ? "got '', wanted a path" : ""; }, ""};
}
