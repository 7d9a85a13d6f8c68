// vade: PNG files are decoded again, chunk by chunk, and compared pixel by pixel.
// SPDX-License-Identifier: MIT
#include <vade/io/png.hpp>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>

#include <doctest/doctest.h>

#include <vade/core/random.hpp>

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes as_bytes(const std::vector<std::byte>& bytes) {
  Bytes result;
  for (const std::byte byte : bytes) result.push_back(std::to_integer<std::uint8_t>(byte));
  return result;
}

std::uint32_t number(const Bytes& bytes, std::size_t at) {
  return (std::uint32_t{bytes.at(at)} << 24) | (std::uint32_t{bytes.at(at + 1)} << 16) |
         (std::uint32_t{bytes.at(at + 2)} << 8) | std::uint32_t{bytes.at(at + 3)};
}

struct Decoded {
  vade::Image image;
  std::vector<std::string> chunks;
  std::vector<int> filters;
};

int paeth(int a, int b, int c) {
  const int p = a + b - c;
  const int pa = std::abs(p - a), pb = std::abs(p - b), pc = std::abs(p - c);
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/// A decoder for the one kind of PNG that is written here, straight from the standard; checks every CRC.
Decoded decode(const Bytes& file) {
  Decoded result;
  const Bytes signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  REQUIRE(file.size() > 8);
  REQUIRE(std::equal(signature.begin(), signature.end(), file.begin()));
  Bytes packed;
  std::size_t at = 8;
  while (at < file.size()) {
    const std::size_t length = number(file, at);
    const std::string type(file.begin() + static_cast<std::ptrdiff_t>(at) + 4,
                           file.begin() + static_cast<std::ptrdiff_t>(at) + 8);
    const auto crc = crc32(0, file.data() + at + 4, static_cast<uInt>(length + 4));
    REQUIRE(number(file, at + 8 + length) == crc);
    if (type == "IHDR") {
      REQUIRE(length == 13);
      result.image.width = number(file, at + 8);
      result.image.height = number(file, at + 12);
      REQUIRE(Bytes(file.begin() + static_cast<std::ptrdiff_t>(at) + 16,
                    file.begin() + static_cast<std::ptrdiff_t>(at) + 21) == Bytes{8, 2, 0, 0, 0});
    }
    if (type == "IDAT")
      packed.insert(packed.end(), file.begin() + static_cast<std::ptrdiff_t>(at + 8),
                    file.begin() + static_cast<std::ptrdiff_t>(at + 8 + length));
    result.chunks.push_back(type);
    at += length + 12;
  }
  REQUIRE(at == file.size());
  const auto stride = static_cast<std::size_t>(result.image.width) * 3;
  const auto rows = static_cast<std::size_t>(result.image.height);
  Bytes lines((stride + 1) * rows);
  uLongf size = static_cast<uLongf>(lines.size());
  REQUIRE(uncompress(lines.data(), &size, packed.data(), static_cast<uLong>(packed.size())) == Z_OK);
  REQUIRE(size == lines.size());
  Bytes& rgb = result.image.rgb;
  rgb.resize(stride * rows);
  for (std::size_t y = 0; y < rows; ++y) {
    const int filter = lines[y * (stride + 1)];
    REQUIRE(filter < 5);
    result.filters.push_back(filter);
    for (std::size_t i = 0; i < stride; ++i) {
      const int a = i < 3 ? 0 : rgb[y * stride + i - 3];
      const int b = y == 0 ? 0 : rgb[(y - 1) * stride + i];
      const int c = i < 3 || y == 0 ? 0 : rgb[(y - 1) * stride + i - 3];
      const int add[] = {0, a, b, (a + b) / 2, paeth(a, b, c)};
      rgb[y * stride + i] = static_cast<std::uint8_t>(lines[y * (stride + 1) + 1 + i] + add[filter]);
    }
  }
  return result;
}

vade::Image noise(vade::Index width, vade::Index height) {
  vade::Image image{width, height, {}};
  vade::RandomStream stream(7, vade::Purpose::user);
  for (vade::Index i = 0; i < width * height * 3; ++i)
    image.rgb.push_back(static_cast<std::uint8_t>(stream.below(256)));
  return image;
}

/// A smooth ramp with an edge: each part is best served by another filter.
vade::Image ramp(vade::Index width, vade::Index height) {
  vade::Image image{width, height, {}};
  for (vade::Index y = 0; y < height; ++y)
    for (vade::Index x = 0; x < width; ++x)
      for (vade::Index c = 0; c < 3; ++c)
        image.rgb.push_back(static_cast<std::uint8_t>(y < height / 2 ? 5 * x + c : 3 * x + 7 * y + x * y / 5));
  return image;
}

void check_round_trip(const vade::Image& image) {
  const Decoded decoded = decode(as_bytes(vade::encode_png(image)));
  CHECK(decoded.image.width == image.width);
  CHECK(decoded.image.height == image.height);
  CHECK(decoded.image.rgb == image.rgb);
  CHECK(decoded.chunks.front() == "IHDR");
  CHECK(decoded.chunks.back() == "IEND");
}

}  // namespace

