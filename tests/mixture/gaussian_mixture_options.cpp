#include <vade/mixture/gaussian_mixture_options.hpp>

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

TEST_CASE("Options of a mixture out of range are refused by name; clusters only where they are used") {
  using Options = vade::GaussianMixtureOptions;
  CHECK_NOTHROW(Options{}.check());
  CHECK_THROWS_WITH_AS((Options{.clusters = 0}.check()), doctest::Contains("GaussianMixture: clusters is 0"),
                       vade::ValueError);
  CHECK_NOTHROW((Options{.clusters = 0}.check_fit()));
  CHECK_THROWS_WITH_AS((Options{.restarts = 0}.check_fit()), "GaussianMixture: restarts is 0, wanted at least 1",
                       vade::ValueError);
  CHECK_THROWS_AS((Options{.max_iterations = 0}.check()), vade::ValueError);
  for (const double bad : {-1e-9, std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK_THROWS_WITH_AS((Options{.tolerance = bad}.check()), doctest::Contains("GaussianMixture: tolerance is"),
                         vade::ValueError);
    CHECK_THROWS_WITH_AS((Options{.variance_floor = bad}.check()),
                         doctest::Contains("GaussianMixture: variance_floor is"), vade::ValueError);
  }
}
