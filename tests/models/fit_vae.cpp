#include <vade/models/fit_vae.hpp>

#include <doctest/doctest.h>

#include "battery.hpp"

TEST_CASE("VAE: a fit without options is one with the options as they are by default, told to nobody") {
  const vade::Dataset data = toy::patterns(40, 12, 3).images;
  vade::Vae<float> silent({.inputs = 12, .hidden = {4}, .latent = 2}), spoken = silent;
  const auto report = silent.fit(data);
  CHECK(spoken.fit(data, vade::VaeFitOptions{}, vade::Observer{}).history.size() == report.history.size());
  CHECK(spoken.transform(data) == silent.transform(data));
}
