#include <vade/models/autoencoder.hpp>

#include <doctest/doctest.h>

#include <vade/models/fit_autoencoder.hpp>

#include "battery.hpp"

using vade::Autoencoder;
using vade::Matrix;

TEST_CASE("Autoencoder: what every model promises") {
  battery::run([] { return Autoencoder<float>(battery::small); },
               [](Autoencoder<float>& model, const vade::Dataset& data, auto... rest) {
                 return model.fit(data, {.epochs = 4, .batch = 16}, rest...);
               });
}

TEST_CASE("Autoencoder: batches of many tiles give the same bytes for any number of threads") {
  battery::check_many_tiles([] { return Autoencoder<float>(battery::wide); },
                            [](auto& model, const vade::Dataset& data) { model.fit(data, {.epochs = 2, .batch = 350}); });
}

TEST_CASE("Autoencoder: fit and its answers take any matrix, and are those of the data set that is made of it") {
  battery::check_takes_matrices([] { return Autoencoder<float>(battery::small); },
                                [](auto& model, const auto& rows) { model.fit(rows, {.epochs = 1, .batch = 16}); },
                                [](const auto& model, const auto& rows) { return model.transform(rows); });
}

TEST_CASE("Autoencoder: patterns of three kinds are reconstructed, each from its code") {
  Autoencoder<float> model(battery::small);
  const vade::Dataset data = toy::patterns(90, battery::inputs, 3).images;
  const auto report = model.fit(data, {.epochs = 150, .batch = 30, .learning_rate = vade::Schedule::constant(5e-3)});
  CHECK(report.history.back().loss < report.history.front().loss);
  const Matrix<float> x = data.matrix<float>();
  CHECK((model.reconstruct(x) - x).cwiseAbs().mean() < 0.1f);
  CHECK((model.decode(model.transform(x)) - model.reconstruct(x)).cwiseAbs().maxCoeff() < 1e-6f);
  CHECK_THROWS_AS(model.decode(Matrix<float>::Zero(2, 4)), vade::ShapeError);
}

TEST_CASE("Autoencoder: its loss is the cross-entropy of the reconstruction, by hand") {
  Autoencoder<double> model({.inputs = 6, .hidden = {5}, .latent = 2, .seed = 3});
  Matrix<double> x = Matrix<double>::Constant(1, 6, 0.25);
  x(0, 4) = 0.9;
  const auto report = model.fit(vade::Dataset::from_matrix(x), {.epochs = 1, .learning_rate = vade::Schedule::constant(0)});
  const Matrix<double> p = model.reconstruct(x);
  double loss = 0;
  for (vade::Index j = 0; j < 6; ++j) loss -= x(0, j) * std::log(p(0, j)) + (1 - x(0, j)) * std::log(1 - p(0, j));
  CHECK(report.history.front().loss == doctest::Approx(loss));
}

TEST_CASE("Autoencoder: parameters of 784-512-512-2048-10 and its mirror are counted without variances") {
  const Autoencoder<float> model({.inputs = 784, .hidden = {512, 512, 2048}, .latent = 10});
  CHECK(model.parameter_count() == 3492644 - (2048 * 10 + 10));
}
