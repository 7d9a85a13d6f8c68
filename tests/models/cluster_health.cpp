#include <vade/models/cluster_health.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <vade/models/fit_vade.hpp>

#include "battery.hpp"

namespace cluster_health_tests {

using vade::Index;
using vade::Matrix;
using vade::Vade;

namespace {

const vade::Augmentation neighbours = vade::NeighbourAugmentation{.neighbours = 3};

Vade<float> fitted(const vade::Dataset& data, int epochs) {
  Vade<float> model({.network = battery::small, .clusters = 3});
  model.fit(data, {.start = vade::AutoencoderStart{.fit = {.epochs = epochs, .batch = 30}},
                   .fit = {.epochs = epochs, .batch = 30}});
  return model;
}

}  // namespace

TEST_CASE("The health of a model are its responsibilities, summed up") {
  const vade::Dataset data = toy::patterns(90, battery::inputs, 3).images;
  const Vade<float> model = fitted(data, 3);
  const vade::ClusterHealth health = vade::cluster_health(model, data, neighbours);
  const Matrix<double> gamma = model.predict_proba(data).cast<double>();
  const Eigen::RowVectorXd shares = gamma.colwise().mean();
  CHECK(health.smallest_share == doctest::Approx(shares.minCoeff()).epsilon(1e-5));
  CHECK(health.largest_share == doctest::Approx(shares.maxCoeff()).epsilon(1e-5));
  CHECK(health.confidence == doctest::Approx(gamma.rowwise().maxCoeff().mean()).epsilon(1e-5));
  double entropy = 0;
  for (const double share : shares) entropy -= share * std::log(share);
  CHECK(health.effective_clusters == doctest::Approx(std::exp(entropy)).epsilon(1e-5));
  CHECK(health.agreement >= 0);
  CHECK(health.agreement <= 1);
  CHECK(health.view_information <= std::log(3) + 1e-9);
}

TEST_CASE("Clusters that are found have more view information than those of an untrained model") {
  const vade::Dataset data = toy::patterns(300, battery::inputs, 3).images;
  const double untrained = vade::cluster_health(fitted(data, 0), data, neighbours).view_information;
  const vade::ClusterHealth trained = vade::cluster_health(fitted(data, 40), data, neighbours);
  CHECK(trained.view_information > untrained + 0.1);
  CHECK(trained.view_information > 0.95 * std::log(3));
  CHECK(trained.alarms.empty());
}

TEST_CASE("Health depends on the seed of the views alone, and asks for a fitted model and for views that exist") {
  const vade::Dataset data = toy::patterns(90, battery::inputs, 3).images;
  const Vade<float> model = fitted(data, 2);
  CHECK(vade::cluster_health(model, data, neighbours, 4).view_information ==
        vade::cluster_health(model, data, neighbours, 4).view_information);
  CHECK(vade::cluster_health(model, data, neighbours, 4).view_information !=
        vade::cluster_health(model, data, neighbours, 5).view_information);
  CHECK_THROWS_AS(vade::cluster_health(Vade<float>({.network = battery::small, .clusters = 3}), data, neighbours),
                  vade::StateError);
  CHECK_THROWS_AS(vade::cluster_health(model, data, vade::NeighbourAugmentation{.neighbours = 90}), vade::ValueError);
}

}  // namespace cluster_health_tests
