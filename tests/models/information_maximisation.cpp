#include <vade/models/information_maximisation.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <vade/metrics/clustering.hpp>

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

/// Images of 8 x 8: a bright bar, flat or upright, at a random place. A shifted bar is the same kind of bar.
LabelledDataset bars(Index rows) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(rows) * 64, 0);
  Labels labels;
  for (Index i = 0; i < rows; ++i) {
    vade::RandomStream stream(9, vade::Purpose::synthetic, 0, static_cast<std::uint32_t>(i));
    const Label kind = static_cast<Label>(i % 2);
    labels.push_back(kind);
    const std::size_t at = 2 + stream.below(4);
    for (std::size_t k = 0; k < 8; ++k)
      bytes[static_cast<std::size_t>(i) * 64 + (kind == 0 ? at * 8 + k : k * 8 + at)] =
          static_cast<std::uint8_t>(180 + stream.below(76));
  }
  return {vade::Dataset::from_bytes(std::move(bytes), rows, 64, vade::ImageShape{8, 8}), labels};
}

InformationMaximisationOptions quick() {
  return {.hidden = {24},
          .clusters = 2,
          .augmentation = {.rotation_degrees = 4, .shear = 0, .scale = 0, .shift = 2},
          .fit = {.epochs = 25, .batch = 50, .learning_rate = Schedule::drop(5e-3, 0.1, 0.3)}};
}

Labels tops(const Matrix<float>& p) {
  Labels labels;
  for (Index i = 0; i < p.rows(); ++i) {
    Index top = 0;
    p.row(i).maxCoeff(&top);
    labels.push_back(static_cast<Label>(top));
  }
  return labels;
}

}  // namespace

TEST_CASE("Bars that shift are told apart by their direction, without labels") {
  const LabelledDataset data = bars(600);
  double best_loss = 1, accuracy = 0;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {  // judged by the loss, as a user would
    InformationMaximisingClassifier<float> classifier(64, quick(), seed);
    classifier.fit(data.images, {"classifier", 20});
    if (classifier.loss() < best_loss) {
      best_loss = classifier.loss();
      accuracy = vade::clustering_accuracy(data.labels, tops(classifier.predict_proba(data.images)));
    }
  }
  CHECK(accuracy > 0.95);
  CHECK(best_loss < 0.1 * -4 * std::log(2) + 0.15);  // certain, balanced, and nearly consistent
}

TEST_CASE("Probabilities are a simplex; the folded trunk computes the hidden layers of inference") {
  const LabelledDataset data = bars(100);
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

TEST_CASE("The loss is its three terms, and all are in range") {
  const LabelledDataset data = bars(100);
  InformationMaximisingClassifier<float> classifier(64, quick(), 1);
  for (const auto& r : classifier.fit(data.images, {"classifier", 20}).history) {
    CHECK(r.loss == doctest::Approx(r.term("consistency") +
                                    0.1 * (r.term("conditional_entropy") - 4 * r.term("marginal_entropy"))));
    CHECK(r.term("consistency") > -1e-5);
    CHECK(r.term("conditional_entropy") >= 0);
    CHECK(r.term("marginal_entropy") <= std::log(2) + 1e-6);
  }
}

TEST_CASE("Rows that are no images have no affine views: a clear error; so have bad options") {
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
