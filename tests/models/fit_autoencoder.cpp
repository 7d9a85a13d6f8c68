#include <vade/models/fit_autoencoder.hpp>

#include <doctest/doctest.h>

#include "battery.hpp"

TEST_CASE("Autoencoder: a fit without options is one with the options as they are by default, told to nobody") {
  const vade::Dataset data = toy::patterns(40, 12, 3).images;
  vade::Autoencoder<float> silent({.inputs = 12, .hidden = {4}, .latent = 2}), spoken = silent;
  const auto report = silent.fit(data);
  CHECK(spoken.fit(data, vade::FitOptions{}, vade::Observer{}).history.size() == report.history.size());
  CHECK(spoken.transform(data) == silent.transform(data));
}
