// vade: tests of core/special.hpp.
// SPDX-License-Identifier: MIT
#include <vade/core/special.hpp>

#include <vector>

#include <doctest/doctest.h>

#include "../support/extremes.hpp"

#include <vade/core/random.hpp>

// The reference is the same function in long double, whose sixty-four bits of precision and wide exponent leave the
// plain formulas exact enough.

namespace {

using tests::infinity;
using tests::not_a_number;

using Wide = long double;

/// |got − wanted| in units of `ulps` roundings of T, relative, with subnormal results taken as absolute.
template <class T>
bool near(T got, Wide wanted, Wide ulps) {
  const Wide scale = std::max(std::abs(wanted), static_cast<Wide>(std::numeric_limits<T>::min()));
  const auto unit = static_cast<Wide>(std::numeric_limits<T>::epsilon());
  return std::abs(static_cast<Wide>(got) - wanted) <= ulps * unit * scale;
}

/// Numbers of both signs: a fine grid around zero, and powers of two out to where everything saturates.
template <class T>
std::vector<T> grid() {
  std::vector<T> values;
  for (int i = -400; i <= 400; ++i) values.push_back(static_cast<T>(i) / T{16});
  for (int e = -60; e <= 12; ++e) {
    values.push_back(std::ldexp(T{1.25}, e));
    values.push_back(-std::ldexp(T{1.25}, e));
  }
  return values;
}

template <class T>
std::vector<T> random_row(std::size_t size, T scale) {
  vade::RandomStream stream(7, vade::Purpose::user, 1, static_cast<std::uint32_t>(size));
  std::vector<T> row(size);
  for (T& v : row) v = scale * stream.normal<T>();
  return row;
}

template <class T>
Wide wide_log_sum_exp(const std::vector<T>& row) {
  Wide top = -infinity<Wide>;
  for (const T v : row) top = std::max(top, static_cast<Wide>(v));
  Wide sum = 0;
  for (const T v : row) sum += std::exp(static_cast<Wide>(v) - top);
  return top + std::log(sum);
}

template <class T>
T log_sum_exp(std::span<const T> row) {
  return vade::exponential_sum(row).log();
}

}  // namespace

TEST_CASE_TEMPLATE("log 2π is rounded to nearest", T, float, double) {
  CHECK(near(vade::log_two_pi<T>, std::log(8 * std::atan(Wide{1})), 0.51L));
}

TEST_CASE_TEMPLATE("normal_cdf agrees with long double over the whole range, and reaches its limits", T, float, double) {
  for (const T l : grid<T>()) {
    CAPTURE(l);
    const auto w = static_cast<Wide>(l);
    // The argument of erfc is rounded once, which the slope of erfc multiplies: z² roundings in the far tail.
    if (std::abs(l) < T{10}) CHECK(near(vade::normal_cdf(l), std::erfc(-w / std::sqrt(Wide{2})) / 2, 8 + 2 * w * w));
  }
  CHECK(vade::normal_cdf(T{0}) == T{0.5});
  for (const T big : {T{1e4}, std::numeric_limits<T>::max(), infinity<T>}) {
    CHECK(vade::normal_cdf(big) == T{1});
    CHECK(vade::normal_cdf(-big) == T{0});
  }
}

TEST_CASE_TEMPLATE("NaN in gives NaN out", T, float, double) {
  const T nan = not_a_number<T>;
  CHECK(std::isnan(vade::normal_cdf(nan)));
  for (std::size_t at = 0; at < 5; ++at) {
    CAPTURE(at);
    std::vector<T> row{1, infinity<T>, -infinity<T>, 2, 3};
    row[at] = nan;
    CHECK(std::isnan(log_sum_exp(std::span<const T>(row))));
    row = {T{0.125}, T{0.25}, T{0.375}, T{0.25}, 0};
    row[at] = nan;
    CHECK(std::isnan(vade::entropy(std::span<const T>(row))));
    CHECK(std::isnan(vade::softmax_in_place(std::span<T>(row))));
    for (const T v : row) CHECK(std::isnan(v));
  }
}

TEST_CASE_TEMPLATE("The logarithm of exponential_sum agrees with long double for every size", T, float, double) {
  for (std::size_t size = 1; size <= 33; ++size)
    for (const T scale : {T{0.0078125}, T{1}, T{30}}) {
      CAPTURE(size);
      const std::vector<T> row = random_row<T>(size, scale);
      const Wide wanted = wide_log_sum_exp(row);
      // Relative to what was added: top and log of the sum may cancel.
      const Wide scale_of_sum = std::abs(wanted) + 2 * static_cast<Wide>(scale) + std::log(static_cast<Wide>(size) + 1);
      CHECK(std::abs(static_cast<Wide>(log_sum_exp(std::span<const T>(row))) - wanted) <=
            8 * static_cast<Wide>(std::numeric_limits<T>::epsilon()) * scale_of_sum);
    }
}