TEST_CASE("a picture survives encoding, pixel by pixel") {
  check_round_trip({1, 1, {10, 20, 30}});
  check_round_trip(noise(1, 17));
  check_round_trip(noise(17, 1));
  check_round_trip(noise(31, 23));
  check_round_trip(ramp(61, 40));
  check_round_trip({40, 30, std::vector<std::uint8_t>(3600, 255)});
}

TEST_CASE("each line of a picture takes the filter that suits it") {
  const Decoded decoded = decode(as_bytes(vade::encode_png(ramp(61, 40))));
  CHECK(decoded.filters.front() == 1);  // nothing above: from the left
  CHECK(decoded.filters[1] == 2);       // the same line again: from above
  CHECK(*std::max_element(decoded.filters.begin(), decoded.filters.end()) > 2);
}

TEST_CASE("a large picture is cut into chunks that all carry their checksum") {
  const vade::Image image = noise(1000, 500);  // noise does not shrink: more than one mebibyte
  const Decoded decoded = decode(as_bytes(vade::encode_png(image)));
  CHECK(decoded.image.rgb == image.rgb);
  CHECK(decoded.chunks == std::vector<std::string>{"IHDR", "IDAT", "IDAT", "IEND"});
}

TEST_CASE("equal pictures are equal bytes, and hold no chunk but pixels") {
  const vade::Image image = noise(20, 20);
  CHECK(vade::encode_png(image) == vade::encode_png(image));
  CHECK(decode(as_bytes(vade::encode_png(image))).chunks == std::vector<std::string>{"IHDR", "IDAT", "IEND"});
}

TEST_CASE("a picture of impossible size is refused before any work") {
  CHECK_THROWS_AS(vade::encode_png({0, 1, {}}), vade::ValueError);
  CHECK_THROWS_AS(vade::encode_png({1, -1, {}}), vade::ValueError);
  CHECK_THROWS_AS(vade::encode_png({1, 1'000'001, {}}), vade::ValueError);
  CHECK_THROWS_WITH_AS(vade::encode_png({2, 2, std::vector<std::uint8_t>(11)}),
                       "encode_png: bytes of rgb: got 11, wanted 12", vade::ShapeError);
  // 3 * 10^12 bytes are named as such: the product does not wrap at 32 bits
  CHECK_THROWS_WITH_AS(vade::encode_png({1'000'000, 1'000'000, {}}),
                       "encode_png: bytes of rgb: got 0, wanted 3000000000000", vade::ShapeError);
}

TEST_CASE("a written file holds the encoded bytes, and a bad path is an error that names it") {
  const auto folder = std::filesystem::temp_directory_path() / ("vade-png-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const vade::Image image = ramp(20, 10);
  vade::write_png(folder / "a.png", image);
  std::ifstream file(folder / "a.png", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  CHECK(decode(Bytes(text.begin(), text.end())).image.rgb == image.rgb);

  CHECK_THROWS_AS(vade::write_png(folder / "a.png", vade::Image{3, 3, {}}), vade::ShapeError);
  CHECK(std::filesystem::file_size(folder / "a.png") == text.size());  // what was there is still there
  CHECK_THROWS_AS(vade::write_png(folder / "missing" / "a.png", image), vade::FileError);
  std::filesystem::remove_all(folder);
}
