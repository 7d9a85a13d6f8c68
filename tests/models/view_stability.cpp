#include <vade/models/view_stability.hpp>

#include <doctest/doctest.h>

#include "../support/toy_data.hpp"

namespace view_stability_tests {

using vade::InformationMaximisationOptions;
using vade::Schedule;
using vade::ViewStability;

const InformationMaximisationOptions options{
    .hidden = {24},
    .clusters = 2,
    .augmentation = vade::ImageAugmentation{.rotation_degrees = 0, .shear = 0, .scale = 0, .shift = 7},
    .fit = {.epochs = 12, .batch = 50, .learning_rate = Schedule::drop(5e-3, 0.1, 0.3)}};

TEST_CASE("Views that suit the data are those under which different draws find the same partition") {
  const vade::LabelledDataset data = toy::bars(400);  // a bar stays what it is when it is shifted
  const std::vector<ViewStability> found = vade::view_stability<float>(data.images, options, {0, 1}, 3, 1);
  REQUIRE(found.size() == 2);
  CHECK(found[1].stability > 0.9);
  CHECK(found[0].stability < 0.6);
  for (const vade::Labels& partition : found[1].partitions)
    CHECK(vade::clustering_accuracy(data.labels, partition) > 0.95);  // and it is the right one
}

TEST_CASE("Each draw is the classifier of its seed, and the stability is the mean over pairs") {
  const vade::Dataset data = toy::bars(200).images;
  InformationMaximisationOptions one = options;
  one.fit.epochs = 2;
  const ViewStability found = vade::view_stability<float>(data, one, {0.5}, 3, 7).front();
  CHECK(found.strength == 0.5);
  one.view_strength = Schedule::constant(0.5);
  double loss = 0, pairs = 0;
  for (std::size_t k = 0; k < 3; ++k) {
    vade::InformationMaximisingClassifier<float> classifier(64, one, 7 + k);
    classifier.fit(data, {"alone", 2});
    CHECK(vade::top_columns(classifier.predict_proba(data)) == found.partitions[k]);
    loss += classifier.loss() / 3;
    pairs += vade::normalized_mutual_information(found.partitions[k], found.partitions[(k + 1) % 3]) / 3;
  }
  CHECK(found.loss == doctest::Approx(loss));
  CHECK(found.stability == doctest::Approx(pairs));
}

TEST_CASE("A stop leaves what is complete, and one draw is refused") {
  const vade::Dataset data = toy::bars(100).images;
  std::stop_source stop;
  int epochs = 0;
  const vade::Observer observer{.on_epoch = [&](const vade::EpochRecord&) {
    if (++epochs == 2 * 12 + 1) stop.request_stop();  // in the first epoch of the second strength
  }};
  CHECK(vade::view_stability<float>(data, options, {0.5, 1}, 2, 1, observer, stop.get_token()).size() == 1);
  CHECK_THROWS_WITH_AS(vade::view_stability<float>(data, options, {1}, 1, 1), doctest::Contains("draws is 1"),
                       vade::ValueError);
  CHECK_THROWS_AS(vade::view_stability<float>(data, options, {-1}, 2, 1), vade::ValueError);
  InformationMaximisationOptions wide = options;
  wide.augmentation = vade::ImageAugmentation{.scale = 0.5};
  const vade::Observer nobody{.on_epoch = [](const vade::EpochRecord&) { FAIL("trained before all strengths were checked"); }};
  CHECK_THROWS_WITH_AS(vade::view_stability<float>(data, wide, {0.5, 2}, 2, 1, nobody), doctest::Contains("scale is 1"),
                       vade::ValueError);
}

}  // namespace view_stability_tests
