// vade fuzzing: whatever bytes a safetensors file has, it is read as what it says, or refused.
// SPDX-License-Identifier: MIT
#include <vade/io/safetensors.hpp>

#include <string>

#include <doctest/doctest.h>

#include "replay.hpp"
#include "sealed.hpp"
#include "target.hpp"

namespace fuzz_safetensors {

using vade::Dtype;
using vade::Index;
using vade::Matrix;
using vade::SafetensorsFile;

/// Looks at every tensor in every way that its type allows.
void look_at(const SafetensorsFile& file) {
  for (const std::string& name : file.names()) {
    const vade::TensorView& tensor = file.tensor(name);
    unsigned sum = 0;
    for (const std::byte byte : tensor.bytes) sum += std::to_integer<unsigned>(byte);
    fuzz::require(sum <= 255 * tensor.bytes.size(), "the bytes of a tensor lie in memory");
    if (tensor.dtype == Dtype::i64) file.integers(name);
    if (tensor.dtype == Dtype::u64) file.unsigned_integers(name);
    if ((tensor.dtype != Dtype::f32 && tensor.dtype != Dtype::f64) || tensor.shape.size() != 2) continue;
    const auto values = file.matrix<double>(name, tensor.shape[0], tensor.shape[1], vade::NonFinite::allow);
    fuzz::require(values.rows() == tensor.shape[0] && values.cols() == tensor.shape[1], "a matrix has the shape of its tensor");
  }
}

void use(std::span<const std::byte> bytes) {
  const fuzz::TemporaryFile on_disk(bytes);
  std::string refused;
  try {
    look_at(SafetensorsFile::load(on_disk.path()));
  } catch (const vade::FileError& error) {
    refused = error.what();
  }
  bool same = true;
  try {
    look_at(SafetensorsFile::parse({bytes.begin(), bytes.end()}, on_disk.path().string()));
    same = refused.empty();
  } catch (const vade::FileError& error) {
    same = error.what() == refused;
  }
  fuzz::require(same, "a file and its bytes in memory get one answer");
  if (!refused.empty()) throw vade::FileError(refused);
}

std::vector<fuzz::Bytes> seeds() {
  vade::SafetensorsWriter writer;
  writer.add("weights", Matrix<float>(Matrix<float>::Constant(2, 3, 0.5f)));
  writer.add("means", Matrix<double>(Matrix<double>::Constant(1, 2, 0.1)));
  writer.add_integers("labels", std::vector<std::int64_t>{-1, 3});
  writer.add_integers("step", std::vector<std::uint64_t>{7});
  writer.add("nothing", Matrix<float>(0, 4));
  writer.set_metadata("model", "a \"quoted\" word");
  const std::string header = R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"__metadata__":{"format":"pt"}}  )";
  std::string text(1, static_cast<char>(header.size()));
  text += std::string(7, '\0') + header + std::string(4, '\0');
  const auto foreign = std::as_bytes(std::span(text));
  return {writer.bytes(), vade::SafetensorsWriter().bytes(), {foreign.begin(), foreign.end()}};
}

const fuzz::Registered entered({"safetensors", use, seeds, fuzz::mutate_sealed});

}  // namespace fuzz_safetensors

TEST_CASE("Whatever bytes a safetensors file has, it is read as what it says, or refused") { fuzz::check_replay("safetensors"); }
