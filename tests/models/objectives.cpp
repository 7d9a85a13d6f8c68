#include <vade/models/objectives.hpp>

#include <doctest/doctest.h>

#include "../support/toy_data.hpp"

using vade::AutoencoderObjective;
using vade::Batch;
using vade::Index;
using vade::Matrix;
using vade::Network;
using vade::Schedule;
using vade::Tape;
using vade::VaeObjective;

static_assert(vade::Objective<AutoencoderObjective<float, Network<float>>, float>);
static_assert(vade::Objective<VaeObjective<double>, double>);

namespace {

template <class O>
auto record(O& objective, Tape<double>& tape, const vade::Dataset& data, const std::vector<Index>& rows, double epoch) {
  const auto x = tape.constant(static_cast<Index>(rows.size()), data.columns());
  data.gather<double>(rows, x.mutable_value());
  return objective.record(
      Batch<double>{.x = x, .data = data, .rows = rows, .epoch = epoch, .epochs = 10, .seed = 1, .draw = 2});
}

}  // namespace

TEST_CASE("The VAE objective is minus its terms, with β on the divergence") {
  Network<double> network({.inputs = 12, .hidden = {6}, .latent = 2, .seed = 1});
  const vade::Dataset data = toy::patterns(8, 12, 3).images;
  VaeObjective<double> objective(network, Schedule::warm_up(0, 1, 4));
  Tape<double> tape;
  const auto [loss, terms] = record(objective, tape, data, {1, 3, 5}, 1.0);
  const double kl = -(terms[1].scalar() + terms[2].scalar());
  CHECK(kl > 0);
  CHECK(loss.scalar() == doctest::Approx(-(terms[0].scalar() - 0.25 * kl)));
}

TEST_CASE("The autoencoder objective leaves the variance half of the encoder's head without gradient") {
  Network<double> network({.inputs = 12, .hidden = {6}, .latent = 2, .seed = 1});
  const vade::Dataset data = toy::patterns(8, 12, 3).images;
  AutoencoderObjective<double, Network<double>> objective(network);
  Tape<double> tape;
  tape.backward(record(objective, tape, data, {0, 1, 2, 3}, 0.0).loss);
  const Matrix<double>& gradient = network.encoder.head().weight().gradient();
  CHECK(gradient.leftCols(2).norm() > 0);
  CHECK(gradient.rightCols(2).isZero(0));
}

TEST_CASE("Both train every parameter of the network in one group") {
  Network<double> network({.inputs = 12, .hidden = {6}, .latent = 2});
  VaeObjective<double> objective(network, Schedule::constant(1));
  const auto groups = objective.groups();
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].parameters.size() == 8);
  CHECK(groups[0].rate == 1);
}
