#include <vade/core/memory.hpp>

#include <limits>

#include <doctest/doctest.h>

TEST_CASE("Memory that no machine has is refused with its sizes and bytes, and memory that is there is not") {
  CHECK_NOTHROW(vade::check_memory("fit", "a few numbers", 0));
  CHECK_NOTHROW(vade::check_memory("fit", "a few numbers", 1e6));
  CHECK_NOTHROW(vade::check_memory("fit", "67 million bytes", 6.8e7));
  CHECK_THROWS_WITH_AS(
      vade::check_memory("fit", "covariances of 3 components in 3000000 dimensions", 2.16e14),
      "fit: covariances of 3 components in 3000000 dimensions take 2.16e+14 bytes (201165.676 GiB), which the "
      "system does not give; wanted smaller sizes",
      vade::ResourceError);
  for (const double bytes : {1e20, 1e300, std::numeric_limits<double>::infinity()})
    CHECK_THROWS_AS(vade::check_memory("fit", "numbers", bytes), vade::ResourceError);
}
