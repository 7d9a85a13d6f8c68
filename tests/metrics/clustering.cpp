#include <vade/metrics/clustering.hpp>

#include <doctest/doctest.h>

#include <vade/core/random.hpp>

#include "golden.hpp"

namespace {

std::vector<double> all_scores(const vade::Labels& truth, const vade::Labels& predicted) {
  return {vade::clustering_accuracy(truth, predicted),
          vade::normalized_mutual_information(truth, predicted),
          vade::adjusted_rand_index(truth, predicted),
          vade::homogeneity(truth, predicted),
          vade::completeness(truth, predicted),
          vade::v_measure(truth, predicted),
          vade::purity(truth, predicted)};
}

vade::Labels renamed(const vade::Labels& labels, const vade::Labels& names) {
  vade::Labels result;
  for (const vade::Label label : labels) result.push_back(names[static_cast<std::size_t>(label)]);
  return result;
}

}  // namespace

TEST_CASE("clustering scores agree with scikit-learn, edge cases included") {
  for (const golden::Case& c : golden::cases) {
    CAPTURE(c.name);
    const std::vector<double> scores = all_scores(c.truth, c.predicted);
    REQUIRE(scores.size() == c.scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
      CAPTURE(i);
      CHECK(scores[i] == doctest::Approx(c.scores[i]).epsilon(1e-12));
    }
  }
}

TEST_CASE("the contingency table counts pairs and names its rows and columns") {
  const vade::ContingencyTable table = vade::contingency_table({3, 3, 7, 7, 7}, {10, 0, 10, 10, 2});
  CHECK(table.classes == vade::Labels{3, 7});
  CHECK(table.clusters == vade::Labels{0, 2, 10});
  CHECK(table.total == 5);
  CHECK(table.counts(0, 0) == 1);
  CHECK(table.counts(0, 1) == 0);
  CHECK(table.counts(0, 2) == 1);
  CHECK(table.counts(1, 0) == 0);
  CHECK(table.counts(1, 1) == 1);
  CHECK(table.counts(1, 2) == 2);
}

TEST_CASE("the best assignment maps each cluster to its class, and clusters without one to -1") {
  CHECK(vade::best_assignment({5, 5, 5, 9, 9}, {1, 1, 0, 3, 3}) == vade::Labels{-1, 5, -1, 9});
  CHECK(vade::best_assignment({0, 1, 2, 2}, {1, 1, 0, 0}).size() == 2);
}

TEST_CASE("accuracy is the share of rows that the best assignment gets right") {
  vade::RandomStream stream(4, vade::Purpose::user);
  vade::Labels truth, predicted;
  for (int i = 0; i < 200; ++i) {
    truth.push_back(static_cast<vade::Label>(stream.below(5)));
    predicted.push_back(static_cast<vade::Label>(stream.below(8)));
  }
  const vade::Labels map = vade::best_assignment(truth, predicted);
  int right = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) right += map[static_cast<std::size_t>(predicted[i])] == truth[i];
  CHECK(vade::clustering_accuracy(truth, predicted) == doctest::Approx(right / 200.0).epsilon(1e-14));
}

TEST_CASE("renaming classes or clusters changes no score") {
  const golden::Case& c = golden::cases.front();
  const std::vector<double> before = all_scores(c.truth, c.predicted);
  const std::vector<double> after =
      all_scores(renamed(c.truth, {11, 0, 5, 3}), renamed(c.predicted, {2, 900000, 0, 1}));
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(before[i] == doctest::Approx(after[i]).epsilon(1e-14));
}

TEST_CASE("swapping truth and clusters swaps homogeneity and completeness and keeps the symmetric scores") {
  const golden::Case& c = golden::cases[2];
  CHECK(vade::homogeneity(c.truth, c.predicted) == doctest::Approx(vade::completeness(c.predicted, c.truth)));
  using Score = double (*)(const vade::Labels&, const vade::Labels&);
  for (const Score score : {Score{vade::adjusted_rand_index}, Score{vade::v_measure}, Score{vade::clustering_accuracy}})
    CHECK(score(c.truth, c.predicted) == doctest::Approx(score(c.predicted, c.truth)).epsilon(1e-13));
}

TEST_CASE("mutual information of a label with itself is its entropy, from labels and from their table") {
  const vade::Labels labels{4, 4, 0, 0};
  CHECK(vade::mutual_information(labels, labels) == doctest::Approx(0.69314718055994531).epsilon(1e-15));
  CHECK(vade::mutual_information(labels, {1, 0, 1, 0}) == 0);
  CHECK(vade::mutual_information(labels, labels) == vade::mutual_information(vade::contingency_table(labels, labels)));
}

TEST_CASE("the adjusted Rand index does not overflow on a million rows") {
  vade::Labels truth(1000000, 0), predicted(1000000, 0);
  for (std::size_t i = 0; i < truth.size() / 2; ++i) truth[i] = predicted[i] = 1;
  CHECK(vade::adjusted_rand_index(truth, predicted) == 1.0);
  predicted[0] = 0;
  CHECK(vade::adjusted_rand_index(truth, predicted) == doctest::Approx(0.999996).epsilon(1e-7));
}

TEST_CASE("labels that do not fit are refused with what is wrong") {
  CHECK_THROWS_WITH_AS(vade::purity({0, 1}, {0}), "contingency_table: rows of predicted against truth: got 1, wanted 2",
                       vade::ShapeError);
  CHECK_THROWS_AS(vade::purity({}, {}), vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::v_measure({0, -2}, {0, 1}),
                       "contingency_table: truth has the label -2, wanted labels from 0 up", vade::ValueError);
  CHECK_THROWS_AS(vade::v_measure({0, 2}, {0, -1}), vade::ValueError);
  vade::Labels many(20000);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<vade::Label>(i);
  CHECK_THROWS_AS(vade::contingency_table(many, many), vade::ValueError);
  CHECK_THROWS_WITH_AS(vade::best_assignment({0, 1}, {0, 2147483647}),
                       "best_assignment: the largest cluster label is 2147483647, wanted a value in [0, 16777215]",
                       vade::ValueError);
  CHECK(vade::best_assignment({0, 1}, {0, 16777215}).size() == 16777216);
  CHECK(vade::clustering_accuracy({0, 1}, {0, 2147483647}) == 1);
}
