// vade: IDX files, the format of MNIST.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/data/detail/inflate.hpp>
#include <vade/data/detail/memory.hpp>
#include <vade/data/detail/other_format.hpp>
#include <vade/io/atomic_file.hpp>
#include <vade/core/byte_order.hpp>

/// Layout: two zero bytes, a type byte, the number of dimensions; one 32-bit size per dimension; the elements, last
/// dimension fastest. All numbers are big-endian. Described by LeCun, Cortes and Burges with the MNIST database.
namespace vade {

/// The element types; the numbers are those of the file.
enum class IdxType : std::uint8_t { u8 = 0x08, i8 = 0x09, i16 = 0x0B, i32 = 0x0C, f32 = 0x0D, f64 = 0x0E };

/// What a reader accepts. Files are refused before memory is taken.
struct IdxLimits {
  std::uint64_t bytes = std::uint64_t{1} << 32;  ///< of elements, decompressed
};

namespace detail {

/// Calls `body` with a value of the C++ type behind `type`.
template <class Body>
decltype(auto) with_idx_type(IdxType type, Body&& body) {
  switch (type) {
    case IdxType::u8:
      return body(std::uint8_t{});
    case IdxType::i8:
      return body(std::int8_t{});
    case IdxType::i16:
      return body(std::int16_t{});
    case IdxType::i32:
      return body(std::int32_t{});
    case IdxType::f32:
      return body(float{});
    case IdxType::f64:
      return body(double{});
  }
  throw ValueError(message("IdxArray: unknown element type ", static_cast<int>(type)));
}

inline std::size_t idx_width(IdxType type) {
  return with_idx_type(type, [](auto value) { return sizeof(value); });
}

}  // namespace detail

/// An array of any rank, its bytes in the order of this machine.
struct IdxArray {
  IdxType type = IdxType::u8;
  std::vector<std::size_t> shape;
  std::vector<std::byte> bytes;

  /// Number of elements.
  std::size_t count() const { return bytes.size() / detail::idx_width(type); }

