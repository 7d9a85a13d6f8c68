// vade: what a file is, told by its first bytes.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

/// For messages: a reader that gets a file of another format names that format and says what to do. No reader decides
/// by this what to read.
namespace vade {

/// A format that people have where a reader of this library is called.
struct KnownFormat {
  std::string_view name;    ///< such as "a zip archive, such as numpy.savez and PyTorch write"
  std::string_view remedy;  ///< such as "save each array by numpy.save"
};

namespace detail {

/// A format that starts with `magic` at byte `offset`.
struct Magic {
  std::string_view magic;
  KnownFormat format;
  std::size_t offset = 0;
};

/// `magic` without the NUL that ends a literal; it may hold others.
template <std::size_t N>
constexpr std::string_view magic(const char (&text)[N]) {
  return std::string_view(text, N - 1);
}

inline constexpr KnownFormat npy_format{"an NPY file, an array of numpy", "read_npy reads it"};
inline constexpr KnownFormat idx_format{"an IDX file, the format of MNIST", "load_idx reads it"};
inline constexpr KnownFormat safetensors_format{"a safetensors file, such as models of this library",
                                                "Vade::load, Vae::load and SafetensorsFile read it"};

inline constexpr std::string_view save_arrays = "save its arrays by numpy.save";
inline constexpr std::string_view decompress = "decompress it, or compress it by gzip";
inline constexpr std::string_view decode_images = "decode the images, and save their values by numpy.save";
inline constexpr std::string_view save_as_csv = "save it as CSV";
inline constexpr std::string_view save_as_utf8 = "save it as UTF-8";

/// The longer of two that start alike comes first.
inline constexpr Magic magics[] = {
    {magic("\x93NUMPY"), npy_format},
    {magic("PK\x03\x04"),
     {"a zip archive, such as numpy.savez, PyTorch and Excel write", "unpack it, or save each array by numpy.save"}},
    {magic("PK\x05\x06"), {"an empty zip archive", "it holds no data"}},
    {magic("\x1f\x8b"), {"a gzip file", "decompress it"}},
    {magic("\xfd"
           "7zXZ\0"),
     {"compressed by xz", decompress}},
    {magic("\x28\xb5\x2f\xfd"), {"compressed by zstd", decompress}},
    {magic("\x04\x22\x4d\x18"), {"compressed by lz4", decompress}},
    {magic("\x1f\x9d"), {"compressed by compress", decompress}},
    {magic("7z\xbc\xaf\x27\x1c"), {"a 7z archive", "unpack it"}},
    {magic("Rar!\x1a\x07"), {"a rar archive", "unpack it"}},
    {magic("ustar\0"), {"a tar archive", "unpack it"}, 257},
    {magic("ustar  "), {"a tar archive", "unpack it"}, 257},
    {magic("\x89HDF\r\n\x1a\n"), {"an HDF5 file, such as Keras and MATLAB write", save_arrays}},
    {magic("MATLAB 5.0 MAT-file"), {"a MATLAB file", save_arrays}},
    {magic("MATLAB 7.3 MAT-file"), {"a MATLAB file", save_arrays}},
    {magic("CDF\x01"), {"a NetCDF file", save_arrays}},
    {magic("CDF\x02"), {"a NetCDF file", save_arrays}},
    {magic("PAR1\x15"), {"a Parquet file", save_as_csv}},
    {magic("ARROW1\0"), {"an Arrow or Feather file", save_as_csv}},
    {magic("FEA1\0"), {"a Feather file", save_as_csv}},
    {magic("RDX3\n"), {"a file of R", save_as_csv}},
    {magic("RDX2\n"), {"a file of R", save_as_csv}},
    {magic("SQLite format 3\0"), {"an SQLite database", save_as_csv}},
    {magic("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), {"an old Office document, such as Excel's xls", save_as_csv}},
    {magic("%PDF-"), {"a PDF document", save_as_csv}},
    {magic("\x89PNG\r\n\x1a\n"), {"a PNG image", decode_images}},
    {magic("\xff\xd8\xff"), {"a JPEG image", decode_images}},
    {magic("GIF87a"), {"a GIF image", decode_images}},
    {magic("GIF89a"), {"a GIF image", decode_images}},
    {magic("II*\0"), {"a TIFF image", decode_images}},
    {magic("MM\0*"), {"a TIFF image", decode_images}},
    {magic("SIMPLE  ="), {"a FITS file", save_arrays}},
    {magic("<!DOCTYPE"), {"a web page", "the download failed, or needs another address"}},
    {magic("<!doctype"), {"a web page", "the download failed, or needs another address"}},
    {magic("<html"), {"a web page", "the download failed, or needs another address"}},
    {magic("<?xml"), {"an XML document", save_as_csv}},
    {magic("version https://git-lfs.github.com/spec/"),
     {"a pointer of Git LFS, which stands for a file", "git lfs pull fetches the file"}},
    {magic("\xff\xfe\0\0"), {"text in UTF-32", save_as_utf8}},
    {magic("\0\0\xfe\xff"), {"text in UTF-32", save_as_utf8}},
    {magic("\xff\xfe"), {"text in UTF-16", save_as_utf8}},
    {magic("\xfe\xff"), {"text in UTF-16", save_as_utf8}},
};

/// Formats whose start is more than some constant bytes.
inline const KnownFormat* known_by_rule(std::string_view bytes) {
  static constexpr KnownFormat pickle{"a pickle of Python", save_arrays};
  static constexpr KnownFormat bzip2{"compressed by bzip2", decompress};
  static constexpr KnownFormat webp{"a WebP image", decode_images};
  static constexpr KnownFormat utf16{"text in UTF-16 without a byte order mark", save_as_utf8};
  const auto at = [&](std::size_t i) -> unsigned {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
  };
  // Protocols 2 to 5; then comes a frame or what opens a container or a class, never a NUL.
  if (bytes.size() > 2 && at(0) == 0x80 && at(1) >= 2 && at(1) <= 5 && at(2) != 0) return &pickle;
  if (bytes.starts_with("BZh") && at(3) >= '1' && at(3) <= '9' && bytes.substr(4).starts_with("1AY&SY")) return &bzip2;
  if (bytes.starts_with("RIFF") && bytes.substr(std::min<std::size_t>(8, bytes.size())).starts_with("WEBP"))
    return &webp;
  if (bytes.size() >= 4 && at(0) == 0 && at(1) == 0 && at(2) >= 0x08 && at(2) <= 0x0E && at(2) != 0x0A && at(3) >= 1 &&
      at(3) <= 8)
    return &idx_format;
  if (bytes.size() >= 10 && at(8) == '{' && (at(9) == '"' || at(9) == ' ' || at(9) == '}') &&
      at(4) + at(5) + at(6) + at(7) == 0)
    return &safetensors_format;
  // A printable ASCII character and a NUL in turn, in either order.
  for (const std::size_t text : {0u, 1u}) {
    std::size_t pairs = 0;
    while (2 * pairs + 1 < bytes.size() && pairs < 8 && at(2 * pairs + 1 - text) == 0 &&
           (at(2 * pairs + text) == '\n' || at(2 * pairs + text) == '\r' || at(2 * pairs + text) == '\t' ||
            (at(2 * pairs + text) >= ' ' && at(2 * pairs + text) < 0x7F)))
      ++pairs;
    if (pairs >= 3 && (pairs == 8 || 2 * pairs + 1 >= bytes.size())) return &utf16;
  }
  return nullptr;
}

}  // namespace detail

/// The bytes that `known_format` looks at, at most.
inline constexpr std::size_t known_format_bytes = 512;

/// What a file is that starts with `bytes`, or nullptr if that is none of the known formats: other text, too few bytes,
/// something else. O(1).
inline const KnownFormat* known_format(std::string_view bytes) {
  bytes = bytes.substr(0, known_format_bytes);
  for (const detail::Magic& known : detail::magics)
    if (bytes.size() >= known.offset && bytes.substr(known.offset).starts_with(known.magic)) return &known.format;
  return detail::known_by_rule(bytes);
}

/// What follows "not a file of that format" in a message: "; it is a zip archive, ...: unpack it, ...", or nothing.
inline std::string known_format_text(std::string_view bytes) {
  const KnownFormat* const known = known_format(bytes);
  if (known == nullptr) return {};
  return std::string("; it is ").append(known->name).append(": ").append(known->remedy);
}
inline std::string known_format_text(std::span<const std::byte> bytes) {
  return known_format_text(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace vade
