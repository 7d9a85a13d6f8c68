// vade fuzzing: whatever bytes an NPY file has, plain or gzip, it is read as what it says, or refused.
// SPDX-License-Identifier: MIT
#include <vade/data/npy.hpp>

#include <string>

#include <doctest/doctest.h>

#include "gzip.hpp"
#include "replay.hpp"
#include "rows.hpp"
#include "target.hpp"

namespace fuzz_npy {

constexpr vade::NpyLimits limits{.bytes = 1 << 24};

std::string array_of(const std::string& path) {
  const vade::NpyArray array = vade::read_npy_array(path, limits);
  std::size_t entries = 1;
  for (const std::uint64_t size : array.shape) entries *= static_cast<std::size_t>(size);
  fuzz::require(array.bytes.size() == entries * array.width, "an array has as many entries as its shape says");
  return vade::sizes_text(array.shape) + array.kind +
         std::string(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
}

/// The rows, of which matrices come back as they were written.
std::string rows_of(const std::string& path) {
  const vade::Dataset data = vade::read_npy(path, limits);
  const vade::Matrix<double> values = data.matrix<double>();
  const fuzz::TemporaryFile copy({});
  vade::write_npy(copy.path(), values);
  fuzz::require(vade::read_npy(copy.path()).matrix<double>() == values, "a matrix comes back as it was written");
  return fuzz::look_at(data);
}

vade::Labels labels_of(const std::string& path) {
  vade::Labels labels = vade::read_npy_labels(path, limits);
  for (const vade::Label label : labels) fuzz::require(label >= 0, "labels are not negative");
  const fuzz::TemporaryFile copy({});
  vade::write_npy(copy.path(), labels);
  fuzz::require(vade::read_npy_labels(copy.path()) == labels, "labels come back as they were written");
  return labels;
}

void use(std::span<const std::byte> bytes) {
  const fuzz::PlainAndGzip files(bytes);
  const auto array = files.answer(array_of);
  const auto rows = files.answer(rows_of);
  const auto labels = files.answer(labels_of);
  fuzz::require(array || (!rows && !labels), "rows and labels are those of an array");
  if (!array) throw vade::FileError("refused");
}

fuzz::Bytes file_of(const std::string& type, const std::string& order, const std::string& shape, std::size_t bytes) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
  std::string text = "\x93NUMPY" + std::string("\x01\x00", 2) + static_cast<char>(header.size()) + '\0' + header;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(i % 2);
  const auto content = std::as_bytes(std::span(text));
  return {content.begin(), content.end()};
}

std::vector<fuzz::Bytes> seeds() {
  std::vector<fuzz::Bytes> files{file_of("<f4", "False", "(2, 3)", 24), file_of("|u1", "True", "(2, 2, 3)", 12),
                                 file_of(">i2", "False", "(3,)", 6),    file_of("<f2", "True", "(2, 2)", 8),
                                 file_of("|b1", "False", "(4, 1)", 4),  file_of("<u8", "True", "(1, 2, 1, 2)", 32)};
  files.push_back(fuzz::gzip_of(files[0]));
  return files;
}

const fuzz::Registered entered({"npy", use, seeds});

}  // namespace fuzz_npy

TEST_CASE("Whatever bytes an NPY file has, it is read as what it says, or refused") { fuzz::check_replay("npy"); }
