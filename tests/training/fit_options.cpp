#include <vade/training/fit_options.hpp>

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace fit_options_tests {

using vade::FitOptions;

TEST_CASE("Options out of range are refused by name") {
  CHECK_NOTHROW(FitOptions{}.check());
  CHECK_NOTHROW(FitOptions{.epochs = 0}.check());
  CHECK_THROWS_WITH_AS(FitOptions{.epochs = -1}.check(), doctest::Contains("epochs"), vade::ValueError);
  CHECK_NOTHROW(FitOptions{.epochs = FitOptions::most_epochs}.check());
  CHECK_THROWS_WITH_AS(FitOptions{.epochs = FitOptions::most_epochs + 1}.check(), doctest::Contains("epochs"), vade::ValueError);
  CHECK_THROWS_WITH_AS(FitOptions{.batch = 0}.check(), doctest::Contains("batch"), vade::ValueError);
  CHECK_THROWS_WITH_AS(FitOptions{.clip_norm = -1}.check(), doctest::Contains("clip_norm"), vade::ValueError);
  CHECK_THROWS_WITH_AS(FitOptions{.average_decay = 1}.check(), doctest::Contains("average_decay"), vade::ValueError);
  CHECK_THROWS_WITH_AS(FitOptions{.adam = {.beta1 = 1}}.check(), doctest::Contains("beta1"), vade::ValueError);
}

TEST_CASE("Every option is visited, under its name") {
  std::set<std::string> names;
  FitOptions{}.for_each_option([&](const char* name, const auto&) { names.insert(name); });
  CHECK(names == std::set<std::string>{"adam", "average_decay", "batch", "clip_norm", "epochs", "learning_rate"});
}

}  // namespace fit_options_tests
