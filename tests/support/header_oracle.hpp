// vade tests: the header of a safetensors file by nlohmann's parser, to compare ours with.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include <nlohmann/json.hpp>

#include <vade/io/detail/safetensors_header.hpp>

namespace tests {

/// Hands what nlohmann's parser finds on to the library's own handler: what differs is the parser alone.
class HeaderOracle final : public nlohmann::json_sax<nlohmann::json> {
 public:
  vade::detail::HeaderEvents events;

  bool null() override { return events.null(); }
  bool boolean(bool) override { return events.boolean(); }
  bool binary(binary_t&) override { return false; }
  bool number_integer(number_integer_t value) override { return events.number(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return events.number(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return events.number(text); }
  bool string(string_t& value) override { return events.string(value); }
  bool start_object(std::size_t) override { return events.start_object(); }
  bool key(string_t& value) override { return events.key(value); }
  bool end_object() override { return events.end_object(); }
  bool start_array(std::size_t) override { return events.start_array(); }
  bool end_array() override { return events.end_array(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    events.malformed(position - 1);  // nlohmann counts from 1
    return false;
  }
};

}  // namespace tests
