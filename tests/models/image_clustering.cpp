#include <vade/models/image_clustering.hpp>

#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <vade/metrics/clustering.hpp>
#include <vade/models/fit_vade.hpp>

#include "../support/message_of.hpp"
#include "../support/toy_data.hpp"

namespace image_clustering_tests {

using vade::image_clustering;
using vade::Index;
using vade::InformationStart;

/// Views of bars, by up to 2 of their 8 pixels, which is how far they lie from the border.
const vade::ImageAugmentation shifts{.rotation_degrees = 0, .shear = 0, .scale = 0, .shift = 7};

TEST_CASE("Settings for images: the lengths are those of the published figures from 60,000 rows on") {
  for (const Index rows : {60000, 70000, 1000000}) {
    const vade::VadeFitOptions options = image_clustering(rows, {}, vade::digit_views);
    const auto& start = std::get<InformationStart>(options.start);
    CHECK(start.classifier.fit.epochs == 30);
    CHECK(start.halving.rung == 5);
    CHECK(start.classifier.balance.at(0, 30) == 4);
    CHECK(start.classifier.balance.at(7.5, 30) == 2);
    CHECK(start.classifier.balance.at(15, 30) == 0);
    CHECK(start.classifier.view_strength.at(0, 30) == 0.5);
    CHECK(start.classifier.view_strength.at(18, 30) == 1);
    CHECK(options.fit.epochs == 15);
    CHECK(options.objective.freeze_epochs == 10);
    CHECK(options.objective.consistency.weight.at(0, 15) == 300);
    CHECK(options.objective.consistency.weight.at(15, 15) == 0);
  }
}

TEST_CASE("Settings for images: few rows have as many steps of the classifier, and the root of that in joint training") {
  // Two batches an epoch, a hundred and twentieth of 240.
  const vade::VadeFitOptions options = image_clustering(500, {}, vade::digit_views);
  const auto& start = std::get<InformationStart>(options.start);
  CHECK(start.classifier.fit.epochs == 120 * 30);
  CHECK(start.halving.rung == 120 * 5);
  CHECK(start.classifier.balance.at(120 * 15 - 1, 120 * 30) > 0);
  CHECK(start.classifier.balance.at(120 * 15, 120 * 30) == 0);
  CHECK(options.fit.epochs == 164);  // 15 √120
  CHECK(options.objective.freeze_epochs == vade::frozen_share(164));
  // Fewer rows than a batch are one step.
  CHECK(image_clustering(10, {}, vade::digit_views).fit.epochs == image_clustering(250, {}, vade::digit_views).fit.epochs);
  // Smaller batches are more steps.
  CHECK(image_clustering(500, {}, vade::digit_views, 20).fit.epochs < options.fit.epochs);
}

TEST_CASE("Settings for images: of any number of epochs two thirds are frozen, rounded up") {
  for (int epochs = 0; epochs < 100; ++epochs) {
    CHECK(3 * vade::frozen_share(epochs) >= 2 * epochs);
    CHECK(3 * (vade::frozen_share(epochs) - 1) < 2 * epochs);
  }
}

TEST_CASE("Settings for images: classifier, views and batches are those that were asked for") {
  const vade::VadeFitOptions options = image_clustering(1000, {.inputs = 64, .hidden = {48, 24}}, shifts, 50);
  const auto& start = std::get<InformationStart>(options.start);
  CHECK(start.classifier.hidden == std::vector<Index>{48, 24});
  CHECK(start.classifier.fit.batch == 50);
  CHECK(options.fit.batch == 50);
  CHECK(std::get<vade::ImageAugmentation>(start.classifier.augmentation).shift == 7);
  CHECK(std::get<vade::ImageAugmentation>(options.objective.consistency.augmentation).shift == 7);
  options.check(1000, 10);
}

TEST_CASE("Settings for images: a few hundred images are clustered as they are") {
  const vade::LabelledDataset data = toy::bars(200);
  const vade::Dataset& images = data.images;
  vade::Vade<float> model({.network = {.inputs = 64, .hidden = {24}, .latent = 2, .seed = 1}, .clusters = 2});
  const vade::VadeFitOptions options = image_clustering(images.rows(), model.options().network, shifts, 20);
  const vade::FitReport report = model.fit(images, options);
  CHECK(report.stop == vade::StopReason::finished);
  CHECK(vade::clustering_accuracy(data.labels, model.predict(images)) > 0.98);
}

TEST_CASE("Settings for images: rows and batches that cannot be are refused") {
  CHECK(tests::message_of<vade::ValueError>([] { image_clustering(0, {}, shifts); }) ==
        "image_clustering: rows is 0, wanted at least 1");
  CHECK(tests::message_of<vade::ValueError>([] { image_clustering(10, {}, shifts, 1); }) ==
        "image_clustering: batch is 1, wanted at least 2");
}

}  // namespace image_clustering_tests
