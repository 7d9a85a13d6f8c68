#include <vade/core/real.hpp>

#include <doctest/doctest.h>

TEST_CASE("float and double are Real, and nothing else is") {
  CHECK(vade::Real<float>);
  CHECK(vade::Real<double>);
  CHECK_FALSE(vade::Real<long double>);
  CHECK_FALSE(vade::Real<int>);
  CHECK_FALSE(vade::Real<const float>);
}
