#include <vade/models/warm_start.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <vade/models/fit_vade.hpp>
#include <vade/models/fit_vae.hpp>
#include <vade/optim/sgd.hpp>

#include "../support/field_count.hpp"

namespace every_option_tests {

namespace {

struct Two {
  int a = 0;
  std::vector<double> b = {};
};
struct Nested {
  Two two = {};
  std::string text = {};
  Two again = {};
};

template <class Options>
std::size_t visited(const Options& options = {}) {
  std::size_t count = 0;
  options.for_each_option([&](const char*, const auto&) { ++count; });
  return count;
}

}  // namespace

TEST_CASE("Fields are counted, those that are aggregates themselves as one") {
  CHECK(tests::field_count<Two>() == 2);
  CHECK(tests::field_count<Nested>() == 3);
}

TEST_CASE_TEMPLATE("for_each_option visits every field: a forgotten one would be an option that no checkpoint compares", Options,
                   vade::AdamOptions, vade::SgdOptions, vade::FitOptions, vade::ConsistencyOptions, vade::VadeObjectiveOptions,
                   vade::NetworkOptions, vade::InformationMaximisationOptions, vade::HalvingOptions, vade::VadeOptions,
                   vade::RandomStart, vade::AutoencoderStart, vade::VaeStart, vade::InformationStart, vade::PartitionStart,
                   vade::VadeFitOptions, vade::VaeFitOptions, vade::SampleOptions, vade::ImageAugmentation,
                   vade::NoiseCorruption) {
  CHECK(visited<Options>() == tests::field_count<Options>());
}

}  // namespace every_option_tests