TEST_CASE_TEMPLATE("The logarithm of exponential_sum is shift-invariant, also where exponentials overflow or vanish", T, float, double) {
  // Eighths, and shifts by powers of two, so that shifted entries are exact.
  for (std::size_t size = 1; size <= 33; ++size) {
    std::vector<T> row(size);
    for (std::size_t k = 0; k < size; ++k) row[k] = static_cast<T>((k * 37) % 64) / T{8} - T{4};
    const T base = log_sum_exp(std::span<const T>(row));
    for (const T shift : {T{64}, T{-64}, T{4096}, T{-4096}}) {
      std::vector<T> shifted = row;
      for (T& v : shifted) v += shift;
      CHECK(
          near(log_sum_exp(std::span<const T>(shifted)), static_cast<Wide>(base) + static_cast<Wide>(shift), 1));
    }
  }
}

TEST_CASE_TEMPLATE("The logarithm of exponential_sum of nothing, of infinities and of one entry", T, float, double) {
  const T inf = infinity<T>;
  const auto of = [](std::vector<T> row) { return log_sum_exp(std::span<const T>(row)); };
  CHECK(of({}) == -inf);
  CHECK(of({-inf}) == -inf);
  CHECK(of({-inf, -inf, -inf}) == -inf);
  CHECK(of({-inf, T{3}, -inf}) == T{3});
  CHECK(of({inf}) == inf);
  CHECK(of({-inf, T{0}, inf}) == inf);
  CHECK(of({inf, inf}) == inf);
  CHECK(of({T{-7.5}}) == T{-7.5});
  CHECK(of({std::numeric_limits<T>::max(), T{0}}) == std::numeric_limits<T>::max());
  CHECK(of({std::numeric_limits<T>::lowest()}) == std::numeric_limits<T>::lowest());
}

TEST_CASE_TEMPLATE("exponential_sum tells the top from the sum of what it leaves", T, float, double) {
  const std::vector<T> row{T{1e8}, T{1e8}, -infinity<T>, T{1e8}};
  const auto parts = vade::exponential_sum(std::span<const T>(row));
  CHECK(parts.top == T{1e8});
  CHECK(parts.sum == T{3});
  const std::vector<T> infinite{infinity<T>, T{0}};
  CHECK(vade::exponential_sum(std::span<const T>(infinite)).top == infinity<T>);
  CHECK(vade::exponential_sum(std::span<const T>(infinite)).sum == T{1});
}

TEST_CASE_TEMPLATE("softmax_in_place gives a distribution and the log-sum-exp for every size", T, float, double) {
  for (std::size_t size = 1; size <= 33; ++size)
    for (const T scale : {T{0}, T{1}, T{200}}) {
      CAPTURE(size);
      const std::vector<T> row = random_row<T>(size, scale);
      std::vector<T> probabilities = row;
      const T total = vade::softmax_in_place(std::span<T>(probabilities));
      CHECK(total == log_sum_exp(std::span<const T>(row)));
      const Wide wanted = wide_log_sum_exp(row);
      Wide sum = 0;
      for (std::size_t k = 0; k < size; ++k) {
        sum += static_cast<Wide>(probabilities[k]);
        CHECK(near(probabilities[k], std::exp(static_cast<Wide>(row[k]) - wanted), 2 * static_cast<Wide>(scale) + 40));
      }
      CHECK(near(static_cast<T>(sum), 1, 20));
    }
}

TEST_CASE_TEMPLATE("softmax_in_place gives zero to an entry of −∞ and to one far below the top", T, float, double) {
  std::vector<T> row{-infinity<T>, T{0}, T{-1e4}, T{0}};
  CHECK(near(vade::softmax_in_place(std::span<T>(row)), std::log(Wide{2}), 1));
  CHECK(row == std::vector<T>{0, T{0.5}, 0, T{0.5}});
}

TEST_CASE_TEMPLATE("entropy lies between zero and log K, with 0 log 0 = 0", T, float, double) {
  CHECK(vade::entropy(std::span<const T>()) == T{0});
  const std::vector<T> certain{0, 1, 0};
  CHECK(vade::entropy(std::span<const T>(certain)) == T{0});
  for (std::size_t size = 1; size <= 33; ++size) {
    const std::vector<T> even(size, T{1} / static_cast<T>(size));
    CHECK(near(T{1} + vade::entropy(std::span<const T>(even)), 1 + std::log(static_cast<Wide>(size)), 20));
    std::vector<T> row = random_row<T>(size, T{2});
    vade::softmax_in_place(std::span<T>(row));
    Wide wanted = 0;
    for (const T p : row) wanted -= static_cast<Wide>(p) * std::log(static_cast<Wide>(p));
    CHECK(near(T{1} + vade::entropy(std::span<const T>(row)), 1 + wanted, 20));
  }
  const std::vector<T> tiny{std::numeric_limits<T>::denorm_min(), T{1}};
  CHECK(vade::entropy(std::span<const T>(tiny)) >= T{0});
}
