// vade fuzzing: replays files on a target, with any compiler: `replay FILE...`. tests/fuzz/run.sh --replay builds it.
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <exception>

#include "../target.hpp"

int main(int count, char** arguments) {
  const fuzz::Target& target = fuzz::targets().front();
  for (const char* const path : std::span(arguments + 1, static_cast<std::size_t>(count - 1))) {
    std::printf("%s: %s\n", target.name.c_str(), path);
    try {
      target.use(fuzz::read_bytes(path));
      std::puts("  accepted");
    } catch (const vade::Error& error) {
      std::printf("  refused: %s\n", error.what());
    } catch (const std::exception& failure) {
      std::printf("  FOUND: not a vade::Error: %s\n", failure.what());
      return 1;
    }
  }
}
