#include <vade/training/code_monitor.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include "../support/reference.hpp"

namespace code_monitor_tests {

using vade::CodeMonitor;
using vade::EpochRecord;
using vade::Index;
using vade::Matrix;

TEST_CASE("A code's nats are the mean divergence from the Gaussian with the moments of all rows, over all batches") {
  const Matrix<double> means = 3 * reference::normal_matrix(40, 2, 1), log_variances = reference::normal_matrix(40, 2, 2);
  CodeMonitor monitor(2);
  monitor.observe(means.topRows(25), log_variances.topRows(25));
  monitor.observe(means.bottomRows(15), log_variances.bottomRows(15));
  EpochRecord record;
  monitor.finish(record);
  double nats[2];
  for (Index j = 0; j < 2; ++j) {
    const double m = means.col(j).mean();
    const double v = (means.col(j).array() - m).square().mean() + log_variances.col(j).array().exp().mean();
    double sum = 0;
    for (Index i = 0; i < 40; ++i) {
      const double s2 = std::exp(log_variances(i, j));
      sum += 0.5 * (std::log(v / s2) + (s2 + (means(i, j) - m) * (means(i, j) - m)) / v - 1);
    }
    nats[j] = sum / 40;
  }
  CHECK(record.term("active_codes") == 2);
  CHECK(record.term("least_code_nats") == doctest::Approx(std::min(nats[0], nats[1])).epsilon(1e-12));
  CHECK(record.term("most_code_nats") == doctest::Approx(std::max(nats[0], nats[1])).epsilon(1e-12));
  CHECK(record.alarms.empty());
  EpochRecord again;
  monitor.finish(again);
  CHECK(again.terms.empty());
}

TEST_CASE("Codes that are the same for all rows are dead, in any unit, and few active ones of many are an alarm") {
  for (const double unit : {1e-4, 1.0, 1e4})
    for (const Index alive : {0, 1, 2}) {
      Matrix<double> means = Matrix<double>::Constant(30, 12, 7 * unit);
      means.leftCols(alive) += unit * reference::normal_matrix(30, alive, 1);
      CodeMonitor monitor(12);
      monitor.observe(means, Matrix<double>::Constant(30, 12, 2 * std::log(unit) - 1));
      EpochRecord record;
      monitor.finish(record);
      CHECK(record.term("active_codes") == static_cast<double>(alive));
      CHECK(record.term("least_code_nats") == doctest::Approx(0));
      REQUIRE(record.alarms.size() == (alive < 2 ? 1 : 0));
      if (alive == 0)
        CHECK(record.alarms[0] == "of 12 codes 0 carry more than 0.01 nats about the rows: lower observation_variance or learn it, "
                                  "scale the columns, or let kl_weight warm up");
    }
}

}  // namespace code_monitor_tests
