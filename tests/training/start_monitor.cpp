#include <vade/training/start_monitor.hpp>

#include <string>

#include <doctest/doctest.h>

namespace start_monitor_tests {

using vade::EpochRecord;
using vade::Labels;
using vade::Matrix;
using vade::StartMonitor;

const Labels start{0, 0, 0, 1, 1, 1, 2, 2, 2, 2};

EpochRecord second(const Labels& labels, double distance = 3) {
  StartMonitor monitor(10, 3);
  EpochRecord first, record;
  monitor.finish(start, Matrix<double>::Constant(3, 3, distance), first);
  CHECK(first.terms.empty());
  CHECK(first.alarms.empty());
  monitor.finish(labels, Matrix<double>::Constant(3, 3, 0.1), record);
  return record;
}

TEST_CASE("Clusters of the start that only change their numbers are kept") {
  const EpochRecord record = second({2, 2, 2, 0, 0, 1, 1, 1, 1, 1});
  CHECK(record.term("start_kept") == 0.9);
  CHECK(record.alarms.empty());
}

TEST_CASE("Two clusters that the start held apart and that are one now are an alarm") {
  const EpochRecord record = second({0, 0, 0, 0, 0, 1, 2, 2, 2, 2});
  CHECK(record.term("start_kept") == 0.9);
  REQUIRE(record.alarms.size() == 1);
  CHECK(record.alarms[0].starts_with("clusters 0 and 1 of the start are one: "));
}

TEST_CASE("Fewer than half of the rows in the clusters of the start are an alarm, also where no two clusters are one") {
  StartMonitor monitor(12, 3);
  EpochRecord first, record;
  monitor.finish({0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2}, Matrix<double>::Constant(3, 3, 3), first);
  monitor.finish({0, 1, 2, 0, 0, 1, 2, 1, 0, 1, 2, 2}, Matrix<double>::Constant(3, 3, 3), record);
  CHECK(record.term("start_kept") == 0.5);
  CHECK(record.alarms.empty());
  // Five clusters of five rows, each of which goes over all five but keeps two rows.
  StartMonitor scattered(25, 5);
  Labels before, after;
  for (vade::Label i = 0; i < 25; ++i) before.push_back(i / 5), after.push_back(i % 5 == 4 ? i / 5 : i % 5);
  scattered.begin(before, Matrix<double>::Constant(5, 5, 3));
  EpochRecord late;
  scattered.finish(after, Matrix<double>::Constant(5, 5, 3), late);
  CHECK(late.term("start_kept") < 0.5);
  REQUIRE(!late.alarms.empty());
  CHECK(late.alarms.back().find("of the rows is in the clusters of the start") != std::string::npos);
}

TEST_CASE("A start that held no two clusters apart is compared with nothing") {
  const EpochRecord record = second({0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 1.9);
  CHECK(record.terms.empty());
  CHECK(record.alarms.empty());
}

}  // namespace start_monitor_tests
