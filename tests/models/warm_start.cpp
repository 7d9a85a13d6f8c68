#include <vade/models/warm_start.hpp>

#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include <vade/metrics/clustering.hpp>
#include <vade/models/fit_vade.hpp>

#include "../support/toy_data.hpp"

using vade::AutoencoderStart;
using vade::Index;
using vade::InformationStart;
using vade::RandomStart;
using vade::Vade;

namespace {

const vade::VadeOptions model_options{.network = {.inputs = 36, .hidden = {24, 16}, .latent = 4, .seed = 1},
                                      .clusters = 3};

vade::Dataset as_images(const vade::Dataset& data) {
  std::vector<std::uint8_t> bytes;
  const vade::Matrix<float> values = data.matrix<float>();
  for (Index i = 0; i < values.size(); ++i)
    bytes.push_back(static_cast<std::uint8_t>(std::lround(255 * values.data()[i])));
  return vade::Dataset::from_bytes(std::move(bytes), data.rows(), 36, vade::ImageShape{6, 6});
}

}  // namespace

TEST_CASE("Random start: centres are codes of rows, weights equal") {
  Vade<float> model(model_options);
  const vade::Dataset data = toy::patterns(60, 36, 3).images;
  model.fit(data, {.start = RandomStart{}, .fit = {.epochs = 0}});
  CHECK(model.weights().isApproxToConstant(1.0f / 3));
  const auto codes = model.transform(data);
  for (Index c = 0; c < 3; ++c)
    CHECK((codes.rowwise() - model.means().row(c)).rowwise().norm().minCoeff() < 1e-5f);
}

TEST_CASE("Autoencoder start: the mixture fits the codes, and posteriors are narrow beside the clusters") {
  Vade<float> model(model_options);
  const vade::LabelledDataset data = toy::patterns(300, 36, 3);
  model.fit(data.images, {.start = AutoencoderStart{.fit = {.epochs = 30, .batch = 30}}, .fit = {.epochs = 0}});
  CHECK(vade::clustering_accuracy(data.labels, model.predict(data.images)) > 0.95);
  CHECK(model.weights().minCoeff() > 0.2f);
  // The variances of q(z|x) are e⁻⁴ of the clusters': its entropy is less by 4/2 a dimension.
  const vade::Matrix<double> variances = model.variances().cast<double>();
  const double of_clusters = 0.5 * (variances.array().log() + 1 + std::log(2 * std::acos(-1.0))).rowwise().sum().mean();
  CHECK(model.elbo(data.images).latent_entropy == doctest::Approx(of_clusters - 0.5 * 4 * 4).epsilon(0.15));
}

TEST_CASE("Information start: centres on orthogonal axes, 6 apart, and the classifier's partition is taken over") {
  const vade::LabelledDataset data = toy::patterns(300, 36, 3);
  InformationStart start;
  start.classifier.hidden = {24, 16};
  start.classifier.augmentation = vade::ImageAugmentation{.rotation_degrees = 2, .shear = 0.02, .scale = 0.02, .shift = 1.4};
  start.classifier.fit.epochs = 15;
  start.classifier.fit.batch = 50;
  start.halving = {.candidates = 2, .rung = 4};
  vade::VadeFitOptions options{.start = start, .fit = {.epochs = 20, .batch = 30}};
  options.objective.freeze_epochs = 15;
  Vade<float> untrained(model_options), model(model_options);
  const vade::Dataset images = as_images(data.images);
  vade::VadeFitOptions nothing = options;
  nothing.fit.epochs = 0;
  const auto report = untrained.fit(images, nothing);
  REQUIRE(report.history.size() == 2 * 4 + 11);  // both candidates up to the cut, then the one that is left goes on
  CHECK(report.history[0].stage == "classifier 1");
  CHECK(report.history[4].stage == "classifier 2");
  const bool second = report.history[7].loss < report.history[3].loss;
  CHECK(report.history[8].stage == (second ? "classifier 2" : "classifier 1"));
  CHECK(report.history[8].epoch == 5);
  CHECK(vade::clustering_accuracy(data.labels, untrained.predict(images)) > 0.95);  // before any joint training
  CHECK((untrained.means().row(0) - untrained.means().row(1)).norm() == doctest::Approx(4.24 * std::sqrt(2.0)));
  CHECK(untrained.means().row(0).dot(untrained.means().row(1)) == 0);
  model.fit(images, options);
  CHECK(vade::clustering_accuracy(data.labels, model.predict(images)) > 0.95);
}

