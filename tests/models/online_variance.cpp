#include <vade/models/online_variance.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <vade/models/fit_autoencoder.hpp>
#include <vade/models/fit_vae.hpp>

#include "../support/reference.hpp"
#include "battery.hpp"

namespace online_variance_tests {

using vade::Index;
using vade::Matrix;
using vade::RowVector;

const vade::NetworkOptions learned{.inputs = 12,
                                   .hidden = {64},
                                   .latent = 2,
                                   .likelihood = vade::Likelihood::gaussian,
                                   .learn_observation_variance = true};

/// 600 rows of three clusters, with noise of standard deviation `noise`, in any unit.
Matrix<float> three_clusters(double noise, double unit = 1) {
  Matrix<float> x(600, 12);
  vade::fill_normal(x, 1, vade::Purpose::user);
  for (Index i = 0; i < 600; ++i)
    for (Index j = 0; j < 12; ++j)
      x(i, j) = static_cast<float>(unit * (noise * static_cast<double>(x(i, j)) + (j % 3 == i % 3 ? 2 : 0)));
  return x;
}

TEST_CASE("L.13: the variances are means of squared residuals in which older batches fade, and not below their floor") {
  vade::OnlineVariance<double> online(2);
  vade::Observation<double> observation({.inputs = 2, .likelihood = vade::Likelihood::gaussian, .learn_observation_variance = true});
  const RowVector<double> floor{{0.5, 0.001}};
  online.update(observation, floor);
  CHECK(observation.variances().isApproxToConstant(1));  // nothing was observed
  online.observe(RowVector<double>{{0.2, 0.4}}, 0.25);
  online.update(observation, floor);
  CHECK(observation.variances().isApprox(RowVector<double>{{0.5, 0.4}}, 1e-14));  // the first counts whole
  CHECK(online.at_floor(floor) == 1);
  online.observe(RowVector<double>{{0.8, 0.2}}, 0.25);
  online.update(observation, floor);
  CHECK(observation.variances().isApprox(RowVector<double>{{0.5, 0.3}}, 1e-14));  // the second a half
  for (const double r : {0.1, 0.7, 0.3}) online.observe(RowVector<double>{{2, r}}, 0.4);
  double wanted = 0.3;
  for (const double r : {0.1, 0.7, 0.3}) wanted = 0.6 * wanted + 0.4 * r;
  online.update(observation, floor);
  CHECK(observation.variances()(1) == doctest::Approx(wanted).epsilon(1e-14));
  CHECK_THROWS_AS(online.observe(RowVector<double>::Zero(3), 0.5), vade::ShapeError);
  CHECK_THROWS_AS(online.observe(RowVector<double>::Zero(2), 1.5), vade::ValueError);
}

TEST_CASE("L.13: the variance that is set has no gradient left, for the residuals of one batch") {
  const Matrix<double> m = reference::normal_matrix(7, 2, 1), x = reference::normal_matrix(7, 2, 2);
  vade::Observation<double> observation({.inputs = 2, .likelihood = vade::Likelihood::gaussian, .learn_observation_variance = true});
  vade::OnlineVariance<double> online(2);
  online.observe((x - m).array().square().colwise().mean().matrix(), 1);
  online.update(observation, RowVector<double>::Constant(2, 1e-6));
  vade::Tape<double> tape;
  tape.backward(observation.mean_log_prob(tape.constant(m), tape.constant(x)));
  observation.for_each_parameter([](vade::Parameter<double>& p) { CHECK(p.gradient().cwiseAbs().maxCoeff() < 1e-14); });
}

TEST_CASE("A learned variance is near the residuals after 20 epochs, and goes with them") {
  for (const int epochs : {20, 100}) {
    const auto data = vade::Dataset::from_matrix(three_clusters(0.1));
    vade::Vae<float> model(learned);
    const auto report = model.fit(data, {.fit = {.epochs = epochs, .batch = 100}});
    const Matrix<float> residuals = model.reconstruct(data) - data.matrix<float>();
    const double s2 = static_cast<double>(model.observation().variances().mean());
    const double squares = static_cast<double>(residuals.array().square().mean());
    // By the rate of an optimizer s² was 0.996 and 0.767. It is the mean over the steps of about an epoch, with draws of z, so it
    // is above the residuals of the last weights at the posterior means while these still fall.
    CHECK(s2 / squares < (epochs == 20 ? 3 : 1.5));
    CHECK(s2 / squares > 0.8);
    CHECK(report.history.back().term("residual_ratio") == doctest::Approx(1).epsilon(0.3));
    CHECK(report.history.back().term("active_codes") == 2);
    CHECK(report.history.back().alarms.empty());
  }
}

TEST_CASE("A learned variance is resumed with the same bytes, for every model that has one") {
  const auto data = toy::patterns(60, battery::inputs, 3).images;
  vade::NetworkOptions options = battery::small;
  options.likelihood = vade::Likelihood::gaussian, options.learn_observation_variance = true;
  battery::check_goes_on([&] { return vade::Vae<float>(options); },
                         [](auto& model, const vade::Dataset& rows, auto... rest) {
                           return model.fit(rows, {.fit = {.epochs = 3, .batch = 16}, .draws = {.samples = 2, .importance_weighted = true}}, rest...);
                         },
                         data);
  battery::check_goes_on([&] { return vade::Autoencoder<float>(options); },
                         [](auto& model, const vade::Dataset& rows, auto... rest) { return model.fit(rows, {.epochs = 3, .batch = 16}, rest...); },
                         data);
}

TEST_CASE("A column without spread does no harm to a fit whose variances are learned") {
  Matrix<float> x = three_clusters(0.1);
  x.col(4).setConstant(0.25f);
  vade::Vae<float> model(learned);
  model.fit(vade::Dataset::from_matrix(x), {.fit = {.epochs = 30, .batch = 100}});
  const auto s2 = model.observation().variances();
  for (Index j = 0; j < 12; ++j)
    if (j != 4) CHECK(s2(j) < 0.6f);
  CHECK(s2(4) > 0.3f);  // the mean variance of the columns, 0.82
}

}  // namespace online_variance_tests
