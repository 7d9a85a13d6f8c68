#include <vade/models/information_maximisation.hpp>

#include <cmath>
#include <utility>

#include <doctest/doctest.h>

#include <vade/metrics/clustering.hpp>
#include <vade/mixture/kmeans.hpp>

#include "../support/folder.hpp"
#include "../support/toy_data.hpp"
#include "battery.hpp"

using vade::Index;
using vade::InformationMaximisationOptions;
using vade::InformationMaximisingClassifier;
using vade::Label;
using vade::Labels;
using vade::LabelledDataset;
using vade::Matrix;
using vade::RowSource;
using vade::Schedule;

namespace {

InformationMaximisationOptions quick() {
  return {.hidden = {24},
          .clusters = 2,
          .augmentation = vade::ImageAugmentation{.rotation_degrees = 4, .shear = 0, .scale = 0, .shift = 7},
          .fit = {.epochs = 25, .batch = 50, .learning_rate = Schedule::drop(5e-3, 0.1, 0.3)}};
}

}  // namespace

TEST_CASE("Bars that shift are told apart by their direction, without labels") {
  const LabelledDataset data = toy::bars(600);
  double best_loss = 1, accuracy = 0;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {  // judged by the loss, as a user would
    InformationMaximisingClassifier<float> classifier(64, quick(), seed);
    classifier.fit(data.images, {"classifier", 20});
    if (classifier.loss() < best_loss) {
      best_loss = classifier.loss();
      accuracy = vade::clustering_accuracy(data.labels, vade::top_columns(classifier.predict_proba(data.images)));
    }
  }
  CHECK(accuracy > 0.95);
  CHECK(best_loss < 0.1 * -4 * std::log(2) + 0.15);  // certain, balanced, and nearly consistent
}

TEST_CASE("Classifier: fit and its answers take any matrix, and are those of the data set that is made of it") {
  const InformationMaximisationOptions options{.hidden = {8},
                                               .clusters = 3,
                                               .augmentation = vade::NoiseCorruption{.noise = 0.1},
                                               .fit = {.epochs = 1, .batch = 16}};
  battery::check_takes_matrices([&] { return InformationMaximisingClassifier<float>(battery::inputs, options, 1); },
                                [](auto& model, const auto& rows) { model.fit(rows, {"classifier", 20}); },
                                [](const auto& model, const auto& rows) { return model.predict_proba(rows); });
}

TEST_CASE("With neighbours as views, two rings are told apart, which no two centres can") {
  constexpr Index rows = 600;
  Matrix<float> x(rows, 2);
  Labels labels;
  vade::fill_normal(x, 1, vade::Purpose::user);
  for (Index i = 0; i < rows; ++i) {
    labels.push_back(static_cast<Label>(i % 2));
    const vade::RowVector<float> direction = x.row(i).normalized();
    x.row(i) = (i % 2 == 0 ? 1.0f : 3.0f) * direction + 0.05f * x.row(i);
  }
  const vade::Dataset data = vade::Dataset::from_matrix(x);
  const InformationMaximisationOptions options{
      .hidden = {64, 64},
      .clusters = 2,
      .augmentation = vade::NeighbourAugmentation{.neighbours = 40},
      .fit = {.epochs = 40, .batch = 60, .learning_rate = Schedule::drop(5e-3, 0.1, 0.3)}};
  vade::FitReport report;
  const auto classifier = InformationMaximisingClassifier<float>::fit_best(data, options, {.candidates = 4, .rung = 10},
                                                                           1, {"classifier", 20}, report);
  CHECK(vade::clustering_accuracy(labels, vade::top_columns(classifier.predict_proba(data))) > 0.98);
  CHECK(vade::clustering_accuracy(labels, vade::kmeans<float>(x, {.clusters = 2, .restarts = 5}).labels) < 0.7);
}

TEST_CASE("Probabilities are a simplex; the folded trunk computes the hidden layers of inference") {
  const LabelledDataset data = toy::bars(100);
  InformationMaximisingClassifier<float> classifier(64, quick(), 1);
  const auto report = classifier.fit(data.images, {"classifier", 20});
  const Matrix<float> p = classifier.predict_proba(data.images);
  CHECK((p.rowwise().sum().array() - 1).abs().maxCoeff() < 1e-5f);
  const auto trunk = classifier.folded_trunk("encoder");
  REQUIRE(trunk.size() == 1);
  CHECK(trunk[0].weight().name() == "encoder.0.weight");
  CHECK(trunk[0].inputs() == 64);
  CHECK(trunk[0].outputs() == 24);
  CHECK(report.history.back().term("agreement") > 0.5);
  CHECK(classifier.loss() == report.history.back().loss);
}

