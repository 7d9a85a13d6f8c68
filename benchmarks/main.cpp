// The entry point of the benchmarks: build/release/benchmarks/vade_benchmarks --help
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
