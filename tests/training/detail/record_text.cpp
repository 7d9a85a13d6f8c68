#include <vade/training/detail/record_text.hpp>

#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "../../support/records.hpp"

namespace record_text_tests {

using vade::EpochRecord;
using vade::detail::record_from_text;
using vade::detail::record_text;

TEST_CASE("A record comes back from its line with every bit of every number") {
  const EpochRecord record{.stage = "classifier 2",
                           .epoch = 3,
                           .epochs = 30,
                           .loss = 0.1 + 0.2,
                           .terms = {{"agreement", 1.0 / 3}, {"closest_centres", std::numeric_limits<double>::infinity()},
                                     {"tiny", 5e-324}, {"unknown", std::nan("")}},
                           .alarms = {"cluster 1 is dead: share 0.001", "a = b, !"},
                           .learning_rate = 2e-3,
                           .gradient_norm = 1e300,
                           .seconds = 0.25,
                           .rows_per_second = 12345.678};
  const std::string line = record_text(record);
  CHECK(line.find('\n') == std::string::npos);
  const EpochRecord back = record_from_text(line, "file");
  tests::check_same_record(back, record);
  CHECK(back.seconds == record.seconds);
  CHECK(back.rows_per_second == record.rows_per_second);
}

TEST_CASE("Anything else is refused") {
  const std::string line = record_text({.stage = "vae", .epoch = 1, .epochs = 2});
  CHECK_NOTHROW(record_from_text(line, "file"));
  for (const std::string& bad : {std::string(), std::string("vae\t1\t2"), line + "\tx", line + "\tx=", line + "\tx=1y",
                                 std::string("vae\t1.5") + line.substr(5)})
    CHECK_THROWS_WITH_AS(record_from_text(bad, "file"), doctest::Contains("file: not the record of an epoch: "), vade::FileError);
}

}  // namespace record_text_tests