TEST_CASE("I.5: the loss is its three terms, and all are in range") {
  const LabelledDataset data = toy::bars(100);
  InformationMaximisingClassifier<float> classifier(64, quick(), 1);
  for (const auto& r : classifier.fit(data.images, {"classifier", 20}).history) {
    CHECK(r.loss == doctest::Approx(r.term("consistency") +
                                    0.1 * (r.term("conditional_entropy") - 4 * r.term("marginal_entropy"))));
    CHECK(r.term("consistency") > -1e-5);
    CHECK(r.term("conditional_entropy") >= 0);
    CHECK(r.term("marginal_entropy") <= std::log(2) + 1e-6);
    CHECK(r.loss >= -0.1 * 4 * std::log(2) - 1e-5);
  }
}

TEST_CASE("I.5: the weight of balance may change as training goes on") {
  const LabelledDataset data = toy::bars(100);
  InformationMaximisationOptions options = quick();
  options.fit.epochs = 4;
  options.balance = Schedule::drop(4, 0.5, 0.5);
  InformationMaximisingClassifier<float> classifier(64, options, 1);
  for (const auto& r : classifier.fit(data.images, {"classifier", 20}).history)
    CHECK(r.loss == doctest::Approx(r.term("consistency") + 0.1 * (r.term("conditional_entropy") -
                                                                   (r.epoch <= 2 ? 4 : 2) * r.term("marginal_entropy"))));
}

TEST_CASE("I.5: draws are judged by the loss with the balance at the end of the epoch, or 1 where it has fallen below") {
  const LabelledDataset data = toy::bars(100);
  const auto judged = [&](const Schedule& balance) {
    InformationMaximisationOptions options = quick();
    options.fit.epochs = 3;
    options.balance = balance;
    InformationMaximisingClassifier<float> classifier(64, options, 1);
    const vade::EpochRecord last = classifier.fit(data.images, {"classifier", 20}).history.back();
    CHECK(classifier.loss() == last.loss);
    return std::pair(classifier.judged_loss(), last);
  };
  const auto divergence_less_information = [](const vade::EpochRecord& r) {
    return r.term("consistency") + 0.1 * (r.term("conditional_entropy") - r.term("marginal_entropy"));
  };
  const auto [held, with_4] = judged(Schedule::constant(4));
  CHECK(held == doctest::Approx(with_4.loss));
  const auto [fallen, with_0] = judged(Schedule::warm_up(4, 0, 2));
  CHECK(with_0.loss == doctest::Approx(with_0.term("consistency") + 0.1 * with_0.term("conditional_entropy")));
  CHECK(fallen == doctest::Approx(divergence_less_information(with_0)));
  CHECK(fallen < with_0.loss - 0.01);
  const auto [falling, with_3] = judged(Schedule::warm_up(6, 0, 6));  // 3 at the end of the third epoch, more within it
  CHECK(falling == doctest::Approx(divergence_less_information(with_3) - 0.2 * with_3.term("marginal_entropy")));
  CHECK(falling > with_3.loss);
  const auto [low, with_half] = judged(Schedule::constant(0.5));
  CHECK(low == doctest::Approx(divergence_less_information(with_half)));
}

TEST_CASE("Rows that are no images have no views of images: a clear error; so have bad options") {
  const vade::Dataset rows = vade::Dataset::from_matrix(Matrix<float>(Matrix<float>::Zero(20, 64)));
  InformationMaximisingClassifier<float> classifier(64, quick(), 1);
  CHECK_THROWS_AS(classifier.fit(rows, {"classifier", 20}), vade::ValueError);
  InformationMaximisationOptions bad = quick();
  bad.clusters = 1;
  CHECK_THROWS_WITH_AS((InformationMaximisingClassifier<float>(64, bad, 1)), doctest::Contains("clusters"),
                       vade::ValueError);
  bad = quick();
  bad.fit.batch = 1;
  CHECK_THROWS_WITH_AS((InformationMaximisingClassifier<float>(64, bad, 1)), doctest::Contains("batch"),
                       vade::ValueError);
}