TEST_CASE("Partition start: joint training begins in the partition that is given, and keeps what the bound can keep") {
  const vade::LabelledDataset data = toy::patterns(300, 36, 3);
  vade::VadeFitOptions options{.start = vade::PartitionStart{.labels = data.labels}, .fit = {.epochs = 0}};
  Vade<float> untrained(model_options), model(model_options);
  untrained.fit(data.images, options);
  CHECK(vade::clustering_accuracy(data.labels, untrained.predict(data.images)) > 0.95);
  CHECK(untrained.predict(data.images)[5] == data.labels[5]);  // not only the same sets: the same numbers
  options.fit = {.epochs = 20, .batch = 30};
  options.objective.freeze_epochs = 15;
  model.fit(data.images, options);
  CHECK(vade::clustering_accuracy(data.labels, model.predict(data.images)) > 0.95);

  options.start = vade::PartitionStart{.labels = {0, 1, 2}};
  CHECK_THROWS_AS(model.fit(data.images, options), vade::ShapeError);
  options.start = vade::PartitionStart{.labels = vade::Labels(300, 3)};  // one beyond the last of three clusters
  CHECK_THROWS_AS(model.fit(data.images, options), vade::ValueError);
}

TEST_CASE("Options of every stage are checked before any work is done, and the model is left as it was") {
  const vade::Dataset data = toy::patterns(60, 36, 3).images, images = as_images(data);
  Vade<float> model(model_options);
  model.fit(data, {.start = RandomStart{}, .fit = {.epochs = 0}});
  const vade::Matrix<float> before = model.predict_proba(data);
  vade::Observer observer;
  observer.on_step = [](const vade::Progress&) { FAIL("work was done"); };
  const auto refused = [&](const vade::VadeFitOptions& options, const std::string& word, const vade::Dataset& rows) {
    CHECK_THROWS_WITH_AS(model.fit(rows, options, observer), doctest::Contains(word.c_str()), vade::Error);
    CHECK(model.predict_proba(data) == before);
  };
  refused({.start = RandomStart{}, .fit = {.epochs = -1}}, "epochs is -1", data);
  refused({.start = AutoencoderStart{.mixture_restarts = 0}}, "mixture_restarts is 0", data);
  refused({.start = AutoencoderStart{.fit = {.batch = 0}}}, "batch is 0", data);
  refused({.start = vade::VaeStart{.mixture_restarts = -1}}, "mixture_restarts is -1", data);
  refused({.start = vade::VaeStart{.fit = {.epochs = 5}, .kl_weight = vade::Schedule::warm_up(0, 1, 50)}},
          "VaeStart: kl_weight warms up for 50 epochs", data);
  refused({.start = InformationStart{.halving = {.candidates = 0}}}, "candidates is 0", images);
  refused({.start = InformationStart{.separation = 0}}, "separation is 0", images);
  refused({.start = InformationStart{}}, "wanted images", data);
  InformationStart averaged;
  averaged.classifier.fit.average_decay = 0.9;
  refused({.start = averaged}, "average_decay", images);
  InformationStart wide;
  wide.classifier.view_strength = vade::Schedule::constant(20);
  refused({.start = wide}, "ImageAugmentation", images);
  refused({.start = vade::PartitionStart{.labels = {0, 1, 2}}}, "PartitionStart: labels", data);
  refused({.start = vade::PartitionStart{.labels = vade::Labels(60, 1), .separation = -1}}, "separation is -1", data);
  vade::VadeFitOptions both{.start = RandomStart{}, .fit = {.average_decay = 0.9}};
  both.objective.mixture = vade::MixtureUpdate::em;
  refused(both, "average_decay is above 0 with mixture = em", data);
  vade::VadeFitOptions noisy{.start = RandomStart{}};
  noisy.objective.consistency = {.weight = vade::Schedule::constant(1),
                                 .augmentation = vade::NoiseCorruption{.mask = 0.6},
                                 .view_strength = 2};
  refused(noisy, "mask", data);
}
