#include <vade/mixture/detail/lanes.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include <vade/mixture/detail/responsibilities.hpp>

namespace {

double exp_of(double x) {
  const vade::detail::Lanes<double> result = vade::detail::exp_lanes(vade::detail::all_lanes(x));
  for (vade::Index i = 1; i < vade::detail::lane_count<double>; ++i) CHECK(result[i] == result[0]);
  return result[0];
}

}  // namespace

TEST_CASE("the exponential of lanes is right to four units of the sixteenth digit over its range") {
  for (double x = -700; x <= 700; x += 0.37) CHECK(std::abs(exp_of(x) / std::exp(x) - 1) < 4.5e-16);
  for (const double x : {-690.0, -0.34657359027997264, 0.34657359027997270, 1e-300, -1e-17, 0.5, 1.0, -1.0, 690.0})
    CHECK(std::abs(exp_of(x) / std::exp(x) - 1) < 4.5e-16);
  CHECK(exp_of(0.0) == 1.0);
}

TEST_CASE("lanes load from and store to any address") {
  std::vector<float> values(200);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  for (std::size_t offset = 0; offset < 16; ++offset) {
    const auto lanes = vade::detail::load_lanes(values.data() + offset);
    CHECK(lanes[1] == static_cast<float>(offset + 1));
    std::vector<float> copy(100);
    vade::detail::store_lanes<float>(copy.data() + offset, lanes);
    CHECK(copy[offset] == static_cast<float>(offset));
  }
  const auto lanes = vade::detail::load_lanes(values.data());
  const auto count = static_cast<float>(vade::detail::lane_count<float>);
  CHECK(vade::detail::sum_lanes<float>(lanes) == count * (count - 1) / 2);
}

TEST_CASE("responsibilities leave out what is negligible and keep what is far finite") {
  constexpr vade::Index rows = vade::detail::row_block<double>;
  vade::detail::TileBuffer<double> tile(rows, 3);
  for (vade::Index i = 0; i < rows; ++i) {
    tile.column(0)[i] = i == 0 ? 1e308 * 10 : 2.0;  // infinite distances in row 0
    tile.column(1)[i] = i == 0 ? 1e308 * 10 : 4.0;
    tile.column(2)[i] = i == 0 ? 1e308 * 10 : 2000.0;
  }
  vade::RowVector<double> offset(3);
  offset << -1, -2, 0;
  std::vector<double> log_prob(static_cast<std::size_t>(rows));
  vade::detail::responsibilities_in_place(tile, rows, offset, log_prob.data());
  CHECK(log_prob[0] == doctest::Approx(-5e307));
  CHECK(vade::detail::is_beyond(log_prob[0]));
  CHECK_FALSE(vade::detail::is_beyond(-4.9e307));
  CHECK(tile.column(0)[0] == doctest::Approx(1.0 / 3));
  const double wanted = std::log(std::exp(-2.0) + std::exp(-4.0));
  for (vade::Index i = 1; i < rows; ++i) {
    CHECK(log_prob[static_cast<std::size_t>(i)] == doctest::Approx(wanted).epsilon(1e-14));
    CHECK(tile.column(0)[i] == doctest::Approx(1 / (1 + std::exp(-2.0))).epsilon(1e-14));
    CHECK(tile.column(2)[i] == 0.0);
  }
}