TEST_CASE("Of several candidates the one with the lowest loss is left, with the bytes of its own fit") {
  const LabelledDataset data = toy::bars(200);
  InformationMaximisationOptions options = quick();
  options.fit.epochs = 7;
  vade::FitReport report;
  const auto best = InformationMaximisingClassifier<float>::fit_best(data.images, options, {.candidates = 3, .rung = 2},
                                                                     5, {"c", 20}, report);
  REQUIRE(report.history.size() == 3 * 2 + 2 * 2 + 3);  // 3 of them for 2 epochs, 2 for 2 more, 1 for the last 3
  const auto loss_at = [&](int candidate, int epoch) {
    for (const auto& record : report.history)
      if (record.stage == "c " + std::to_string(candidate) && record.epoch == epoch) return record.loss;
    return std::numeric_limits<double>::infinity();
  };
  int winner = 0;
  for (int k = 1; k <= 3; ++k)
    if (loss_at(k, 7) < std::numeric_limits<double>::infinity()) winner = k;
  REQUIRE(winner > 0);
  for (int k = 1; k <= 3; ++k) {
    CHECK(loss_at(winner, 4) <= loss_at(k, 4));
    // Who was cut first was the worst of the first two epochs.
    if (loss_at(k, 4) == std::numeric_limits<double>::infinity())
      for (int other = 1; other <= 3; ++other) CHECK(loss_at(k, 2) >= loss_at(other, 2));
  }
  InformationMaximisingClassifier<float> alone(64, options, 5 + (static_cast<std::uint64_t>(winner - 1) << 32));
  alone.fit(data.images, {"c", 20});
  CHECK(alone.loss() == best.loss());
  CHECK(alone.predict_proba(data.images) == best.predict_proba(data.images));
}

TEST_CASE("Where a contest is stopped nobody loses, and it goes on to the same bytes") {
  const LabelledDataset data = toy::bars(200);
  InformationMaximisationOptions options = quick();
  options.fit.epochs = 6;
  const tests::Folder folder;
  vade::Checkpoint checkpoint(folder.path / "checkpoint", 0);
  const auto run = [&](const vade::Observer& observer, const std::stop_token& stop, vade::Checkpoint* at) {
    vade::FitReport report;
    auto best = InformationMaximisingClassifier<float>::fit_best(data.images, options, {.candidates = 4, .rung = 2}, 5,
                                                                 {"c", 20}, report, observer, stop, at);
    return std::pair(report.stop, best.predict_proba(data.images));
  };
  std::stop_source stop;
  int steps = 0;
  const vade::Observer observer{.on_step = [&](const vade::Progress& p) {
    if (p.stage == "c 2" && ++steps == 5) stop.request_stop();  // in its second epoch, before the other two have begun
  }};
  CHECK(run(observer, stop.get_token(), &checkpoint).first == vade::StopReason::cancelled);
  CHECK(checkpoint.holds("c 1"));
  CHECK(checkpoint.holds("c 2"));
  checkpoint.rewind();
  CHECK(run({}, {}, &checkpoint).second == run({}, {}, nullptr).second);
}

TEST_CASE("Views that grow too wide are refused before the first epoch") {
  InformationMaximisationOptions options = quick();
  options.augmentation = vade::ImageAugmentation{.scale = 0.5};
  options.view_strength = Schedule::warm_up(0.5, 2, 20);
  const vade::Observer nobody{.on_step = [](const vade::Progress&) { FAIL("trained"); }};
  InformationMaximisingClassifier<float> classifier(64, options, 1);
  CHECK_THROWS_WITH_AS(classifier.fit(toy::bars(100).images, {"c", 20}, nobody), doctest::Contains("scale is 1"),
                       vade::ValueError);
}

TEST_CASE("A contest of nobody, or without epochs between cuts, is refused") {
  CHECK_THROWS_WITH_AS(vade::HalvingOptions({.candidates = 0}).check(),
                       doctest::Contains("HalvingOptions: candidates is 0, wanted a value in [1, "), vade::ValueError);
  CHECK_THROWS_AS(vade::HalvingOptions({.rung = 0}).check(), vade::ValueError);
}
