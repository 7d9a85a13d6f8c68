// vade tests: the header of a safetensors file by nlohmann's parser, an implementation of its own to compare with.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <vade/core/checks.hpp>
#include <vade/core/printable.hpp>
#include <vade/io/detail/safetensors_header.hpp>

namespace tests {

using vade::printable;
using vade::detail::HeaderEntry;
using vade::detail::message;
using vade::detail::SafetensorsHeader;

/// Accepts exactly: an object of objects; each with `dtype`, `shape` and `data_offsets` once, or, under
/// `__metadata__`, strings. Anything else sets `complaint` and stops the parser.
class HeaderOracle final : public nlohmann::json_sax<nlohmann::json> {
 public:
  SafetensorsHeader header;
  std::string complaint;

  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("a boolean"); }
  bool binary(binary_t&) override { return refuse("binary data"); }
  bool number_integer(number_integer_t value) override { return refuse(message("the number ", value)); }
  bool number_float(number_float_t, const string_t& text) override { return refuse("the number " + printable(text)); }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ != Place::numbers || value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return refuse(message("the number ", value));
    numbers_.push_back(value);
    return true;
  }

  bool string(string_t& value) override {
    if (place_ == Place::metadata) {
      header.metadata[key_] = value;
      return true;
    }
    if (place_ != Place::tensor || key_ != "dtype") return refuse("a string");
    header.tensors.back().dtype = value;
    return true;
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::outside) {
      place_ = Place::root;
      return true;
    }
    if (place_ != Place::root) return refuse("an object");
    keys_.clear();
    if (key_ == "__metadata__") {
      place_ = Place::metadata;
    } else {
      place_ = Place::tensor;
      header.tensors.emplace_back().name = key_;
    }
    return true;
  }

  bool key(string_t& value) override {
    if (!(place_ == Place::root ? names_ : keys_).insert(value).second) {
      complaint = "duplicate key \"" + printable(value) + "\"";
      return false;
    }
    if (place_ == Place::tensor && value != "dtype" && value != "shape" && value != "data_offsets") {
      complaint = "tensor \"" + printable(header.tensors.back().name) + "\" has an unknown field \"" + printable(value) + "\"";
      return false;
    }
    key_ = value;
    return true;
  }

  bool end_object() override {
    if (place_ == Place::tensor && keys_.size() != 3) {
      complaint = "tensor \"" + printable(header.tensors.back().name) + "\" lacks one of dtype, shape, data_offsets";
      return false;
    }
    place_ = place_ == Place::root ? Place::outside : Place::root;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::tensor || key_ == "dtype") return refuse("an array");
    place_ = Place::numbers;
    numbers_.clear();
    return true;
  }

  bool end_array() override {
    place_ = Place::tensor;
    HeaderEntry& tensor = header.tensors.back();
    if (key_ == "shape") {
      tensor.shape = numbers_;
      return true;
    }
    if (numbers_.size() != 2) {
      complaint = message("tensor \"", printable(tensor.name), "\" has ", numbers_.size(), " data_offsets, wanted 2");
      return false;
    }
    tensor.begin = numbers_[0];
    tensor.end = numbers_[1];
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    complaint = message("malformed JSON or UTF-8 at byte ", position + 7);  // after 8 bytes of length; counted from 1
    return false;
  }

 private:
  enum class Place { outside, root, metadata, tensor, numbers };

  bool refuse(const std::string& got) {
    static constexpr const char* wanted[] = {"an object at the top", "an object for each tensor",
                                             "strings in __metadata__",
                                             "a string as dtype and arrays as shape and data_offsets",
                                             "whole numbers below 2^63"};
    complaint = "got " + got + (key_.empty() ? "" : " at \"" + printable(key_) + "\"") + ", wanted " +
                wanted[static_cast<std::size_t>(place_)];
    return false;
  }

  Place place_ = Place::outside;
  std::string key_;
  std::set<std::string> names_;
  std::set<std::string> keys_;
  std::vector<std::uint64_t> numbers_;
};

}  // namespace tests
