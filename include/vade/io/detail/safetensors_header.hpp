// vade: the JSON header of a safetensors file, read strictly and written.
// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/printable.hpp>
#include <vade/io/detail/json.hpp>

/// Events, not a document: a document would keep the last of two equal keys, turn -1 and 1.5 into sizes, and cost many
/// times the size of a hostile header.
namespace vade::detail {

/// One tensor as its header entry tells it, not yet checked against the file.
struct HeaderEntry {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<HeaderEntry> tensors;
  std::map<std::string, std::string> metadata;
};

/// Accepts exactly: an object of objects; each with `dtype`, `shape` and `data_offsets` once, or, under
/// `__metadata__`, strings. Anything else sets `complaint` and stops the parser.
class HeaderEvents {
 public:
  SafetensorsHeader header;
  std::string complaint;

  bool null() { return refuse("null"); }
  bool boolean() { return refuse("a boolean"); }

  bool number(std::string_view digits) {
    std::uint64_t value = 0;
    const auto [stopped, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool whole = error == std::errc{} && stopped == digits.data() + digits.size();
    if (place_ != Place::numbers || !whole || value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return refuse("the number " + printable(digits));
    numbers_.push_back(value);
    return true;
  }

  bool string(const std::string& value) {
    if (place_ == Place::metadata) {
      header.metadata[key_] = value;
      return true;
    }
    if (place_ != Place::tensor || key_ != "dtype") return refuse("a string");
    header.tensors.back().dtype = value;
    return true;
  }

  bool start_object() {
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

  bool key(const std::string& value) {
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

  bool end_object() {
    if (place_ == Place::tensor && keys_.size() != 3) {
      complaint = "tensor \"" + printable(header.tensors.back().name) + "\" lacks one of dtype, shape, data_offsets";
      return false;
    }
    place_ = place_ == Place::root ? Place::outside : Place::root;
    return true;
  }

  bool start_array() {
    if (place_ != Place::tensor || key_ == "dtype") return refuse("an array");
    place_ = Place::numbers;
    numbers_.clear();
    return true;
  }

  bool end_array() {
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

  void malformed(std::size_t index) {
    complaint = message("malformed JSON or UTF-8 at byte ", index + 8);  // after 8 bytes of length
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

/// Parses the header text, which starts with '{' and may end in spaces. `where` starts the message. O(text).
/// @throws FileError
inline SafetensorsHeader parse_safetensors_header(std::string_view text, std::string_view where) {
  const std::size_t last = text.find_last_not_of(' ');
  if (text.empty() || text.front() != '{')
    throw FileError(message(where, "byte 8: the header does not start with '{'"));
  if (text[last] != '}')
    throw FileError(message(where, "byte ", last + 8, ": only spaces may follow the header's '}'"));
  text = text.substr(0, last + 1);
  HeaderEvents events;
  if (!JsonReader(text, events).read()) throw FileError(message(where, events.complaint));
  return std::move(events.header);
}

}  // namespace vade::detail
