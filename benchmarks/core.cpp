// What must hide behind the matrix products: drawing noise, and handing tiles to the pool.
#include <vade/core/default_pool.hpp>
#include <vade/core/random.hpp>

#define CATCH_CONFIG_ENABLE_BENCHMARKING
#include <catch2/catch.hpp>

TEST_CASE("core") {
  vade::Matrix<float> noise(128, 10);
  std::uint32_t epoch = 0;
  BENCHMARK("normals of one batch, 128 x 10") {
    vade::fill_normal(noise, 7, vade::Purpose::posterior, ++epoch);
    return noise(0, 0);
  };

  BENCHMARK("order of 70,000 rows") {
    vade::RandomStream stream(7, vade::Purpose::shuffle, ++epoch);
    return vade::random_permutation(70000, stream);
  };

  std::vector<double> tiles(64);
  BENCHMARK("64 empty tiles on the pool") {
    vade::parallel_ranges(64, 1, [&](vade::Index begin, vade::Index) { tiles[static_cast<std::size_t>(begin)] += 1; });
    return tiles[0];
  };
}
