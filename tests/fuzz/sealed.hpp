// vade fuzzing: changes of files that have checksums.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <vade/core/errors.hpp>
#include <vade/io/safetensors.hpp>

#include "target.hpp"

namespace fuzz {

/// A safetensors file as parts that can be changed one by one, and sealed again with right checksums.
class Parts {
 public:
  struct Part {
    std::string name;
    vade::Dtype dtype = vade::Dtype::f32;
    std::vector<vade::Index> shape;
    Bytes bytes;
  };
  std::vector<Part> tensors;
  std::map<std::string, std::string> metadata;

  /// @throws vade::FileError
  explicit Parts(std::span<const std::byte> file) {
    const auto whole = vade::SafetensorsFile::parse({file.begin(), file.end()}, "file");
    for (const std::string& name : whole.names()) {
      const vade::TensorView& tensor = whole.tensor(name);
      tensors.push_back({name, tensor.dtype, tensor.shape, {tensor.bytes.begin(), tensor.bytes.end()}});
    }
    metadata = whole.metadata();
  }

  /// The file with right checksums. @throws vade::ValueError for parts that no file can have
  Bytes sealed() const {
    vade::SafetensorsWriter writer;
    for (const Part& part : tensors) writer.add_bytes(part.name, part.dtype, part.shape, part.bytes);
    for (const auto& [key, value] : metadata) writer.set_metadata(key, value);
    return writer.bytes();
  }
};

/// One change of one part.
class Change {
 public:
  Change(Parts& parts, unsigned seed) : parts_(parts), random_(seed) {}

  void make() {
    if (!parts_.tensors.empty() && below(3) != 0) return change_tensor(parts_.tensors[below(parts_.tensors.size())]);
    if (parts_.metadata.empty()) return;
    auto entry = parts_.metadata.begin();
    std::advance(entry, static_cast<std::ptrdiff_t>(below(parts_.metadata.size())));
    switch (below(4)) {
      case 0: parts_.metadata.erase(entry); break;
      case 1: entry->second = number(); break;
      case 2: change_text(entry->second); break;
      default: {
        std::string value = entry->second;
        std::string key = entry->first;
        change_text(key);
        parts_.metadata[key] = value;
      }
    }
  }

 private:
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(random_()) % count; }

  /// A number at an edge.
  std::string number() {
    static const std::vector<std::string> edges{"0", "1", "2", "-1", "3", "10", "255", "1e300", "nan", "inf", "1.5", "true", "false",
                                                "", ",", "1,", "65536", "262144", "2147483647", "2147483648", "1099511627776",
                                                "9223372036854775807", "18446744073709551615"};
    return edges[below(edges.size())];
  }

  void change_text(std::string& text) {
    static const std::string letters = "0123456789,.-+eE!=\t\n/ abcxyz\"\\";
    const std::size_t at = below(text.size() + 1);
    const char letter = letters[below(letters.size())];
    switch (below(3)) {
      case 0: text.insert(at, 1, letter); break;
      case 1: if (at < text.size()) text.erase(at, 1); break;
      default: if (at < text.size()) text[at] = letter;
    }
  }

  void resize(Parts::Part& part) {
    const auto wanted = vade::detail::tensor_bytes(part.dtype, part.shape);
    if (wanted && *wanted <= 4096) part.bytes.resize(static_cast<std::size_t>(*wanted));
  }

  void change_tensor(Parts::Part& part) {
    static const std::vector<vade::Index> sizes{0, 1, 2, 3, 5, 24, 262144, std::numeric_limits<vade::Index>::max()};
    switch (below(8)) {
      case 0:  // other sizes
        if (part.shape.empty()) part.shape.push_back(1);
        part.shape[below(part.shape.size())] = below(2) == 0 ? sizes[below(sizes.size())] : static_cast<vade::Index>(below(40));
        return resize(part);
      case 1:  // another order, or one dimension more or less
        if (below(2) == 0) std::ranges::reverse(part.shape);
        else if (part.shape.empty() || below(2) == 0) part.shape.push_back(1);
        else part.shape.pop_back();
        return resize(part);
      case 2:  // another type
        part.dtype = static_cast<vade::Dtype>(below(16));
        return resize(part);
      case 3: change_text(part.name); return;
      case 4: {  // a number at an edge, of the width of the type
        const std::size_t width = vade::detail::dtype_width(part.dtype);
        if (part.bytes.size() < width) return;
        const std::size_t at = below(part.bytes.size() / width) * width;
        const auto fill = static_cast<std::byte>(below(2) == 0 ? 0 : 0xff);
        std::fill_n(part.bytes.begin() + static_cast<std::ptrdiff_t>(at), width, fill);
        if (below(2) == 0) part.bytes[at + width - 1] = std::byte{0x7f};
        return;
      }
      case 5: {
        Parts::Part copy = part;
        change_text(copy.name);
        parts_.tensors.push_back(std::move(copy));
        return;
      }
      case 6: {
        const std::string name = part.name;
        std::erase_if(parts_.tensors, [&](const Parts::Part& other) { return other.name == name; });
        return;
      }
      default:  // a byte; for a log, a letter
        if (part.bytes.empty()) return;
        if (part.dtype != vade::Dtype::u8) {
          part.bytes[below(part.bytes.size())] = static_cast<std::byte>(below(256));
          return;
        }
        std::string text;
        for (const std::byte byte : part.bytes) text += static_cast<char>(byte);
        change_text(text);
        const auto bytes = std::as_bytes(std::span(text));
        part.bytes.assign(bytes.begin(), bytes.end());
        part.shape = {static_cast<vade::Index>(part.bytes.size())};
    }
  }

  Parts& parts_;
  std::minstd_rand random_;
};

/// `Target::mutate` for files of `SafetensorsWriter`: one to three changes of parts, sealed again. Empty where the file
/// cannot be read, or the change cannot be written.
inline Bytes mutate_sealed(std::span<const std::byte> file, std::size_t, unsigned seed) {
  try {
    Parts parts(file);
    for (unsigned i = 0; i < 1 + seed % 3; ++i) Change(parts, seed * 3 + i + 1).make();
    return parts.sealed();
  } catch (const vade::Error&) {
    return {};
  }
}

}  // namespace fuzz
