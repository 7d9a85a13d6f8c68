#include <vade/models/detail/answers.hpp>

#include <limits>

#include <doctest/doctest.h>

#include <vade/models/fit_autoencoder.hpp>
#include <vade/models/image_clustering.hpp>
#include <vade/models/information_maximisation.hpp>
#include <vade/models/fit_vade.hpp>
#include <vade/models/fit_vae.hpp>

#include "../../support/folder.hpp"
#include "../../support/reference.hpp"
#include "../../support/toy_data.hpp"

namespace answers_tests {

using vade::Index;
using vade::Matrix;
using vade::Schedule;

const vade::NetworkOptions gaussian{
    .inputs = 3, .hidden = {8}, .latent = 2, .likelihood = vade::Likelihood::gaussian, .seed = 1};

/// Ordinary rows, of which row 700, in the second batch of an answer, is far away.
Matrix<float> rows_with(float far) {
  Matrix<float> x = reference::normal_matrix(900, 3, 1).cast<float>();
  x.row(700).setConstant(far);
  return x;
}

TEST_CASE("The first row of an answer that is no number is named") {
  Matrix<double> answers = Matrix<double>::Zero(4, 2);
  CHECK_NOTHROW(vade::detail::check_answers("f", answers, 10));
  answers(2, 1) = -std::numeric_limits<double>::infinity();
  answers(3, 0) = std::nan("");
  CHECK_THROWS_WITH_AS(vade::detail::check_answers("f", answers, 10),
                       "f: the answer for row 12 is -inf, wanted finite numbers: the row is too far from those of the fit, or the "
                       "weights of the model are too large",
                       vade::ValueError);
}

TEST_CASE("No model answers with a NaN about a row that is too far away: the row is named") {
  const auto named = [](auto&& ask) {
    CHECK_THROWS_WITH_AS(ask(), doctest::Contains("the answer for row 700 is"), vade::ValueError);
  };
  const Matrix<float> near = rows_with(0.5f), far = rows_with(1e20f), farthest = rows_with(3e38f);
  const auto data = vade::Dataset::from_matrix(near);

  vade::Vade<float> model({.network = gaussian, .clusters = 2});
  model.fit(data, {.start = vade::RandomStart{}, .fit = {.epochs = 1}});
  CHECK(model.predict_proba(near).allFinite());
  named([&] { return model.predict_proba(far); });
  named([&] { return model.predict(far); });
  named([&] { return model.elbo(far); });
  named([&] { return model.log_likelihood(far, 2); });
  named([&] { return model.transform(farthest); });
  named([&] { return model.reconstruct(farthest); });

  vade::Vae<float> vae(gaussian);
  vae.fit(data, {.fit = {.epochs = 1}});
  CHECK_NOTHROW(vae.elbo(near));
  named([&] { return vae.elbo(far); });
  named([&] { return vae.log_likelihood(far, 2); });
  named([&] { return vae.transform(farthest); });

  vade::Autoencoder<float> autoencoder(gaussian);
  autoencoder.fit(data, {.epochs = 1});
  named([&] { return autoencoder.transform(farthest); });
  named([&] { return autoencoder.reconstruct(farthest); });

  Matrix<float> codes = Matrix<float>::Zero(3, 2);
  codes(1, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(model.decode(codes), doctest::Contains("z has nan at row 1, column 1"), vade::ValueError);
  CHECK_THROWS_WITH_AS(vae.decode(codes), doctest::Contains("z has nan at row 1, column 1"), vade::ValueError);
  CHECK_THROWS_WITH_AS(autoencoder.decode(codes), doctest::Contains("z has nan at row 1, column 1"), vade::ValueError);

  // Its normalisation divides by the small deviations that it remembers.
  vade::InformationMaximisingClassifier<float> classifier(
      3, {.hidden = {4}, .clusters = 2, .augmentation = vade::NoiseCorruption{.noise = 1e-7}, .fit = {.epochs = 20, .batch = 90}}, 1);
  classifier.fit(vade::Dataset::from_matrix(Matrix<float>(1e-6f * near)), {"classifier", 20});
  named([&] { return classifier.predict_proba(farthest); });
}

TEST_CASE("A model file whose weights are finite and too large loads, and its answers are refused") {
  const tests::Folder folder;
  vade::Network<float> network(gaussian);
  network.for_each_parameter([](vade::Parameter<float>& p) {
    if (p.name() == "encoder.0.weight") p.value()(0, 0) = 1e30f;
    if (p.name().starts_with("encoder") && p.name() != "encoder.0.weight") p.value().setConstant(1e20f);
  });
  vade::ModelFileWriter<float> file("vae", gaussian);
  file.add(network);
  file.save(folder.path / "model");
  const auto model = vade::Vae<float>::load(folder.path / "model");
  const Matrix<float> x = Matrix<float>::Constant(3, 3, 7.0f);
  CHECK_THROWS_WITH_AS(model.transform(x), doctest::Contains("Vae::transform: the answer for row 0 is"), vade::ValueError);
  CHECK_THROWS_AS(model.elbo(x), vade::ValueError);
}

TEST_CASE("A fit whose last update ruins the weights does not end finished, and leaves those of the epoch before") {
  const auto data = vade::Dataset::from_matrix(rows_with(0.5f));
  const tests::Folder folder;
  for (const double rate : {1e10, 1e20, 1e30}) {
    const Schedule ruin = Schedule::warm_up(1e-3, rate, 2);
    vade::Vae<float> vae(gaussian), good(gaussian);
    good.fit(data, {.fit = {.epochs = 1, .batch = 900, .learning_rate = Schedule::constant(1e-3)}});
    std::filesystem::remove(folder.path / "run");
    for (int attempt = 0; attempt < 2; ++attempt) {  // the second goes on from the good epoch that the checkpoint has
      vade::Checkpoint checkpoint(folder.path / "run", 0);
      CHECK_THROWS_WITH_AS(vae.fit(data, {.fit = {.epochs = 3, .batch = 900, .learning_rate = ruin}}, {}, {}, &checkpoint),
                           doctest::Contains("the parameters are those after epoch 1"), vade::TrainingError);
      CHECK(vae.transform(data) == good.transform(data));
      CHECK(checkpoint.steps() == 1);
    }
  }
  vade::Vae<float> vae(gaussian);
  CHECK_THROWS_WITH_AS(vae.fit(data, {.fit = {.epochs = 1, .learning_rate = Schedule::constant(1e39)}}),
                       doctest::Contains("learning_rate, at its peak"), vade::ValueError);
  // The mixture is guarded where EM sets it, and where gradients do.
  for (const auto update : {vade::MixtureUpdate::em, vade::MixtureUpdate::gradient}) {
    vade::Vade<float> model({.network = gaussian, .clusters = 2});
    CHECK_THROWS_AS(model.fit(data, {.start = vade::RandomStart{},
                                     .fit = {.epochs = 3, .batch = 900, .learning_rate = Schedule::warm_up(1e-3, 1e15, 2)},
                                     .objective = {.mixture = update}}),
                    vade::TrainingError);
    CHECK(model.predict_proba(data).allFinite());
  }
}

TEST_CASE("Counts that would overflow, and variances that are none in the type of the model, are refused at once") {
  CHECK(vade::frozen_share(std::numeric_limits<int>::max()) == 1431655765);
  CHECK_THROWS_AS((vade::HalvingOptions{.candidates = 4, .rung = 1 << 30}.check()), vade::ValueError);
  vade::Vae<float> vae(gaussian);
  vae.fit(vade::Dataset::from_matrix(rows_with(0.5f)), {.fit = {.epochs = 0}});
  CHECK_THROWS_WITH_AS(vae.generate(std::numeric_limits<Index>::max(), 1), doctest::Contains("count is"), vade::ValueError);
  vade::NetworkOptions tiny = gaussian;
  tiny.observation_variance = 1e-300;
  CHECK_THROWS_WITH_AS(vade::Vae<float>{tiny}, doctest::Contains("observation_variance is 1e-300, in the type of the parameters 0"),
                       vade::ValueError);
  CHECK_NOTHROW(vade::Vae<double>{tiny});
}

}  // namespace answers_tests
