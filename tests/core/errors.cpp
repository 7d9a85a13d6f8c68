// vade: tests of core/errors.hpp.
// SPDX-License-Identifier: MIT
#include <vade/core/errors.hpp>

#include <type_traits>

#include <doctest/doctest.h>

namespace {

// Two leaves are never the same fault: a handler for one must not catch the other.
template <class Leaf, class... Others>
constexpr bool unrelated = (!std::is_base_of_v<Leaf, Others> && ...);
static_assert(unrelated<vade::ShapeError, vade::ValueError, vade::StateError, vade::FileError, vade::TrainingError>);
static_assert(unrelated<vade::ValueError, vade::ShapeError, vade::StateError, vade::FileError, vade::TrainingError>);
static_assert(unrelated<vade::StateError, vade::ShapeError, vade::ValueError, vade::FileError, vade::TrainingError>);
static_assert(unrelated<vade::FileError, vade::ShapeError, vade::ValueError, vade::StateError, vade::TrainingError>);
static_assert(unrelated<vade::TrainingError, vade::ShapeError, vade::ValueError, vade::StateError, vade::FileError>);

}  // namespace

TEST_CASE_TEMPLATE("Every leaf is an Error and a std::runtime_error, and keeps its message", Leaf, vade::Error,
                   vade::ShapeError, vade::ValueError, vade::StateError, vade::FileError, vade::TrainingError) {
  const auto fail = [] { throw Leaf(std::string("fit: x is [2 x 3]")); };
  CHECK_THROWS_WITH_AS(fail(), "fit: x is [2 x 3]", Leaf);
  CHECK_THROWS_WITH_AS(fail(), "fit: x is [2 x 3]", vade::Error);
  CHECK_THROWS_WITH_AS(fail(), "fit: x is [2 x 3]", std::runtime_error);
  CHECK_THROWS_WITH_AS(fail(), "fit: x is [2 x 3]", std::exception);
}
