// The code of docs/guide.md: each block there stands here, line by line, and is run.
#include <cmath>
#include <filesystem>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <vade/testing/gradient_check.hpp>
#include <vade/vade.hpp>

#include "../support/folder.hpp"
#include "../support/toy_data.hpp"

TEST_CASE("Guide: fit, watch, cancel, predict") {
  const vade::Matrix<float> rows = toy::patterns(120, 12, 3).images.matrix<float>();
  const vade::Dataset data = vade::Dataset::from_matrix(rows);
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "vade-guide.safetensors";

  vade::Vade<float> model({.network = {.inputs = 12, .hidden = {32, 16}, .latent = 3, .seed = 1}, .clusters = 3});

  vade::VadeFitOptions options;
  options.start = vade::AutoencoderStart{.fit = {.epochs = 30, .batch = 32}};
  options.fit = {.epochs = 20, .batch = 32, .learning_rate = vade::Schedule::cosine(1e-3, 0.05)};
  options.objective.kl_weight = vade::Schedule::warm_up(0.1, 1, 5);

  vade::StopSource stop;
  vade::Observer observer;
  observer.on_epoch = [&](const vade::EpochRecord& epoch) {
    if (epoch.stage == "vade" && epoch.term("effective_clusters") < 1.5) stop.request_stop();
  };
  const vade::FitReport report = model.fit(data, options, observer, stop.get_token());

  const vade::Labels clusters = model.predict(data);
  const vade::Matrix<float> probabilities = model.predict_proba(data);
  const vade::VadeBound bound = model.elbo(data);

  model.save(path);
  const auto same = vade::Vade<float>::load(path);

  CHECK(report.stop == vade::StopReason::finished);
  CHECK(clusters.size() == 120);
  CHECK(probabilities.cols() == 3);
  CHECK(std::isfinite(bound.bound()));
  CHECK(same.predict(data) == clusters);
  std::filesystem::remove(path);
}

TEST_CASE("Guide: images whose views keep their class") {
  const vade::Matrix<float> pixels = toy::bars(200).images.matrix<float>();
  const vade::Dataset images = vade::Dataset::from_matrix(pixels, vade::ImageShape{8, 8});
  const vade::NetworkOptions network{.inputs = 64, .hidden = {32}, .latent = 2};  // small, as these images are

  vade::Vade<float> model({.network = network, .clusters = 2});
  vade::VadeFitOptions options = vade::image_clustering(images.rows(), network, vade::digit_views);

  auto& classifier = std::get<vade::InformationStart>(options.start).classifier;
  classifier.balance = vade::Schedule::constant(4);
  options.objective.consistency.balance = 0.4;

  // Three pixels are much of eight, and few images take long.
  classifier.augmentation = options.objective.consistency.augmentation = vade::digit_views.scaled(0.3);
  classifier.fit.epochs = 100;
  std::get<vade::InformationStart>(options.start).halving.rung = 20;
  const vade::FitReport report = model.fit(images, options);
  CHECK(report.history.front().stage == "classifier 1");
  CHECK(report.history.back().stage == "vade");
  CHECK(report.history.back().term("effective_clusters") > 1.5);
}

TEST_CASE("Guide: go on after a stop") {
  const tests::Folder folder;
  const std::filesystem::path state = folder.path / "state", path = folder.path / "model";
  const vade::Dataset data = toy::patterns(60, 12, 3).images;
  const vade::VadeFitOptions options{.start = vade::AutoencoderStart{.fit = {.epochs = 2}}, .fit = {.epochs = 2}};
  vade::Vade<float> model({.network = {.inputs = 12, .hidden = {8}, .latent = 2}, .clusters = 3});

  vade::Checkpoint checkpoint(state);
  model.fit(data, options, {}, {}, &checkpoint);
  model.save(path);
  checkpoint.remove();

  CHECK_FALSE(std::filesystem::exists(state));
  CHECK(vade::Vade<float>::load(path).fitted());
}

TEST_CASE("Guide: a bound of one's own is checked in a few lines") {
  vade::Matrix<double> mean(4, 2), log_variance(4, 2);
  vade::fill_normal(mean, 1, vade::Purpose::user);
  vade::fill_normal(log_variance, 2, vade::Purpose::user);

  const auto kl = [](auto&, const auto& in) {
    return vade::mean(vade::gaussian_kl_to_standard(in[0], in[1]));
  };
  const auto report = vade::testing::check_gradient({mean, log_variance}, kl);
  CHECK_MESSAGE(report.passed, report.text());
}

TEST_CASE("Guide: a step by hand") {
  const vade::Matrix<double> x = toy::patterns(30, 6, 2).images.matrix<double>();

  vade::Mlp<double> net("net", {6, 8, 6}, 1, 0);
  vade::Adam<double> adam({{vade::parameters_of<double>(net), 1.0}});
  vade::Tape<double> tape;
  for (int step = 0; step < 200; ++step) {
    tape.clear();
    const vade::Var<double> rows = tape.constant(x);
    const vade::Var<double> loss = vade::bernoulli_cross_entropy(net(rows), rows);
    tape.backward(loss);
    adam.step(1e-2);
  }

  tape.clear();
  const vade::Var<double> rows = tape.constant(x);
  const vade::Matrix<double> p = vade::sigmoid(net(rows)).value();
  CHECK((p - x).cwiseAbs().mean() < 0.1);
}
