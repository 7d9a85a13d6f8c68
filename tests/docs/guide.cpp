// The code of docs/guide.md: each block there stands here, line by line, and is run.
#include <cmath>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <vade/testing/gradient_check.hpp>
#include <vade/vade.hpp>

#include "../support/toy_data.hpp"

namespace {

using vade::Matrix;
using vade::Var;

}  // namespace

TEST_CASE("Guide: fit, watch, cancel, predict") {
  const vade::Dataset data = toy::patterns(120, 12, 3).images;
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "vade-guide.safetensors";

  vade::Vade<float> model({.network = {.inputs = 12, .hidden = {32, 16}, .latent = 3, .seed = 1}, .clusters = 3});

  vade::VadeFitOptions options;
  options.start = vade::AutoencoderStart{.fit = {.epochs = 30, .batch = 32}};
  options.fit = {.epochs = 20, .batch = 32, .learning_rate = vade::Schedule::cosine(1e-3, 0.05)};
  options.objective.kl_weight = vade::Schedule::warm_up(0.1, 1, 5);

  std::stop_source stop;
  vade::Observer observer;
  observer.on_epoch = [&](const vade::EpochRecord& epoch) {
    if (epoch.stage == "vade" && epoch.term("effective_clusters") < 1.5) stop.request_stop();
  };
  const vade::FitReport report = model.fit(data, options, observer, stop.get_token());

  const vade::Labels clusters = model.predict(data);
  const Matrix<float> probabilities = model.predict_proba(data);
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

TEST_CASE("Guide: a bound of one's own is checked in a few lines") {
  Matrix<double> mean(4, 2), log_variance(4, 2);
  vade::fill_normal(mean, 1, vade::Purpose::user);
  vade::fill_normal(log_variance, 2, vade::Purpose::user);

  const auto kl = [](auto&, const auto& in) {
    return vade::mean(vade::gaussian_kl_to_standard(in[0], in[1]));
  };
  const auto report = vade::testing::check_gradient({mean, log_variance}, kl);
  CHECK_MESSAGE(report.passed, report.text());
}

TEST_CASE("Guide: a step by hand") {
  const Matrix<double> x = toy::patterns(30, 6, 2).images.matrix<double>();

  vade::Mlp<double> net("net", {6, 8, 6}, 1, 0);
  vade::Adam<double> adam({{vade::parameters_of<double>(net), 1.0}});
  vade::Tape<double> tape;
  for (int step = 0; step < 200; ++step) {
    tape.clear();
    const Var<double> rows = tape.constant(x);
    const Var<double> loss = bernoulli_cross_entropy(net(rows), rows);
    tape.backward(loss);
    adam.step(1e-2);
  }

  tape.clear();
  const Var<double> rows = tape.constant(x);
  const Matrix<double> p = sigmoid(net(rows)).value();
  CHECK((p - x).cwiseAbs().mean() < 0.1);
}