  /// The elements as numbers of type T, rounded if T is real. O(count).
  /// @throws ValueError, with its position, for a number that an integer T cannot hold; fractions are never cut off
  template <class T>
  requires std::is_arithmetic_v<T> std::vector<T> as()
  const {
    return detail::with_idx_type(type, [&]<class Stored>(Stored) {
      std::vector<T> out(count());
      for (std::size_t i = 0; i < out.size(); ++i) {
        Stored value;
        std::memcpy(&value, bytes.data() + i * sizeof(Stored), sizeof(Stored));
        if constexpr (std::integral<T> && std::integral<Stored>) {
          if (!std::in_range<T>(value))
            throw ValueError(detail::message("IdxArray: element ", i, " is ", static_cast<long>(value),
                                             ", wanted at least ", +std::numeric_limits<T>::min(), " and at most ",
                                             +std::numeric_limits<T>::max()));
        } else if constexpr (std::integral<T>) {
          throw ValueError("IdxArray: the elements are real numbers, wanted integers");
        }
        out[i] = static_cast<T>(value);
      }
      return out;
    });
  }
};

namespace detail {

/// Calls `body(i, element)` for each element, in the order of the array and in its own type.
template <class Body>
void for_each_element(const IdxArray& array, const Body& body) {
  with_idx_type(array.type, [&]<class Stored>(Stored value) {
    for (std::size_t i = 0; i < array.bytes.size() / sizeof(Stored); ++i) {
      std::memcpy(&value, array.bytes.data() + i * sizeof(Stored), sizeof(Stored));
      body(i, value);
    }
  });
}

inline IdxArray read_idx(const std::filesystem::path& path, const IdxLimits& limits) {
  detail::ByteStream stream(path);
  const auto fail = [&](std::uint64_t offset, const auto&... parts) {
    throw FileError(
        detail::message(path.string(), stream.is_gzip() ? ": decompressed byte " : ": byte ", offset, ": ", parts...));
  };
  const auto read_header = [&](std::span<std::byte> out, const char* what) {
    const std::size_t got = stream.read(out);
    if (got < out.size())
      fail(stream.offset(), "the file ends inside ", what, ", wanted ", out.size() - got, " bytes more");
  };

  std::byte magic[4];
  read_header(magic, "the magic number of an IDX file");
  if (magic[0] != std::byte{0} || magic[1] != std::byte{0})
    fail(0, "not an IDX file: it starts with ", std::to_integer<int>(magic[0]), ", ", std::to_integer<int>(magic[1]),
         ", wanted 0, 0", other_format(stream, magic));
  const int type = std::to_integer<int>(magic[2]);
  if (type < 0x08 || type == 0x0A || type > 0x0E) fail(2, "element type ", type, ", wanted 8, 9, 11, 12, 13 or 14");
  const std::size_t rank = std::to_integer<std::size_t>(magic[3]);
  if (rank < 1 || rank > 8) fail(3, rank, " dimensions, wanted 1 to 8");

  IdxArray array;
  array.type = static_cast<IdxType>(type);
  const std::size_t width = detail::idx_width(array.type);
  const auto most = std::min<std::uint64_t>(limits.bytes, std::numeric_limits<std::ptrdiff_t>::max());
  std::uint64_t wanted = width;
  std::uint64_t product = width;  // as if no size were 0: an absurd shape is refused even if it holds nothing
  for (std::size_t i = 0; i < rank; ++i) {
    std::byte bytes[4];
    read_header(bytes, "the sizes");
    std::uint64_t size = 0;
    for (const std::byte byte : bytes) size = size << 8 | std::to_integer<std::uint64_t>(byte);
    if (product > most / std::max<std::uint64_t>(size, 1))
      fail(stream.offset() - 4, "size ", size, " of dimension ", i, " makes more than the allowed ", most, " bytes");
    product *= std::max<std::uint64_t>(size, 1);
    wanted *= size;
    array.shape.push_back(static_cast<std::size_t>(size));
  }

  array.bytes = detail::read_rest(stream, wanted, fail);
  swap_byte_order(array.bytes, width, std::endian::big);
  return array;
}

}  // namespace detail

/// Reads an IDX file of any type and of rank 1 to 8, plain or gzip, told by content. Memory grows with the data that
/// are really there. O(bytes).
/// @throws FileError naming path, byte offset, wanted and got, if the file is no such file, cut short, or too long
inline IdxArray read_idx(const std::filesystem::path& path, const IdxLimits& limits = {}) {
  return detail::within_memory(path, [&] { return detail::read_idx(path, limits); });
}

/// Writes `array` as a plain IDX file, all or nothing. O(bytes).
/// @throws ValueError if shape and bytes do not fit together or the format cannot hold them; FileError
inline void write_idx(const std::filesystem::path& path, const IdxArray& array) {
  const std::size_t width = detail::idx_width(array.type);
  if (array.shape.empty() || array.shape.size() > 8)
    throw ValueError(detail::message("write_idx: ", array.shape.size(), " dimensions, wanted 1 to 8"));
  std::vector<std::byte> content = {std::byte{0}, std::byte{0}, static_cast<std::byte>(array.type),
                                    static_cast<std::byte>(array.shape.size())};
  std::size_t wanted = width;
  for (const std::size_t size : array.shape) {
    if (size > std::numeric_limits<std::uint32_t>::max())
      throw ValueError(detail::message("write_idx: a size of ", size, ", wanted less than 2^32"));
    for (int shift = 24; shift >= 0; shift -= 8) content.push_back(static_cast<std::byte>(size >> shift & 0xff));
    if (size != 0 && wanted > std::numeric_limits<std::size_t>::max() / size)
      throw ValueError("write_idx: the product of the sizes is too large");
    wanted *= size;
  }
  if (array.bytes.size() != wanted)
    throw ValueError(detail::message("write_idx: ", array.bytes.size(), " bytes, but the shape wants ", wanted));
  const std::size_t header = content.size();
  content.insert(content.end(), array.bytes.begin(), array.bytes.end());
  swap_byte_order(std::span(content).subspan(header), width, std::endian::big);
  write_file_atomically(path, content);
}

}  // namespace vade
