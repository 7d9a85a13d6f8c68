#include <vade/models/network_options.hpp>

#include <doctest/doctest.h>

using vade::NetworkOptions;

TEST_CASE("Options out of range are refused by name") {
  CHECK_THROWS_WITH_AS(NetworkOptions{.inputs = 0}.check(), doctest::Contains("inputs"), vade::ValueError);
  CHECK_THROWS_WITH_AS(NetworkOptions{.latent = 0}.check(), doctest::Contains("latent"), vade::ValueError);
  CHECK_THROWS_WITH_AS(NetworkOptions{.hidden = {}}.check(), doctest::Contains("hidden layers"), vade::ValueError);
  CHECK_THROWS_WITH_AS((NetworkOptions{.hidden = {3, -1}}).check(), doctest::Contains("hidden width"),
                       vade::ValueError);
  CHECK_THROWS_WITH_AS(NetworkOptions{.observation_variance = 0}.check(), doctest::Contains("observation_variance"),
                       vade::ValueError);
  CHECK_THROWS_WITH_AS(NetworkOptions{.learn_observation_variance = true}.check(),
                       doctest::Contains("learn_observation_variance is true with a Bernoulli likelihood"),
                       vade::ValueError);
}
