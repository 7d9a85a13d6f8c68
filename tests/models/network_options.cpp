#include <vade/models/network_options.hpp>

#include <limits>

#include <doctest/doctest.h>

using vade::NetworkOptions;

TEST_CASE("Options out of range are refused by name") {
  CHECK_THROWS_WITH_AS(NetworkOptions{.inputs = 0}.check(), doctest::Contains("inputs"), vade::ValueError);
  CHECK_THROWS_WITH_AS(NetworkOptions{.latent = 0}.check(), doctest::Contains("latent"), vade::ValueError);
  CHECK_THROWS_WITH_AS(NetworkOptions{.hidden = {}}.check(), doctest::Contains("hidden layers"), vade::ValueError);
  CHECK_THROWS_WITH_AS((NetworkOptions{.hidden = {3, -1}}).check(), doctest::Contains("hidden width"),
                       vade::ValueError);
  for (const vade::Index huge : {vade::Index{1} << 40, std::numeric_limits<vade::Index>::max()}) {
    CHECK_THROWS_WITH_AS(NetworkOptions{.inputs = huge}.check(), doctest::Contains("inputs"), vade::ValueError);
    CHECK_THROWS_WITH_AS(NetworkOptions{.latent = huge}.check(), doctest::Contains("latent"), vade::ValueError);
    CHECK_THROWS_WITH_AS(NetworkOptions{.hidden = {huge}}.check(), doctest::Contains("hidden width"),
                         vade::ValueError);
  }
  // The layers of the decoder draw from numbers 1000 and up.
  CHECK_THROWS_WITH_AS(NetworkOptions{.hidden = std::vector<vade::Index>(1000, 2)}.check(), doctest::Contains("hidden layers"),
                       vade::ValueError);
  CHECK_THROWS_WITH_AS(NetworkOptions{.observation_variance = 0}.check(), doctest::Contains("observation_variance"),
                       vade::ValueError);
  CHECK_THROWS_WITH_AS(NetworkOptions{.learn_observation_variance = true}.check(),
                       doctest::Contains("learn_observation_variance is true with a Bernoulli likelihood"),
                       vade::ValueError);
}
