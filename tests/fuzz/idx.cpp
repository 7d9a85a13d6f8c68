// vade fuzzing: whatever bytes an IDX file has, plain or gzip, it is read as what it says, or refused.
// SPDX-License-Identifier: MIT
#include <vade/data/mnist.hpp>

#include <string>

#include <doctest/doctest.h>

#include "gzip.hpp"
#include "replay.hpp"
#include "rows.hpp"
#include "target.hpp"

namespace fuzz_idx {

constexpr vade::IdxLimits limits{.bytes = 1 << 24};

/// The array, as bytes, after it was written and read again.
std::string array_of(const std::string& path) {
  const vade::IdxArray array = vade::read_idx(path, limits);
  fuzz::require(array.as<double>().size() == array.count(), "each element is a number");
  const fuzz::TemporaryFile copy({});
  vade::write_idx(copy.path(), array);
  const vade::IdxArray again = vade::read_idx(copy.path(), limits);
  fuzz::require(again.type == array.type && again.shape == array.shape && again.bytes == array.bytes,
                "an array comes back as it was written");
  return vade::sizes_text(array.shape) +
         std::string(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
}

vade::Labels labels_of(const std::string& path, vade::Label classes) {
  const vade::LabelledDataset pair = vade::load_idx_pair(path, path, classes, limits);
  fuzz::look_at(pair.images);
  fuzz::require(static_cast<vade::Index>(pair.labels.size()) == pair.images.rows(), "each row has a label");
  for (const vade::Label label : pair.labels) fuzz::require(label >= 0 && label < classes, "labels lie in their range");
  return pair.labels;
}

void use(std::span<const std::byte> bytes) {
  const fuzz::PlainAndGzip files(bytes);
  const auto array = files.answer(array_of);
  const auto rows = files.answer([](const std::string& path) { return fuzz::look_at(vade::load_idx(path, limits)); });
  const auto labels = files.answer([](const std::string& path) { return labels_of(path, 256); });
  fuzz::require(array || !rows, "rows are those of an array");
  fuzz::require(rows || !labels, "labels are those of rows");
  if (!array) throw vade::FileError("refused");
}

std::vector<fuzz::Bytes> seeds() {
  std::vector<fuzz::Bytes> files;
  const auto add = [&](vade::IdxType type, std::vector<std::size_t> shape) {
    std::size_t count = 1;
    for (const std::size_t size : shape) count *= size;
    vade::IdxArray array{type, std::move(shape), fuzz::Bytes(count * vade::detail::idx_width(type))};
    for (std::size_t i = 0; i < array.bytes.size(); ++i) array.bytes[i] = static_cast<std::byte>(i % 7);
    const fuzz::TemporaryFile file({});
    vade::write_idx(file.path(), array);
    files.push_back(fuzz::read_bytes(file.path()));
  };
  add(vade::IdxType::u8, {2, 3, 4});
  add(vade::IdxType::u8, {5});
  add(vade::IdxType::u8, {3, 1, 2, 2});
  add(vade::IdxType::i32, {3, 2});
  add(vade::IdxType::f32, {2, 2});
  add(vade::IdxType::f64, {2, 2, 2, 1});
  files.push_back(fuzz::gzip_of(files[0]));
  return files;
}

const fuzz::Registered entered({"idx", use, seeds});

}  // namespace fuzz_idx

TEST_CASE("Whatever bytes an IDX file has, it is read as what it says, or refused") { fuzz::check_replay("idx"); }
