// vade: the rules of a safetensors file: types, extents, checksums.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <zlib.h>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/printable.hpp>
#include <vade/io/detail/safetensors_header.hpp>
#include <vade/io/known_format.hpp>

namespace vade {

/// Element types of the format. Matrices are F32 and F64, counters I64 and U64; the others are kept as bytes.
enum class Dtype { boolean, u8, i8, f8_e4m3, f8_e5m2, i16, u16, f16, bf16, i32, u32, f32, f64, i64, u64, c64 };

namespace detail {

struct DtypeEntry {
  const char* name;
  std::size_t width;
};
inline constexpr DtypeEntry dtype_table[] = {
    {"BOOL", 1}, {"U8", 1},  {"I8", 1},   {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
    {"BF16", 2}, {"I32", 4}, {"U32", 4},  {"F32", 4},     {"F64", 8},     {"I64", 8}, {"U64", 8}, {"C64", 8}};

inline const char* dtype_name(Dtype dtype) { return dtype_table[static_cast<std::size_t>(dtype)].name; }
inline std::size_t dtype_width(Dtype dtype) { return dtype_table[static_cast<std::size_t>(dtype)].width; }

/// A shape for messages: at most its first eight sizes.
inline std::string short_sizes(const std::vector<Index>& shape) {
  constexpr std::size_t most = 8;
  if (shape.size() <= most) return sizes_text(shape);
  const std::string first = sizes_text(std::vector<Index>(shape.begin(), shape.begin() + most));
  return first.substr(0, first.size() - 1) + " x ... (" + std::to_string(shape.size()) + " sizes)]";
}

/// Product of the sizes and the width; nothing if it, or the product of the sizes that are not 0, reaches 2^63.
inline std::optional<std::uint64_t> tensor_bytes(Dtype dtype, const std::vector<Index>& shape) {
  std::uint64_t bytes = dtype_width(dtype);
  std::uint64_t product = bytes;
  for (const Index size : shape) {
    if (size < 0) return std::nullopt;
    const auto factor = static_cast<std::uint64_t>(std::max<Index>(size, 1));
    if (product > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / factor) return std::nullopt;
    product *= factor;
    bytes *= static_cast<std::uint64_t>(size);
  }
  return bytes;
}

inline const std::string container_key = "vade.container";
inline const std::string header_sum_key = "vade.crc32.header";
inline const std::string tensor_sum_key = "vade.crc32.tensor.";

inline bool is_reserved_key(const std::string& key) {
  return key == container_key || key == header_sum_key || key.starts_with(tensor_sum_key);
}

/// CRC-32 of zlib, as eight hexadecimal digits.
class Checksum {
 public:
  void add(std::span<const std::byte> bytes) {
    constexpr std::size_t most = std::size_t{1} << 30;
    for (std::size_t i = 0; i < bytes.size(); i += most)
      sum_ = ::crc32(sum_, reinterpret_cast<const Bytef*>(bytes.data() + i),
                     static_cast<uInt>(std::min(most, bytes.size() - i)));
  }

  /// Length first, so that two texts cannot trade letters.
  void add(const std::string& text) {
    const std::string framed = std::to_string(text.size()) + ":" + text;
    add(std::as_bytes(std::span(framed.data(), framed.size())));
  }

  /// What the header says of a tensor, but not where it lies: another tool may store it elsewhere.
  void add_tensor(const std::string& name, Dtype dtype, const std::vector<Index>& shape) {
    add(name);
    add(dtype_name(dtype) + sizes_text(shape));
  }

  void add_metadata(const std::string& key, const std::string& value) {
    add(key);
    add(value);
  }

  std::string text() const {
    std::string digits(8, '0');
    for (std::size_t i = 0; i < 8; ++i) digits[i] = "0123456789abcdef"[sum_ >> (28 - 4 * i) & 15];
    return digits;
  }

  static std::string of(std::span<const std::byte> bytes) {
    Checksum sum;
    sum.add(bytes);
    return sum.text();
  }

 private:
  uLong sum_ = ::crc32(0, nullptr, 0);
};

/// A tensor that lies at bytes `begin ... end − 1` of the file.
struct PlacedTensor {
  std::string name;
  Dtype dtype;
  std::vector<Index> shape;
  std::size_t begin;
  std::size_t end;
};

/// A file by its header: where its tensors lie, in this order and without gaps, and where the last of them ends.
struct SafetensorsLayout {
  std::vector<PlacedTensor> tensors;
  std::map<std::string, std::string> metadata;
  std::size_t end = 0;
};

/// The length of the header, from the first 8 bytes of a file of at most `most` bytes. O(1).
/// @throws FileError, its message starting with `where`
inline std::size_t safetensors_header_size(std::span<const std::byte> first, const std::string& where, std::uint64_t most,
                                           std::uint64_t header_limit) {
  if (first.size() < 8) throw FileError(message(where, "holds ", first.size(), " bytes, wanted at least 8"));
  std::uint64_t length = 0;
  for (std::size_t i = 8; i-- > 0;) length = length << 8 | std::to_integer<std::uint64_t>(first[i]);
  const std::uint64_t limit = std::min(most < 8 ? 0 : most - 8, header_limit);
  if (length > limit)
    throw FileError(message(where, "byte 0: the header length is ", length, ", wanted at most ", limit, known_format_text(first.first(8))));
  return static_cast<std::size_t>(length);
}

/// Checks every rule of the format but the checksums: header, types, shapes, and that the tensors follow each other without
/// gap and overlap, from the end of the header on, in a file of at most `most` bytes. O(header).
/// @throws FileError, its message starting with `where`
inline SafetensorsLayout read_safetensors_layout(std::string_view text, const std::string& where, std::uint64_t most) {
  SafetensorsHeader header = parse_safetensors_header(text, where);
  const std::size_t start = 8 + text.size();
  const std::uint64_t buffer = most - start;
  SafetensorsLayout layout{{}, std::move(header.metadata), start};
  for (HeaderEntry& entry : header.tensors) {
    const auto fail = [&](const auto&... parts) {
      throw FileError(message(where, "tensor \"", printable(entry.name), "\" ", parts...));
    };
    const auto* const known =
        std::ranges::find_if(dtype_table, [&](const DtypeEntry& row) { return row.name == entry.dtype; });
    if (known == std::end(dtype_table)) fail("has an unknown dtype \"", printable(entry.dtype), "\"");
    const auto dtype = static_cast<Dtype>(known - std::begin(dtype_table));
    const bool fits = std::ranges::all_of(
        entry.shape, [](std::uint64_t size) { return size <= static_cast<std::uint64_t>(std::numeric_limits<Index>::max()); });
    const std::vector<Index> shape(entry.shape.begin(), entry.shape.end());
    const auto wanted = fits ? tensor_bytes(dtype, shape) : std::nullopt;
    if (!wanted) fail("has an absurd shape ", short_sizes(shape));
    if (entry.begin > entry.end || entry.end > buffer)
      fail("lies at bytes ", entry.begin, " to ", entry.end, " of ", buffer);
    if (entry.end - entry.begin != *wanted)
      fail("has ", entry.end - entry.begin, " bytes, but ", known->name, " ", short_sizes(shape), " needs ", *wanted);
    layout.tensors.push_back({std::move(entry.name), dtype, shape, start + static_cast<std::size_t>(entry.begin),
                              start + static_cast<std::size_t>(entry.end)});
  }
  std::ranges::sort(layout.tensors, {}, [](const PlacedTensor& tensor) { return std::pair(tensor.begin, tensor.end); });
  for (const PlacedTensor& tensor : layout.tensors) {
    if (tensor.begin != layout.end)
      throw FileError(message(where, "tensor \"", printable(tensor.name), "\" starts at byte ", tensor.begin,
                              tensor.begin < layout.end ? ", inside another one, wanted " : ", after a gap, wanted ",
                              layout.end));
    layout.end = tensor.end;
  }
  return layout;
}

/// The file ends where the last tensor does. @throws FileError
inline void check_safetensors_end(const SafetensorsLayout& layout, std::uint64_t size, const std::string& where) {
  if (size > layout.end)
    throw FileError(message(where, "byte ", layout.end, ": ", size - layout.end, " bytes follow the last tensor"));
  if (size < layout.end) throw FileError(message(where, "ends at byte ", size, ", wanted ", layout.end, " bytes"));
}

/// True if the file carries our checksums and all are there and right; false if it carries none of our keys.
/// O(bytes). @throws FileError
inline bool check_safetensors_sums(std::span<const std::byte> content, std::vector<PlacedTensor>& tensors,
                                   const std::map<std::string, std::string>& metadata, const std::string& where) {
  // Any one of our keys demands all of them, so that damage to a key cannot switch the check off.
  if (std::ranges::none_of(metadata, [](const auto& line) { return is_reserved_key(line.first); })) return false;
  const auto check = [&](const std::string& key, const std::string& got, const std::string& what) {
    const auto found = metadata.find(key);
    constexpr const char* remedy = "; a program that changes a file computes its checksums anew (docs/guide.md)";
    if (found == metadata.end()) throw FileError(where + "the checksum of " + what + " is missing" + remedy);
    if (found->second != got)
      throw FileError(where + what + " is damaged: its checksum is " + got + ", wanted " + printable(found->second) + remedy);
  };
  std::ranges::sort(tensors, {}, &PlacedTensor::name);
  Checksum header;
  for (const PlacedTensor& tensor : tensors) header.add_tensor(tensor.name, tensor.dtype, tensor.shape);
  for (const auto& [key, value] : metadata)
    if (key != header_sum_key) header.add_metadata(key, value);
  check(header_sum_key, header.text(), "the header");
  for (const PlacedTensor& tensor : tensors)
    check(tensor_sum_key + tensor.name, Checksum::of(content.subspan(tensor.begin, tensor.end - tensor.begin)),
          "tensor \"" + printable(tensor.name) + "\"");
  return true;
}

}  // namespace detail
}  // namespace vade
