#include <vade/core/exact_text.hpp>

#include <limits>
#include <locale>
#include <string>

#include <doctest/doctest.h>

#include <vade/core/parse_number.hpp>

namespace exact_text_tests {

struct Comma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
};

TEST_CASE("Numbers come back from their shortest text, whatever the locale") {
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Comma));
  CHECK(vade::exact_text(0.3) == "0.3");
  CHECK(vade::exact_text(-0.0) == "-0");
  for (const double value : {0.1 + 0.2, 5e-324, 1e300, -7.0, std::numeric_limits<double>::infinity()}) {
    const std::string text = vade::exact_text(value);
    double back = 0;
    CHECK(vade::is_number(text, back));
    CHECK(back == value);
  }
  std::locale::global(before);
}

}  // namespace exact_text_tests
