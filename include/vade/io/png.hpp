// vade: pictures as PNG files.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include <zlib.h>

#include <vade/core/checks.hpp>
#include <vade/io/atomic_file.hpp>

/// Portable Network Graphics, second edition (ISO/IEC 15948): eight bits per channel, RGB, no interlace. The file holds
/// the pixels and nothing else, no time and no program name, so that equal pictures are equal files.
namespace vade {

/// A picture: rows from top to bottom, pixels from left to right, three bytes red, green, blue (sRGB) each.
struct Image {
  Index width = 0;
  Index height = 0;
  std::vector<std::uint8_t> rgb;  ///< `width * height * 3` bytes
};

namespace detail {

/// Appends a big-endian number.
inline void png_number(std::vector<std::byte>& file, std::uint64_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) file.push_back(static_cast<std::byte>((value >> shift) & 0xFF));
}

/// Appends a chunk: its length, its type and data, and the CRC of these two.
inline void png_chunk(std::vector<std::byte>& file, std::string_view type, std::span<const std::byte> data) {
  png_number(file, data.size());
  const std::size_t start = file.size();
  for (const char letter : type) file.push_back(static_cast<std::byte>(letter));
  file.insert(file.end(), data.begin(), data.end());
  const auto* covered = reinterpret_cast<const Bytef*>(file.data() + start);
  png_number(file, crc32_z(0, covered, file.size() - start));
}

/// The zlib stream of the scan lines, grown as it is written.
class PngDeflate {
 public:
  PngDeflate() {
    if (deflateInit(&stream_, 6) != Z_OK) throw Error("encode_png: zlib cannot start a deflate stream");
  }
  PngDeflate(const PngDeflate&) = delete;
  PngDeflate& operator=(const PngDeflate&) = delete;
  ~PngDeflate() { deflateEnd(&stream_); }

  void write(std::span<std::uint8_t> line, bool last) {
    stream_.next_in = line.data();
    stream_.avail_in = static_cast<uInt>(line.size());
    do {
      stream_.next_out = buffer_.data();
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      if (deflate(&stream_, last ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR)
        throw Error("encode_png: zlib's deflate failed");
      const auto written = static_cast<std::ptrdiff_t>(buffer_.size() - stream_.avail_out);
      packed_.insert(packed_.end(), buffer_.begin(), buffer_.begin() + written);
    } while (stream_.avail_out == 0);
  }

  const std::vector<std::uint8_t>& packed() const { return packed_; }

 private:
  z_stream stream_{};
  std::vector<std::uint8_t> packed_;
  std::array<std::uint8_t, 1 << 15> buffer_{};
};

/// The five predictors of the standard: nothing, left, up, their mean, and Paeth's choice among left, up and corner.
inline std::uint8_t png_prediction(int filter, int left, int up, int corner) {
  switch (filter) {
    case 1: return static_cast<std::uint8_t>(left);
    case 2: return static_cast<std::uint8_t>(up);
    case 3: return static_cast<std::uint8_t>((left + up) / 2);
    case 4: {
      const int estimate = left + up - corner;
      const int to_left = std::abs(estimate - left);
      const int to_up = std::abs(estimate - up);
      const int to_corner = std::abs(estimate - corner);
      if (to_left <= to_up && to_left <= to_corner) return static_cast<std::uint8_t>(left);
      return static_cast<std::uint8_t>(to_up <= to_corner ? up : corner);
    }
    default: return 0;
  }
}

/// Writes filter number and residuals of `row` to `line`; returns Σ |residual|, residuals taken as signed bytes.
inline std::uint64_t png_filter(int filter, std::span<const std::uint8_t> row, std::span<const std::uint8_t> above,
                                std::span<std::uint8_t> line) {
  std::uint64_t cost = 0;
  line[0] = static_cast<std::uint8_t>(filter);
  for (std::size_t i = 0; i < row.size(); ++i) {
    const int left = i < 3 ? 0 : row[i - 3];
    const int up = above.empty() ? 0 : above[i];
    const int corner = i < 3 || above.empty() ? 0 : above[i - 3];
    const auto residual = static_cast<std::uint8_t>(row[i] - png_prediction(filter, left, up, corner));
    line[i + 1] = residual;
    cost += residual < 128 ? residual : 256u - residual;
  }
  return cost;
}

}  // namespace detail

/// The bytes of a PNG file. Each line takes the filter of smallest absolute residual, the standard's own advice.
/// Sides are limited to a million pixels, beyond which common readers refuse. O(width * height).
/// @throws ValueError for a side outside [1, 1000000], ShapeError where `rgb` is not `width * height * 3` bytes
inline std::vector<std::byte> encode_png(const Image& image) {
  check_between("encode_png", "width", image.width, Index{1}, Index{1'000'000});
  check_between("encode_png", "height", image.height, Index{1}, Index{1'000'000});
  const auto stride = static_cast<std::size_t>(image.width) * 3;
  const auto rows = static_cast<std::size_t>(image.height);
  check_same_count("encode_png", "bytes of rgb", static_cast<Index>(image.rgb.size()),
                   static_cast<Index>(std::uint64_t{stride} * rows));

  detail::PngDeflate deflate;
  std::vector<std::uint8_t> best(stride + 1);
  std::vector<std::uint8_t> line(stride + 1);
  const std::span<const std::uint8_t> pixels(image.rgb);
  for (std::size_t y = 0; y < rows; ++y) {
    const auto row = pixels.subspan(y * stride, stride);
    const auto above = y == 0 ? std::span<const std::uint8_t>{} : pixels.subspan((y - 1) * stride, stride);
    std::uint64_t least = detail::png_filter(0, row, above, best);
    for (int filter = 1; filter < 5 && least != 0; ++filter) {
      const std::uint64_t cost = detail::png_filter(filter, row, above, line);
      if (cost < least) {
        least = cost;
        best.swap(line);
      }
    }
    deflate.write(best, y + 1 == rows);
  }

  constexpr std::array<unsigned char, 8> signature{0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A};
  constexpr std::array<unsigned char, 5> format{8, 2, 0, 0, 0};  // depth, RGB, deflate, five filters, no interlace
  std::vector<std::byte> header;
  detail::png_number(header, static_cast<std::uint64_t>(image.width));
  detail::png_number(header, static_cast<std::uint64_t>(image.height));
  for (const unsigned char byte : format) header.push_back(std::byte{byte});

  std::vector<std::byte> file;
  for (const unsigned char byte : signature) file.push_back(std::byte{byte});
  detail::png_chunk(file, "IHDR", header);
  constexpr std::size_t piece = std::size_t{1} << 20;  // a chunk holds less than 2 GiB; readers like small ones
  const auto packed = std::as_bytes(std::span(deflate.packed()));
  for (std::size_t at = 0; at < packed.size(); at += piece)
    detail::png_chunk(file, "IDAT", packed.subspan(at, std::min(piece, packed.size() - at)));
  detail::png_chunk(file, "IEND", {});
  return file;
}

/// Writes `image` to `path`, whole or not at all.
/// @throws ValueError or ShapeError as `encode_png`, FileError where the file cannot be written
inline void write_png(const std::filesystem::path& path, const Image& image) {
  write_file_atomically(path, encode_png(image));
}

}  // namespace vade
