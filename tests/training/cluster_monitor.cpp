#include <vade/training/cluster_monitor.hpp>

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

using vade::ClusterMonitor;
using vade::EpochRecord;
using vade::Index;
using vade::Matrix;

namespace {

Matrix<float> one_hot(const std::vector<Index>& labels, Index clusters) {
  Matrix<float> gamma = Matrix<float>::Zero(static_cast<Index>(labels.size()), clusters);
  for (std::size_t i = 0; i < labels.size(); ++i) gamma(static_cast<Index>(i), labels[i]) = 1;
  return gamma;
}

}  // namespace

TEST_CASE("Balanced certain rows: as many effective clusters as clusters, no alarm") {
  ClusterMonitor monitor(4, 4);
  const std::vector<Index> rows{0, 1, 2, 3};
  monitor.observe(rows, one_hot({0, 1, 2, 3}, 4));
  EpochRecord record;
  monitor.finish(record);
  CHECK(record.term("effective_clusters") == doctest::Approx(4));
  CHECK(record.term("smallest_share") == doctest::Approx(0.25));
  CHECK(record.term("largest_share") == doctest::Approx(0.25));
  CHECK(record.term("confidence") == doctest::Approx(1));
  CHECK(std::isnan(record.term("label_churn")));
  CHECK(std::isnan(record.term("agreement")));
  CHECK(record.alarms.empty());
}

TEST_CASE("Collapse into one cluster: one effective cluster, an alarm for each dead one that names it") {
  ClusterMonitor monitor(3, 3);
  monitor.observe(std::vector<Index>{0, 1, 2}, one_hot({1, 1, 1}, 3));
  EpochRecord record;
  monitor.finish(record);
  CHECK(record.term("effective_clusters") == doctest::Approx(1));
  REQUIRE(record.alarms.size() == 2);
  CHECK(record.alarms[0].find("cluster 0 is dead") != std::string::npos);
  CHECK(record.alarms[1].find("cluster 2 is dead") != std::string::npos);
}

TEST_CASE("Churn is the share of rows whose cluster changed since the last epoch, whatever the order of the rows") {
  ClusterMonitor monitor(4, 2);
  EpochRecord first, second;
  monitor.observe(std::vector<Index>{0, 1, 2, 3}, one_hot({0, 0, 1, 1}, 2));
  monitor.finish(first);
  monitor.observe(std::vector<Index>{3, 2}, one_hot({1, 0}, 2));
  monitor.observe(std::vector<Index>{1, 0}, one_hot({0, 0}, 2));
  monitor.finish(second);
  CHECK(second.term("label_churn") == doctest::Approx(0.25));
}

TEST_CASE("Views: agreement counts equal tops; information is log K when they agree, 0 when they are independent") {
  ClusterMonitor monitor(4, 2);
  const std::vector<Index> rows{0, 1, 2, 3};
  EpochRecord same, independent;
  monitor.observe(rows, one_hot({0, 1, 0, 1}, 2));
  monitor.observe_views(one_hot({0, 1, 0, 1}, 2), one_hot({0, 1, 0, 1}, 2));
  monitor.finish(same);
  CHECK(same.term("agreement") == doctest::Approx(1));
  CHECK(same.term("view_information") == doctest::Approx(std::log(2)));
  monitor.observe(rows, one_hot({0, 1, 0, 1}, 2));
  monitor.observe_views(one_hot({0, 1, 0, 1}, 2), one_hot({0, 1, 1, 0}, 2));
  monitor.finish(independent);
  CHECK(independent.term("agreement") == doctest::Approx(0.5));
  CHECK(independent.term("view_information") == doctest::Approx(0));
}

TEST_CASE("An epoch in which nothing was observed adds nothing") {
  ClusterMonitor monitor(4, 2);
  EpochRecord record;
  monitor.finish(record);
  CHECK(record.terms.empty());
}
