#include <vade/models/objectives.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include "../support/reference.hpp"
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

TEST_CASE("B.1: with several draws the reconstruction is the mean over draws, and the first draw is the one of L = 1") {
  Network<double> network({.inputs = 12, .hidden = {6}, .latent = 2, .seed = 1});
  const vade::Dataset data = toy::patterns(8, 12, 3).images;
  const std::vector<Index> rows{1, 3, 5};
  VaeObjective<double> objective(network, Schedule::constant(1), {.samples = 4});
  Tape<double> tape;
  const auto several = record(objective, tape, data, rows, 1.0);
  const auto q = network.encoder(tape.constant(data.matrix<double>()(rows, Eigen::all)));
  const auto x = tape.constant(data.matrix<double>()(rows, Eigen::all));
  const Matrix<double> noise = vade::posterior_noise(tape, rows, 2, 1, 2, 4).value();
  double mean = 0;
  for (Index l = 0; l < 4; ++l) {
    Matrix<double> own(3, 2);
    for (Index b = 0; b < 3; ++b) own.row(b) = noise.row(4 * b + l);
    if (l == 0) CHECK(own == vade::posterior_noise(tape, rows, 2, 1, 2).value());
    const auto decoded = network.decoder(q.sample(tape.constant(own)));
    mean += network.observation.mean_log_prob(decoded, x).scalar() / 4;
  }
  CHECK(several.terms[0].scalar() == doctest::Approx(mean).epsilon(1e-12));
  VaeObjective<double> one(network, Schedule::constant(1));
  const auto single = record(one, tape, data, rows, 1.0);
  CHECK(several.terms[1].scalar() == single.terms[1].scalar());
  CHECK(several.terms[2].scalar() == single.terms[2].scalar());
}

TEST_CASE("B.3, B.7: the importance-weighted loss is minus the log of the mean weight, and reaches every parameter") {
  Network<double, vade::FullPosterior> network({.inputs = 12, .hidden = {6}, .latent = 2, .seed = 1});
  network.encoder.head().bias().value().setConstant(0.3);  // a correlated posterior
  const vade::Dataset data = toy::patterns(8, 12, 3).images;
  const std::vector<Index> rows{1, 3, 5};
  VaeObjective<double, vade::FullPosterior> objective(network, Schedule::constant(1),
                                                      {.samples = 4, .importance_weighted = true});
  Tape<double> tape;
  const auto [loss, terms] = record(objective, tape, data, rows, 1.0);
  const auto x = tape.constant(data.matrix<double>()(rows, Eigen::all));
  const auto q = network.encoder(x);
  const Matrix<double> noise = vade::posterior_noise(tape, rows, 2, 1, 2, 4).value();
  Matrix<double> log_w(3, 4);
  for (Index l = 0; l < 4; ++l) {
    Matrix<double> own(3, 2);
    for (Index b = 0; b < 3; ++b) own.row(b) = noise.row(4 * b + l);
    const auto z = q.sample(tape.constant(own));
    log_w.col(l) = vade::bernoulli_log_prob(network.decoder(z), x).value() - q.log_prob(z).value();
    log_w.col(l).array() -= 0.5 * z.value().rowwise().squaredNorm().array() + std::log(2 * reference::pi);
  }
  CHECK(loss.scalar() == doctest::Approx(-log_w.array().exp().rowwise().mean().log().mean()).epsilon(1e-10));
  CHECK(loss.scalar() == doctest::Approx(-(terms[0].scalar() + terms[1].scalar() + terms[2].scalar())).epsilon(1e-12));
  tape.backward(loss);
  network.for_each_parameter(
      [](const vade::Parameter<double>& p) { CHECK_MESSAGE(p.gradient().norm() > 0, p.name()); });
}

TEST_CASE("Fewer than one draw is refused by name") {
  Network<double> network({.inputs = 12, .hidden = {6}, .latent = 2});
  CHECK_THROWS_WITH_AS(VaeObjective<double>(network, Schedule::constant(1), {.samples = 0}),
                       doctest::Contains("SampleOptions: samples is 0"), vade::ValueError);
}
