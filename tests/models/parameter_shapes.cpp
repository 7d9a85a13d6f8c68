#include <vade/models/parameter_shapes.hpp>

#include <limits>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace parameter_shapes_tests {

using vade::Index;

/// Announces parameters of these shapes.
auto announce(std::vector<std::pair<Index, Index>> shapes) {
  return [shapes](auto&& visit) {
    for (const auto& [rows, columns] : shapes) visit(std::string("p"), rows, columns);
  };
}

TEST_CASE("Entries are counted exactly, and as the largest number where they are more") {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  const Index huge = std::numeric_limits<Index>::max();
  CHECK(vade::detail::count_entries(announce({})) == 0);
  CHECK(vade::detail::count_entries(announce({{2, 3}, {1, 4}, {0, 5}, {5, 0}})) == 10);
  CHECK(vade::detail::count_entries(announce({{huge, huge}})) == most);
  CHECK(vade::detail::count_entries(announce({{huge, 2}, {huge, 1}, {1, 7}})) == most);
}

TEST_CASE("Parameters are not made where they are too many, and the sizes and bytes are named") {
  const auto none = [] { FAIL("nothing is made"); };
  CHECK_THROWS_WITH_AS((vade::detail::make_parameters<double>("Toy", "width 65536", announce({{65536, 65537}}), none)),
                       "Toy: width 65536 need 4295032832 parameters, 3.43602627e+10 bytes: wanted at most 4294967296 parameters",
                       vade::ValueError);
  CHECK_THROWS_WITH_AS((vade::detail::make_parameters<float>("Toy", "width 3", announce({{3, 1}}), [] { throw std::bad_alloc(); })),
                       "Toy: width 3 need 3 parameters, 12 bytes: there is not enough memory", vade::ResourceError);
  bool made = false;
  vade::detail::make_parameters<float>("Toy", "width 3", announce({{3, 1}}), [&] { made = true; });
  CHECK(made);
}

}  // namespace parameter_shapes_tests
