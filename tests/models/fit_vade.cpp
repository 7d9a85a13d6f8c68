#include <vade/models/fit_vade.hpp>

#include <doctest/doctest.h>

#include "battery.hpp"

TEST_CASE("VaDE: a fit without options is one with the options as they are by default, told to nobody") {
  const vade::Dataset data = toy::patterns(40, 12, 3).images;
  vade::Vade<float> silent({.network = {.inputs = 12, .hidden = {4}, .latent = 2}, .clusters = 2}), spoken = silent;
  const auto report = silent.fit(data);
  CHECK(spoken.fit(data, vade::VadeFitOptions{}, vade::Observer{}).history.size() == report.history.size());
  CHECK(spoken.predict_proba(data) == silent.predict_proba(data));
}
