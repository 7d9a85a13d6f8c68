// vade: NPY files, the arrays of numpy.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/printable.hpp>
#include <vade/data/dataset.hpp>
#include <vade/data/detail/half.hpp>
#include <vade/data/detail/image_shape.hpp>
#include <vade/data/detail/inflate.hpp>
#include <vade/data/detail/memory.hpp>
#include <vade/data/detail/npy_header.hpp>
#include <vade/data/detail/other_format.hpp>
#include <vade/io/atomic_file.hpp>
#include <vade/core/byte_order.hpp>

/// `numpy.save` writes them, plain; a gzip of one is read as well. Versions 1 to 3; integers, reals and booleans in
/// either byte order and either order of the entries. The format is NEP 1 of numpy. Nothing is guessed: a file that is
/// cut short, goes on after its data, or does not say what it is, is refused.
namespace vade {

/// What a reader accepts. Files are refused before memory is taken.
struct NpyLimits {
  std::uint64_t bytes = std::uint64_t{1} << 34;  ///< of entries, decompressed
};

/// An array of any rank, last dimension fastest, its bytes in the order of this machine.
struct NpyArray {
  char kind = 'f';        ///< f real, i integer, u integer from 0, b boolean
  std::size_t width = 4;  ///< bytes of an entry
  std::vector<std::uint64_t> shape;
  std::vector<std::byte> bytes;
};

namespace detail {

/// Calls `body` with a value of the C++ type of the entries; false if there is none.
template <class Body>
bool with_npy_type(char kind, std::size_t width, Body&& body) {
  const auto is = [&]<class Value>(char wanted, Value value) {
    if (kind != wanted || width != sizeof(Value)) return false;
    body(value);
    return true;
  };
  return is('f', Half{}) || is('f', float{}) || is('f', double{}) || is('i', std::int8_t{}) ||
         is('i', std::int16_t{}) || is('i', std::int32_t{}) || is('i', std::int64_t{}) || is('u', std::uint8_t{}) ||
         is('u', std::uint16_t{}) || is('u', std::uint32_t{}) || is('u', std::uint64_t{}) || is('b', std::uint8_t{});
}

/// Calls `body(i, entry)` for each entry, in the order of the array.
template <class Body>
void for_each_entry(const NpyArray& array, const Body& body) {
  with_npy_type(array.kind, array.width, [&]<class Stored>(Stored value) {
    for (std::size_t i = 0; i < array.bytes.size() / sizeof(Stored); ++i) {
      std::memcpy(&value, array.bytes.data() + i * sizeof(Stored), sizeof(Stored));
      body(i, value);
    }
  });
}

/// Entries whose first dimension was fastest, with the last one fastest. O(entries): dimensions of size 1 are left out,
/// so that of the steps of the inner loop at least half are its last.
inline std::vector<std::byte> last_dimension_fastest(const NpyArray& array) {
  std::vector<std::size_t> size, stride, at;
  std::size_t step = array.width;
  for (const std::uint64_t all : array.shape) {
    if (all == 1) continue;
    size.push_back(static_cast<std::size_t>(all));
    stride.push_back(step);
    step *= size.back();
  }
  const std::size_t rank = size.size();
  at.resize(rank, 0);
  std::vector<std::byte> out(array.bytes.size());
  std::size_t from = 0;
  for (std::size_t to = 0; to < out.size(); to += array.width) {
    std::copy_n(array.bytes.data() + from, array.width, out.data() + to);
    for (std::size_t d = rank; d-- > 0;) {
      from += stride[d];
      if (++at[d] < size[d]) break;
      from -= stride[d] * std::exchange(at[d], 0);
    }
  }
  return out;
}

/// All or nothing; `type` is little-endian.
template <class Entry>
void write_npy_array(const std::filesystem::path& path, std::string_view type, const std::vector<std::uint64_t>& shape,
                     std::span<const Entry> entries) {
  std::string content = npy_preamble(type, shape);
  const std::size_t start = content.size();
  content.resize(start + entries.size_bytes());
  const auto data = std::as_writable_bytes(std::span(content).subspan(start));
  std::ranges::copy(std::as_bytes(entries), data.begin());
  swap_byte_order(data, sizeof(Entry), std::endian::little);
  write_file_atomically(path, content);
}

inline NpyArray read_npy_array(const std::filesystem::path& path, const NpyLimits& limits) {
  detail::ByteStream stream(path);
  const auto fail = [&](const auto&... parts) { throw FileError(detail::message(path.string(), ": ", parts...)); };
  const auto read = [&](std::span<std::byte> out, const char* what) {
    if (const std::size_t got = stream.read(out); got < out.size())
      fail("the file ends inside ", what, ", wanted ", out.size() - got, " bytes more");
  };
  std::byte magic[8];
  read(magic, "the magic number of an NPY file");
  if (std::memcmp(magic, "\x93NUMPY", 6) != 0)
    fail("not an NPY file: it does not start with \\x93NUMPY", detail::other_format(stream, magic));
  const int version = std::to_integer<int>(magic[6]);
  if (version < 1 || version > 3 || magic[7] != std::byte{0})
    fail("version ", version, ".", std::to_integer<int>(magic[7]), ", wanted 1.0, 2.0 or 3.0");
  std::byte sizes[4] = {};
  read(std::span(sizes).first(version == 1 ? 2 : 4), "the length of the header");
  std::uint64_t length = 0;
  for (std::size_t i = 4; i-- > 0;) length = length << 8 | std::to_integer<std::uint64_t>(sizes[i]);
  if (length > 65536) fail("a header of ", length, " bytes, wanted at most 65536");
  std::string text(static_cast<std::size_t>(length), '\0');
  read(std::as_writable_bytes(std::span(text)), "the header");
  if (!text.ends_with('\n')) fail("the header does not end with its line");

  const detail::NpyHeader header = detail::NpyHeaderParser(text, path.string() + ": ").parse();
  const std::string& type = header.type;
  NpyArray array{type.size() == 3 ? type[1] : '?',
                 type.size() == 3 ? static_cast<std::size_t>(type[2] - '0') : 0,
                 header.shape,
                 {}};
  const bool known = detail::with_npy_type(array.kind, array.width, [](auto) {});
  if (!known || std::string_view(array.width > 1 ? "<>=" : "<>=|").find(type[0]) == std::string_view::npos)
    fail("entries of type '", printable(type), "', wanted f2, f4, f8, i1 to i8, u1 to u8 or b1");
  const auto most = std::min<std::uint64_t>(limits.bytes, std::numeric_limits<std::ptrdiff_t>::max());
  std::uint64_t wanted = array.width, product = array.width;  // the second as if no size were 0
  for (const std::uint64_t size : array.shape) {
    if (product > most / std::max<std::uint64_t>(size, 1))
      fail("the shape makes more than the allowed ", most, " bytes");
    product *= std::max<std::uint64_t>(size, 1);
    wanted *= size;
  }
  array.bytes = detail::read_rest(
      stream, wanted, [&](std::uint64_t offset, const auto&... parts) { fail("byte ", offset, ": ", parts...); });
  if (type[0] == '<' || type[0] == '>')
    swap_byte_order(array.bytes, array.width, type[0] == '<' ? std::endian::little : std::endian::big);
  if (array.kind == 'b' && std::ranges::any_of(array.bytes, [](std::byte value) { return value > std::byte{1}; }))
    fail("a boolean that is neither 0 nor 1");
  if (header.fortran_order) array.bytes = detail::last_dimension_fastest(array);
  return array;
}

inline Dataset npy_rows(const std::filesystem::path& path, const NpyArray& array) {
  const std::vector<std::uint64_t>& shape = array.shape;
  if (shape.empty() || array.bytes.empty()) throw FileError(path.string() + ": the array has no rows of values");
  const auto rows = static_cast<Index>(shape[0]);
  const Index columns = static_cast<Index>(array.bytes.size() / array.width) / rows;
  const std::optional<ImageShape> image = image_shape_of(path, shape);
  if (array.kind == 'u' && array.width == 1) {
    std::vector<std::uint8_t> values(array.bytes.size());
    std::memcpy(values.data(), array.bytes.data(), values.size());
    return Dataset::from_bytes(std::move(values), rows, columns, image);
  }
  constexpr std::int64_t most = std::int64_t{1} << 53;  // up to here every integer is a double
  const auto numbers = [&]<Real T>(T) {
    Matrix<T> x(rows, columns);
    detail::for_each_entry(array, [&]<class Stored>(std::size_t i, Stored value) {
      x.data()[i] = static_cast<T>(value);
      if constexpr (std::integral<Stored>)
        if (std::cmp_greater(value, most) || std::cmp_less(value, -most))
          throw FileError(detail::message(path.string(), ": entry ", i, " is ", +value, ", beyond ±2⁵³"));
    });
    try {
      return Dataset::from_matrix(std::move(x), image);
    } catch (const ValueError& error) {
      throw FileError(path.string() + ": " + error.what());
    }
  };
  return array.kind == 'f' && array.width <= 4 ? numbers(float{}) : numbers(double{});
}

inline Labels npy_labels(const std::filesystem::path& path, const NpyArray& array) {
  const std::vector<std::uint64_t>& shape = array.shape;
  if (shape.size() != 1 && !(shape.size() == 2 && shape[1] == 1))
    throw FileError(path.string() + ": the array is " + sizes_text(shape) + ", wanted labels, [N] or [N x 1]");
  Labels labels;
  for_each_entry(array, [&]<class Stored>(std::size_t i, Stored value) {
    constexpr Label most = std::numeric_limits<Label>::max();
    const auto number = [&] {
      if constexpr (std::integral<Stored>)
        return value;
      else
        return static_cast<double>(value);
    }();
    bool is_label = false;
    if constexpr (std::integral<Stored>)
      is_label = std::cmp_greater_equal(value, 0) && std::cmp_less_equal(value, most);
    else
      is_label = number >= 0 && number <= most && number == std::floor(number);
    if (!is_label)
      throw FileError(
          message(path.string(), ": label ", i, " is ", +number, ", wanted a whole number from 0 to ", most));
    labels.push_back(static_cast<Label>(number));
  });
  return labels;
}

}  // namespace detail

/// Reads an NPY file of any rank. O(bytes).
/// @throws FileError with path and place: no such file, another type of entries, cut short, too long or too large
inline NpyArray read_npy_array(const std::filesystem::path& path, const NpyLimits& limits = {}) {
  return detail::within_memory(path, [&] { return detail::read_npy_array(path, limits); });
}

/// Reads rows: an array `[N x D]`, images `[N x H x W]`, `[N x H x W x 1]` or `[N x 1 x H x W]`, N numbers, or `[N x
/// ...]` with the rest flattened. Bytes stay bytes, value = byte / 255; reals keep their precision (those of 16 bits
/// become floats); other integers become doubles. O(bytes).
/// @throws FileError as `read_npy_array`; also without rows, for images in colour, for NaN and infinity, and for
/// integers beyond ±2⁵³
inline Dataset read_npy(const std::filesystem::path& path, const NpyLimits& limits = {}) {
  return detail::within_memory(path, [&] { return detail::npy_rows(path, detail::read_npy_array(path, limits)); });
}

/// Reads labels `[N]` or `[N x 1]`: integers, booleans, or reals that are whole. O(N).
/// @throws FileError as `read_npy_array`; also for another rank, and a label that is not whole, negative, or 2³¹ and
/// above
inline Labels read_npy_labels(const std::filesystem::path& path, const NpyLimits& limits = {}) {
  return detail::within_memory(path, [&] { return detail::npy_labels(path, detail::read_npy_array(path, limits)); });
}

/// Writes a matrix of float or double `[rows x columns]`, all or nothing. O(size). @throws FileError
template <class M>
requires Real<typename M::Scalar>
void write_npy(const std::filesystem::path& path, const M& values) {
  using T = typename M::Scalar;
  const Matrix<T> own = values;
  detail::write_npy_array(path, sizeof(T) == 4 ? "<f4" : "<f8",
                          {static_cast<std::uint64_t>(own.rows()), static_cast<std::uint64_t>(own.cols())},
                          std::span(own.data(), static_cast<std::size_t>(own.size())));
}

/// Writes labels `[N]`, all or nothing. O(N). @throws FileError
inline void write_npy(const std::filesystem::path& path, const Labels& labels) {
  static_assert(sizeof(Label) == 4);
  detail::write_npy_array(path, "<i4", {labels.size()}, std::span(labels));
}

}  // namespace vade
