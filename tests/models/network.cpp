#include <vade/models/network.hpp>

#include <set>

#include <doctest/doctest.h>

#include "../support/reference.hpp"

using reference::normal_matrix;
using vade::Index;
using vade::Matrix;
using vade::Network;
using vade::Tape;

TEST_CASE("The decoder mirrors the encoder, names are unique, and no two layers start with equal weights") {
  const Network<double> network({.inputs = 9, .hidden = {7, 5}, .latent = 2, .seed = 3});
  std::set<std::string> names;
  std::set<double> first_weights;
  Index weights = 0;
  network.for_each_parameter([&](const vade::Parameter<double>& p) {
    names.insert(p.name());
    if (p.name().ends_with("weight")) {
      ++weights;
      first_weights.insert(p.value()(0, 0));
    }
  });
  CHECK(names.size() == 12);
  CHECK(static_cast<Index>(first_weights.size()) == weights);
  CHECK(network.decoder.inputs() == 2);
  CHECK(network.decoder.outputs() == 9);
  CHECK(network.decoder.hidden()[0].outputs() == 5);
  CHECK(network.decoder.hidden()[1].outputs() == 7);
}

TEST_CASE("The noise of a row depends on its number, not on the batch that it is in") {
  Tape<float> tape;
  const std::vector<Index> rows{4, 9, 2}, other{9};
  const Matrix<float> together = vade::posterior_noise(tape, rows, 5, 1, 3).value();
  const Matrix<float> alone = vade::posterior_noise(tape, other, 5, 1, 3).value();
  CHECK(together.row(1) == alone.row(0));
  CHECK(together.row(0) != together.row(1));
  CHECK(alone != vade::posterior_noise(tape, other, 5, 1, 4).value());
  CHECK(alone != vade::posterior_noise(tape, other, 5, 2, 3).value());
}
