// vade tests: safetensors files that no writer of ours writes.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <vade/io/safetensors.hpp>

namespace tests {

/// A safetensors file taken apart, to be changed, and written again with right checksums.
struct SafetensorsParts {
  struct Tensor {
    vade::Dtype dtype;
    std::vector<vade::Index> shape;
    std::vector<std::byte> bytes;
  };
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;

  explicit SafetensorsParts(const std::filesystem::path& path) {
    const auto file = vade::SafetensorsFile::load(path);
    for (const std::string& name : file.names()) {
      const vade::TensorView& view = file.tensor(name);
      tensors[name] = {view.dtype, view.shape, {view.bytes.begin(), view.bytes.end()}};
    }
    metadata = file.metadata();
  }

  void save(const std::filesystem::path& path) const {
    vade::SafetensorsWriter writer;
    for (const auto& [name, tensor] : tensors) writer.add_bytes(name, tensor.dtype, tensor.shape, tensor.bytes);
    for (const auto& [key, value] : metadata) writer.set_metadata(key, value);
    writer.save(path);
  }
};

/// The same file without any of the keys of `metadata` for which `drop(key)` holds.
inline std::vector<std::byte> without_metadata(std::span<const std::byte> file, const auto& drop) {
  std::uint64_t size = 0;
  for (std::size_t i = 8; i-- > 0;) size = size << 8 | std::to_integer<std::uint64_t>(file[i]);
  const auto text = file.subspan(8, static_cast<std::size_t>(size));
  auto header = nlohmann::json::parse(reinterpret_cast<const char*>(text.data()),
                                      reinterpret_cast<const char*>(text.data()) + text.size());
  auto& metadata = header["__metadata__"];
  for (auto entry = metadata.begin(); entry != metadata.end();) entry = drop(entry.key()) ? metadata.erase(entry) : std::next(entry);
  const std::string left = header.dump();
  std::vector<std::byte> changed;
  for (int shift = 0; shift < 64; shift += 8)
    changed.push_back(static_cast<std::byte>(std::uint64_t{left.size()} >> shift & 0xff));
  for (const char letter : left) changed.push_back(static_cast<std::byte>(letter));
  const auto data = file.subspan(8 + static_cast<std::size_t>(size));
  changed.insert(changed.end(), data.begin(), data.end());
  return changed;
}

}  // namespace tests
