#include <vade/optim/clipping.hpp>

#include <limits>

#include <doctest/doctest.h>

TEST_CASE("Clipping brings a norm above the limit down to the limit") {
  CHECK(vade::clipping_scale(10, 5) == 0.5);
  CHECK(10 * vade::clipping_scale(10, 2.5) == 2.5);
}

TEST_CASE("Clipping leaves a norm at or below the limit as it is") {
  CHECK(vade::clipping_scale(5, 5) == 1);
  CHECK(vade::clipping_scale(4.9, 5) == 1);
  CHECK(vade::clipping_scale(0, 5) == 1);
}

TEST_CASE("A limit of 0 switches clipping off") {
  CHECK(vade::clipping_scale(1e30, 0) == 1);
  CHECK(vade::clipping_scale(std::numeric_limits<double>::infinity(), 0) == 1);
}

TEST_CASE("An infinite norm is scaled by 0, and NaN is left for the check of the loss") {
  CHECK(vade::clipping_scale(std::numeric_limits<double>::infinity(), 5) == 0);
  CHECK(vade::clipping_scale(std::numeric_limits<double>::quiet_NaN(), 5) == 1);
}
