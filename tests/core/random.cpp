// vade: tests of core/random.hpp.
// SPDX-License-Identifier: MIT
#include <vade/core/random.hpp>

#include <algorithm>
#include <limits>
#include <set>
#include <string>

#include <doctest/doctest.h>

// Statistical checks have fixed seeds, so they pass or fail for good. Bounds are four to five standard deviations of
// the statistic for true random numbers: none of the seeds was chosen for its result.

namespace {

using vade::Index;
using vade::Matrix;
using vade::Purpose;
using vade::RandomStream;

using Counter = std::array<std::uint32_t, 4>;
using Key = std::array<std::uint32_t, 2>;

/// sup |F_n − F| for `values`, which are sorted here, times √n: 1.95 is exceeded once in a thousand.
template <class Cdf>
double kolmogorov_smirnov(std::vector<double> values, const Cdf& cdf) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double f = cdf(values[i]);
    worst = std::max({worst, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  return worst * std::sqrt(n);
}

std::vector<double> normals(std::size_t count, RandomStream stream) {
  std::vector<double> values(count);
  for (double& v : values) v = stream.normal<double>();
  return values;
}

/// Correlation of two standard normal sequences, times √n.
double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum / std::sqrt(static_cast<double>(a.size()));
}

}  // namespace

TEST_CASE("Philox4x32-10 gives the published known answers") {
  CHECK(vade::philox4x32(Counter{0, 0, 0, 0}, Key{0, 0}) == Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  const std::uint32_t ones = 0xffffffff;
  CHECK(vade::philox4x32(Counter{ones, ones, ones, ones}, Key{ones, ones}) ==
        Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(vade::philox4x32(Counter{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, Key{0xa4093822, 0x299f31d0}) ==
        Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("A stream reads Philox at counter (block, row, epoch, purpose) and key (low, high) of the seed") {
  RandomStream stream(0x0123456789abcdef, Purpose::generation, 77, 88);
  for (std::uint32_t block = 0; block < 3; ++block) {
    const Counter words = vade::philox4x32(Counter{block, 88, 77, 4}, Key{0x89abcdef, 0x01234567});
    for (const std::uint32_t word : words) CHECK(stream.bits() == word);
  }
}

TEST_CASE("The numbers of the purposes never change") {
  CHECK(static_cast<int>(Purpose::initialisation) == 1);
  CHECK(static_cast<int>(Purpose::shuffle) == 2);
  CHECK(static_cast<int>(Purpose::posterior) == 3);
  CHECK(static_cast<int>(Purpose::generation) == 4);
  CHECK(static_cast<int>(Purpose::augmentation) == 5);
  CHECK(static_cast<int>(Purpose::mixture) == 6);
  CHECK(static_cast<int>(Purpose::subsample) == 7);
  CHECK(static_cast<int>(Purpose::likelihood) == 8);
  CHECK(static_cast<int>(Purpose::synthetic) == 9);
  CHECK(static_cast<int>(Purpose::corruption) == 10);
  CHECK(static_cast<int>(Purpose::user) == 1000);
}

TEST_CASE("Draws of one stream are pinned") {
  const auto stream = [] { return RandomStream(42, Purpose::posterior, 1, 2); };
  RandomStream uniforms = stream();
  CHECK(uniforms.uniform<double>() == 0.94427207753486442);
  CHECK(uniforms.uniform<double>() == 0.75426027798083928);
  RandomStream integers = stream();
  for (const std::uint32_t wanted : {94u, 43u, 75u, 41u, 10u, 25u, 77u, 97u}) CHECK(integers.below(100) == wanted);
  RandomStream normal = stream();  // through the machine's log, cos and sin: not to the last bit
  for (const double wanted : {-0.30667449921119494, 0.1436406236727874, -0.64791746219592516, 0.37978743526524966})
    CHECK(std::abs(normal.normal<double>() - wanted) < 1e-14);
}

TEST_CASE("A copy of a stream goes on as the original does, spare normal included") {
  RandomStream original(3, Purpose::user);
  original.bits();
  original.normal<double>();
  RandomStream copy = original;
  for (int i = 0; i < 9; ++i) CHECK(copy.normal<double>() == original.normal<double>());
}

TEST_CASE("A normal draw of float is the rounded draw of double") {
  RandomStream narrow(3, Purpose::user), wide(3, Purpose::user);
  for (int i = 0; i < 100; ++i) CHECK(narrow.normal<float>() == static_cast<float>(wide.normal<double>()));
}

TEST_CASE("uniform stays inside the open interval at the largest and the smallest word") {
  // Rows found by search: their first words are at least 0xfffffe00, and below 512.
  const auto highest = [] { return RandomStream(1, Purpose::user, 0, 2770184); };
  const auto lowest = [] { return RandomStream(1, Purpose::user, 0, 34968827); };
  REQUIRE(highest().bits() == 0xfffffe2au);
  REQUIRE(lowest().bits() == 0x60u);
  CHECK(highest().uniform<float>() == 1.0f - 0x1p-24f);
  CHECK(lowest().uniform<float>() == 0x1p-24f);
  CHECK(highest().uniform<double>() < 1.0);
  CHECK(lowest().uniform<double>() > 0.0);
  CHECK(std::isfinite(std::log(lowest().uniform<float>())));
  // 1 + (1 − 2⁻²⁴) rounds to 2, which is outside [1, 2).
  CHECK(highest().uniform(1.0f, 2.0f) == std::nextafter(2.0f, 1.0f));
  CHECK(highest().uniform(1.0f, 2.0f) < 2.0f);
  CHECK(lowest().uniform(1.0f, 2.0f) >= 1.0f);
  CHECK(highest().uniform(-3.0f, -2.0f) < -2.0f);
}

TEST_CASE_TEMPLATE("uniform has the distribution of a uniform number", T, float, double) {
  RandomStream stream(11, Purpose::user);
  std::vector<double> values(20000);
  double mean = 0, square = 0, cube = 0;
  for (double& v : values) {
    v = static_cast<double>(stream.uniform<T>());
    REQUIRE(v > 0);
    REQUIRE(v < 1);
    mean += v / 20000;
    square += v * v / 20000;
    cube += v * v * v / 20000;
  }
  CHECK(std::abs(mean - 1.0 / 2) < 0.009);
  CHECK(std::abs(square - 1.0 / 3) < 0.009);
  CHECK(std::abs(cube - 1.0 / 4) < 0.009);
  CHECK(kolmogorov_smirnov(values, [](double v) { return v; }) < 1.95);
}

TEST_CASE_TEMPLATE("uniform between two numbers stays between them", T, float, double) {
  RandomStream stream(12, Purpose::user);
  T low = 10, high = -10;
  for (int i = 0; i < 5000; ++i) {
    const T v = stream.uniform(T{-2}, T{3});
    REQUIRE(v >= T{-2});
    REQUIRE(v < T{3});
    low = std::min(low, v);
    high = std::max(high, v);
  }
  CHECK(low < T{-1.96875});
  CHECK(high > T{2.96875});
}

TEST_CASE("normal has the moments and the distribution of a standard normal") {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    CAPTURE(seed);
    const std::vector<double> values = normals(20000, RandomStream(seed, Purpose::user));
    double moment[5] = {};
    for (const double v : values)
      for (int k = 1; k <= 4; ++k) moment[k] += std::pow(v, k) / 20000;
    CHECK(std::abs(moment[1]) < 5 * std::sqrt(1.0 / 20000));
    CHECK(std::abs(moment[2] - 1) < 5 * std::sqrt(2.0 / 20000));
    CHECK(std::abs(moment[3]) < 5 * std::sqrt(15.0 / 20000));
    CHECK(std::abs(moment[4] - 3) < 5 * std::sqrt(96.0 / 20000));
    CHECK(kolmogorov_smirnov(values, [](double z) { return std::erfc(-z * std::sqrt(0.5)) / 2; }) < 1.95);
  }
}

TEST_CASE("The two normals of a pair, and neighbours, do not depend on each other") {
  const std::vector<double> values = normals(20001, RandomStream(5, Purpose::user));
  for (const std::size_t lag : {1u, 2u, 3u, 4u}) {
    const std::vector<double> head(values.begin(), values.end() - 4);
    const std::vector<double> tail(values.begin() + static_cast<std::ptrdiff_t>(lag),
                                   values.end() - 4 + static_cast<std::ptrdiff_t>(lag));
    CHECK(std::abs(correlation(head, tail)) < 4.5);
    // cos and sin of one angle have dependent squares unless the radius is right.
    double squares = 0;
    for (std::size_t i = 0; i < head.size(); ++i) squares += (head[i] * head[i] - 1) * (tail[i] * tail[i] - 1) / 2;
    CHECK(std::abs(squares / std::sqrt(static_cast<double>(head.size()))) < 4.5);
  }
}

TEST_CASE("Seeds, purposes, epochs and rows each give a stream of their own") {
  const std::vector<double> base = normals(20000, RandomStream(9, Purpose::posterior, 4, 6));
  const RandomStream others[] = {
      RandomStream(10, Purpose::posterior, 4, 6),
      RandomStream(9 + (std::uint64_t{1} << 32), Purpose::posterior, 4, 6),  // only the high word of the seed
      RandomStream(9, Purpose::generation, 4, 6),
      RandomStream(9, Purpose::posterior, 5, 6),
      RandomStream(9, Purpose::posterior, 4, 7),
      RandomStream(9, Purpose::posterior, 6, 4),  // epoch and row exchanged
  };
  for (const RandomStream& other : others) CHECK(std::abs(correlation(base, normals(20000, other))) < 4.5);

  std::set<std::uint64_t> first_words;
  for (const std::uint64_t seed : {0u, 1u})
    for (std::uint32_t purpose = 1; purpose <= 10; ++purpose)
      for (std::uint32_t epoch = 0; epoch < 10; ++epoch)
        for (std::uint32_t row = 0; row < 10; ++row) {
          RandomStream stream(seed, static_cast<Purpose>(purpose), epoch, row);
          const std::uint64_t high = stream.bits();
          first_words.insert(high << 32 | stream.bits());
        }
  CHECK(first_words.size() == 2000);
}

TEST_CASE("below is uniform over its range") {
  // Small bounds, one where a modulus would favour the lower third (3 · 2³⁰), and the largest.
  for (const std::uint32_t bound : {2u, 3u, 7u, 10u, 3u << 30, 0xffffffffu}) {
    CAPTURE(bound);
    RandomStream stream(21, Purpose::user, 0, bound);
    const std::uint32_t cells = std::min(bound, 12u);
    std::vector<double> hits(cells);
    const double draws = 24000;
    for (int i = 0; i < 24000; ++i) {
      const std::uint32_t v = stream.below(bound);
      REQUIRE(v < bound);
      ++hits[static_cast<std::size_t>(std::uint64_t{v} * cells / bound)];
    }
    double chi_square = 0;
    for (const double h : hits) chi_square += (h - draws / cells) * (h - draws / cells) / (draws / cells);
    const double freedom = cells - 1;
    CHECK(chi_square < freedom + 4.5 * std::sqrt(2 * freedom));
    CHECK(chi_square > 0);
  }
}

TEST_CASE("below with bound 1 is always 0") {
  RandomStream stream(22, Purpose::user);
  for (int i = 0; i < 1000; ++i) CHECK(stream.below(1) == 0);
}

TEST_CASE("A shuffle is a permutation, pinned for one seed") {
  RandomStream stream(42, Purpose::shuffle, 3);
  CHECK(vade::random_permutation(10, stream) == std::vector<Index>{3, 0, 1, 6, 5, 2, 7, 4, 9, 8});
  for (const Index count : {0, 1, 2, 3, 100, 1000}) {
    std::vector<Index> order = vade::random_permutation(count, stream);
    REQUIRE(order.size() == static_cast<std::size_t>(count));
    std::sort(order.begin(), order.end());
    for (Index i = 0; i < count; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
  }
  std::vector<std::string> words{"a", "b", "b", "c"};
  vade::shuffle(words, stream);
  std::sort(words.begin(), words.end());
  CHECK(words == std::vector<std::string>{"a", "b", "b", "c"});
}

TEST_CASE("A shuffle gives every order equally often") {
  RandomStream stream(23, Purpose::shuffle);
  std::vector<double> hits(24);
  for (int i = 0; i < 12000; ++i) {
    std::vector<int> order{0, 1, 2, 3};
    vade::shuffle(order, stream);
    std::size_t rank = 0;  // of the order among all, in the alphabet of its entries
    for (std::size_t a = 0; a < 4; ++a) {
      std::size_t smaller = 0;
      for (std::size_t b = a + 1; b < 4; ++b) smaller += order[b] < order[a] ? 1u : 0u;
      rank = rank * (4 - a) + smaller;
    }
    ++hits[rank];
  }
  double chi_square = 0;
  for (const double h : hits) chi_square += (h - 500) * (h - 500) / 500;
  CHECK(chi_square < 23 + 4.5 * std::sqrt(46.0));
}

TEST_CASE_TEMPLATE("fill_normal draws the same rows wherever the batch is cut", T, float, double) {
  Matrix<T> whole(23, 5);
  vade::fill_normal(whole, 8, Purpose::posterior, 2, 100);
  for (const Index cut : {1, 7, 22}) {
    Matrix<T> head(cut, 5), tail(23 - cut, 5);
    vade::fill_normal(head, 8, Purpose::posterior, 2, 100);
    vade::fill_normal(tail, 8, Purpose::posterior, 2, 100 + static_cast<std::uint32_t>(cut));
    CHECK(head == whole.topRows(cut));
    CHECK(tail == whole.bottomRows(23 - cut));
  }
  Matrix<T> narrow(23, 3);
  vade::fill_normal(narrow, 8, Purpose::posterior, 2, 100);
  CHECK(narrow == whole.leftCols(3));
  RandomStream row(8, Purpose::posterior, 2, 104);
  for (Index j = 0; j < 5; ++j) CHECK(whole(4, j) == row.normal<T>());
}

TEST_CASE("fill_normal fills a view in place") {
  std::vector<double> memory(12, 99.0);
  vade::MatrixView<double> view(memory.data() + 4, 2, 2);
  vade::fill_normal(view, 8, Purpose::posterior);
  CHECK(std::count(memory.begin(), memory.end(), 99.0) == 8);
}

TEST_CASE("A permutation of a count that no 32-bit draw can order, or of less than nothing, is refused") {
  RandomStream stream(1, Purpose::user);
  for (const vade::Index count : {vade::Index{-1}, vade::Index{1} << 32, std::numeric_limits<vade::Index>::max()})
    CHECK_THROWS_AS(vade::random_permutation(count, stream), vade::ValueError);
  CHECK(vade::random_permutation(0, stream).empty());
}
