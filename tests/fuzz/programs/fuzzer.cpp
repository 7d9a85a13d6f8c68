// vade fuzzing: one target under libFuzzer. Built and started by tests/fuzz/run.sh.
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <cstring>
#include <exception>

#include "../target.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

/// Writes the seeds to the folder that VADE_FUZZ_SEEDS names, before libFuzzer reads it.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* const folder = std::getenv("VADE_FUZZ_SEEDS");
  if (folder == nullptr) return 0;
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const fuzz::Bytes& seed : fuzz::targets().front().seeds()) {
    std::ofstream file(std::filesystem::path(folder) / ("seed-" + std::to_string(number++)), std::ios::binary);
    file.write(reinterpret_cast<const char*>(seed.data()), static_cast<std::streamsize>(seed.size()));
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    fuzz::accepts(fuzz::targets().front(), std::as_bytes(std::span(data, size)));
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "not a vade::Error: %s\n", failure.what());
    std::abort();
  }
  return 0;
}

/// Half of the changes are libFuzzer's own, half those of the target where it has some.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const fuzz::Target& target = fuzz::targets().front();
  if (target.mutate == nullptr || seed % 2 == 0) return LLVMFuzzerMutate(data, size, most);
  const fuzz::Bytes changed = target.mutate(std::as_bytes(std::span(data, size)), most, seed / 2);
  if (changed.empty() || changed.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::memcpy(data, changed.data(), changed.size());
  return changed.size();
}
