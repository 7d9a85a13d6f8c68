#include <vade/optim/schedule.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

namespace {

using vade::Schedule;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("A constant schedule is constant, before, during and after") {
  for (const double epoch : {0.0, 0.5, 10.0, 1e9}) CHECK(Schedule::constant(0.3).at(epoch, 10) == 0.3);
  CHECK(Schedule::constant(0).at(1, 2) == 0);
}

TEST_CASE("Step decay falls at multiples of its period, and not just before") {
  const Schedule s = Schedule::step_decay(0.8, 0.5, 10, 0.15);
  CHECK(s.at(0, 100) == 0.8);
  CHECK(s.at(std::nextafter(10.0, 0.0), 100) == 0.8);
  CHECK(s.at(10, 100) == 0.4);
  CHECK(s.at(std::nextafter(20.0, 0.0), 100) == 0.4);
  CHECK(s.at(20, 100) == 0.2);
  CHECK(s.at(30, 100) == 0.15);  // 0.1, were there no floor
  CHECK(s.at(1e6, 100) == 0.15);
}

TEST_CASE("Step decay with factor 1 is constant, with factor 0 is soon 0, with its floor at the value never falls") {
  CHECK(Schedule::step_decay(0.5, 1, 1).at(77, 100) == 0.5);
  CHECK(Schedule::step_decay(0.5, 0, 2).at(1.9, 100) == 0.5);
  CHECK(Schedule::step_decay(0.5, 0, 2).at(2, 100) == 0);
  CHECK(Schedule::step_decay(0.5, 0.1, 1, 0.5).at(50, 100) == 0.5);
}

TEST_CASE("The cosine starts at the value, is half way at half time, ends at its last, and stays there") {
  const Schedule s = Schedule::cosine(2, 0.1);
  CHECK(s.at(0, 40) == 2);
  CHECK(s.at(10, 40) == doctest::Approx(0.2 + 1.8 * 0.5 * (1 + std::sqrt(0.5))).epsilon(1e-14));
  CHECK(s.at(20, 40) == doctest::Approx(1.1).epsilon(1e-14));
  CHECK(s.at(40, 40) == doctest::Approx(0.2).epsilon(1e-14));
  CHECK(s.at(41, 40) == doctest::Approx(0.2).epsilon(1e-14));
  CHECK(Schedule::cosine(2).at(40, 40) == doctest::Approx(0).epsilon(1e-14));
  CHECK(s.at(0, 0) == 2);  // no epochs: nothing is done
}

TEST_CASE("The cosine never rises") {
  const Schedule s = Schedule::cosine(1, 0.01);
  for (int k = 1; k <= 1000; ++k) CHECK(s.at(0.1 * k, 100) <= s.at(0.1 * (k - 1), 100));
}

TEST_CASE("A line falls evenly from its value to its last, and stays there") {
  const Schedule s = Schedule::linear(2, 0.1);
  CHECK(s.at(0, 40) == 2);
  CHECK(s.at(10, 40) == doctest::Approx(1.55).epsilon(1e-14));
  CHECK(s.at(20, 40) == doctest::Approx(1.1).epsilon(1e-14));
  CHECK(s.at(40, 40) == doctest::Approx(0.2).epsilon(1e-14));
  CHECK(s.at(41, 40) == doctest::Approx(0.2).epsilon(1e-14));
  CHECK(Schedule::linear(300).at(15, 15) == 0);
  CHECK(s.at(0, 0) == 2);
}

TEST_CASE("The peak is the largest value there is") {
  for (const Schedule& s : {Schedule::constant(3), Schedule::linear(3), Schedule::cosine(3), Schedule::step_decay(3, 0.5, 1),
                            Schedule::drop(3, 0.5, 0.2), Schedule::warm_up(1, 3, 5), Schedule::warm_up(3, 1, 5)}) {
    CHECK(s.peak() == 3);
    double highest = 0;
    for (int k = 0; k <= 100; ++k) highest = std::max(highest, s.at(0.1 * k, 10));
    CHECK(highest == 3);
  }
  CHECK(Schedule::constant(0).peak() == 0);
  CHECK(Schedule::drop(3, 0.5, 1).peak() == 1.5);  // a tail from the beginning
  CHECK(Schedule::drop(3, 0, 1).peak() == 0);
  CHECK(Schedule::warm_up(3, 1, 0).peak() == 1);  // no epochs to warm up in
}

TEST_CASE("A drop comes when its tail begins") {
  const Schedule s = Schedule::drop(0.4, 0.25, 0.25);
  CHECK(s.at(0, 100) == 0.4);
  CHECK(s.at(std::nextafter(75.0, 0.0), 100) == 0.4);
  CHECK(s.at(75, 100) == 0.1);
  CHECK(s.at(100, 100) == 0.1);
  CHECK(Schedule::drop(0.4, 0.25, 0).at(99.9, 100) == 0.4);
  CHECK(Schedule::drop(0.4, 0.25, 1).at(0, 100) == 0.1);
}

TEST_CASE("A warm-up goes linearly from its first to its value, and stays") {
  const Schedule s = Schedule::warm_up(0.2, 1, 10);
  CHECK(s.at(0, 100) == 0.2);
  CHECK(s.at(5, 100) == doctest::Approx(0.6).epsilon(1e-15));
  CHECK(s.at(std::nextafter(10.0, 0.0), 100) == doctest::Approx(1).epsilon(1e-14));
  CHECK(s.at(10, 100) == 1);
  CHECK(s.at(1000, 100) == 1);
  CHECK(s.warm_up_epochs() == 10);
}

TEST_CASE("A warm-up over no epochs is its value at once; only warm-ups have warm-up epochs") {
  CHECK(Schedule::warm_up(0, 1, 0).at(0, 100) == 1);
  CHECK(Schedule::warm_up(0, 1, 0).warm_up_epochs() == 0);
  CHECK(Schedule::constant(1).warm_up_epochs() == 0);
  CHECK(Schedule::step_decay(1, 0.5, 7).warm_up_epochs() == 0);
  CHECK(Schedule::cosine(1).warm_up_epochs() == 0);
  CHECK(Schedule::linear(1).warm_up_epochs() == 0);
  CHECK(Schedule::drop(1, 0.5, 0.3).warm_up_epochs() == 0);
}

TEST_CASE("A warm-up from above its value falls") { CHECK(Schedule::warm_up(2, 1, 4).at(2, 100) == 1.5); }

TEST_CASE("Values that are negative or not finite are refused by every maker") {
  for (const double bad : {-1.0, not_a_number, infinity}) {
    CHECK_THROWS_AS(Schedule::constant(bad), vade::ValueError);
    CHECK_THROWS_AS(Schedule::step_decay(bad, 0.5, 1), vade::ValueError);
    CHECK_THROWS_AS(Schedule::cosine(bad), vade::ValueError);
    CHECK_THROWS_AS(Schedule::linear(bad), vade::ValueError);
    CHECK_THROWS_AS(Schedule::drop(bad, 0.5, 0.5), vade::ValueError);
    CHECK_THROWS_AS(Schedule::warm_up(0, bad, 1), vade::ValueError);
    CHECK_THROWS_WITH_AS(Schedule::warm_up(bad, 1, 1), doctest::Contains("Schedule::warm_up: first is "),
                         vade::ValueError);
    CHECK_THROWS_WITH_AS(Schedule::warm_up(0, 1, bad), doctest::Contains("Schedule::warm_up: over is "),
                         vade::ValueError);
  }
}

TEST_CASE("Factors and shares outside [0, 1] are refused by name") {
  for (const double bad : {-0.01, 1.01, not_a_number}) {
    CHECK_THROWS_WITH_AS(Schedule::step_decay(1, bad, 1), doctest::Contains("Schedule::step_decay: factor is "),
                         vade::ValueError);
    CHECK_THROWS_WITH_AS(Schedule::cosine(1, bad), doctest::Contains("Schedule::cosine: last is "), vade::ValueError);
    CHECK_THROWS_WITH_AS(Schedule::linear(1, bad), doctest::Contains("Schedule::linear: last is "), vade::ValueError);
    CHECK_THROWS_WITH_AS(Schedule::drop(1, bad, 0.5), doctest::Contains("Schedule::drop: factor is "),
                         vade::ValueError);
    CHECK_THROWS_WITH_AS(Schedule::drop(1, 0.5, bad), doctest::Contains("Schedule::drop: tail is "), vade::ValueError);
  }
}

TEST_CASE("A period must be positive, and a floor must not lie above the value") {
  for (const double bad : {0.0, -1.0, not_a_number, infinity})
    CHECK_THROWS_WITH_AS(Schedule::step_decay(1, 0.5, bad), doctest::Contains("Schedule::step_decay: every is "),
                         vade::ValueError);
  for (const double bad : {-0.1, 1.1, not_a_number})  // a floor above the value would raise the rate
    CHECK_THROWS_WITH_AS(Schedule::step_decay(1, 0.5, 1, bad), doctest::Contains("Schedule::step_decay: floor is "),
                         vade::ValueError);
}

TEST_CASE("Numbers that would overflow on their way through the epochs are refused by name") {
  CHECK_THROWS_WITH_AS(Schedule::constant(1e101), "Schedule: value is 1e+101, wanted a value in [0, 1e+100]",
                       vade::ValueError);
  CHECK_THROWS_WITH_AS(Schedule::warm_up(1e300, 1, 3), doctest::Contains("Schedule::warm_up: first is"), vade::ValueError);
  CHECK_THROWS_AS(Schedule::warm_up(0, 1e308, 3), vade::ValueError);
  CHECK(Schedule::warm_up(0, 1e100, 2e9).at(1e9, 2e9) == doctest::Approx(5e99).scale(0));
  CHECK(Schedule::warm_up(0, 1e100, 1e-300).at(1e9, 2e9) == 1e100);
}
