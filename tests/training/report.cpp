#include <vade/training/report.hpp>

#include <cmath>

#include <doctest/doctest.h>

TEST_CASE("A record gives a term by name, and NaN for one that it has not") {
  const vade::EpochRecord record{.terms = {{"reconstruction", -90.5}, {"agreement", 0.98}}};
  CHECK(record.term("agreement") == 0.98);
  CHECK(record.term("reconstruction") == -90.5);
  CHECK(std::isnan(record.term("kl")));
}

TEST_CASE("Reports of stages are joined in order; the last one says why training stopped") {
  vade::FitReport first{.history = {{.stage = "a", .epoch = 1}}, .seconds = 2};
  first.append({.stop = vade::StopReason::cancelled, .history = {{.stage = "b", .epoch = 1}}, .seconds = 3});
  REQUIRE(first.history.size() == 2);
  CHECK(first.history[0].stage == "a");
  CHECK(first.history[1].stage == "b");
  CHECK(first.seconds == 5);
  CHECK(to_string(first.stop) == "cancelled");
  CHECK(to_string(vade::StopReason::finished) == "finished");
}
