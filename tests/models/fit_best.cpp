#include <vade/models/fit_best.hpp>

#include <doctest/doctest.h>

#include "battery.hpp"

namespace fit_best_tests {

using vade::BestFit;
using vade::Vade;

namespace {

const vade::RestartOptions three{.restarts = 3, .augmentation = vade::NeighbourAugmentation{.neighbours = 3}};

vade::VadeFitOptions short_fit(int epochs = 4) {
  return {.start = vade::AutoencoderStart{.fit = {.epochs = epochs, .batch = 30}, .mixture_restarts = 1},
          .fit = {.epochs = epochs, .batch = 30}};
}

Vade<float> small_model() { return Vade<float>({.network = battery::small, .clusters = 3}); }

}  // namespace

TEST_CASE("The best of several fits is kept, and is the fit of its seed, to the byte") {
  const vade::Dataset data = toy::patterns(90, battery::inputs, 3).images;
  Vade<float> model = small_model();
  const BestFit best = vade::fit_best(model, data, short_fit(), three);
  REQUIRE(best.restarts.size() == 3);
  const vade::Restart& chosen = best.restarts[best.chosen];
  for (const vade::Restart& other : best.restarts) {
    const bool fewer_alarms = chosen.health.alarms.size() < other.health.alarms.size();
    const bool as_many = chosen.health.alarms.size() == other.health.alarms.size();
    CHECK((fewer_alarms || (as_many && chosen.health.view_information >= other.health.view_information)));
  }
  CHECK(best.restarts[0].seed != best.restarts[1].seed);
  CHECK(best.restarts[0].health.view_information != best.restarts[1].health.view_information);

  Vade<float> alone(Vade<float>(model.options()));
  CHECK(model.options().network.seed == chosen.seed);
  alone.fit(data, short_fit());
  CHECK(alone.predict_proba(data) == model.predict_proba(data));
  CHECK(alone.elbo(data).bound() == chosen.bound);
}

TEST_CASE("What all fits did is in the report, and the reason says what decided") {
  const vade::Dataset data = toy::patterns(90, battery::inputs, 3).images;
  Vade<float> model = small_model();
  const BestFit best = vade::fit_best(model, data, short_fit(), three);
  CHECK(best.report.history.size() == 3 * 8);
  double seconds = 0;
  for (const vade::Restart& restart : best.restarts) seconds += restart.seconds;
  CHECK(best.report.seconds == doctest::Approx(seconds));
  CHECK(best.reason.starts_with("fit " + std::to_string(best.chosen + 1) + " of 3 is kept: "));
  CHECK(best.reason.find("; the others: ") != std::string::npos);
}

TEST_CASE("One restart is a fit") {
  const vade::Dataset data = toy::patterns(60, battery::inputs, 3).images;
  Vade<float> model = small_model(), alone = small_model();
  const BestFit best = vade::fit_best(model, data, short_fit(), {.restarts = 1, .augmentation = three.augmentation});
  alone.fit(data, short_fit());
  CHECK(model.predict_proba(data) == alone.predict_proba(data));
  CHECK(best.reason.find("others") == std::string::npos);
}

TEST_CASE("A fit that cannot go on is passed over, and said so; if none can, the last one's error is thrown") {
  const vade::Dataset data = toy::patterns(90, battery::inputs, 3).images;
  for (const int failing : {0, 1, 2}) {
    Vade<float> model = small_model();
    int epochs = 0;
    vade::Observer observer;
    observer.on_epoch = [&](const vade::EpochRecord&) {
      if (epochs++ == failing * 8) throw vade::TrainingError("planted");
      if (epochs == failing * 8 + 1) epochs += 7;
    };
    const BestFit best = vade::fit_best(model, data, short_fit(), three, observer);
    REQUIRE(best.restarts.size() == 3);
    CHECK(best.restarts[static_cast<std::size_t>(failing)].error == "planted");
    CHECK(best.chosen != static_cast<std::size_t>(failing));
    CHECK(best.reason.find("planted") != std::string::npos);
    CHECK(model.fitted());
    CHECK(best.report.history.size() == 2 * 8);
  }
  Vade<float> model = small_model();
  vade::Observer observer;
  observer.on_epoch = [](const vade::EpochRecord&) { throw vade::TrainingError("planted"); };
  CHECK_THROWS_WITH_AS(vade::fit_best(model, data, short_fit(), three, observer), "planted", vade::TrainingError);
  CHECK_FALSE(model.fitted());
}

TEST_CASE("A stop request ends the fit in progress, and the best of the whole fits is kept") {
  const vade::Dataset data = toy::patterns(60, battery::inputs, 3).images;
  for (const int stop_in : {1, 2}) {
    std::stop_source source;
    int fits = 0;
    const vade::Observer observer{.on_step = {}, .on_epoch = [&](const vade::EpochRecord& record) {
                                    fits += record.stage == "autoencoder" && record.epoch == 1;
                                    if (fits == stop_in) source.request_stop();
                                  }};
    Vade<float> model = small_model();
    const BestFit best = vade::fit_best(model, data, short_fit(), three, observer, source.get_token());
    CHECK(best.report.stop == vade::StopReason::cancelled);
    CHECK(best.restarts.size() == 1);
    CHECK(model.fitted());
    CHECK(model.options().network.seed == small_model().options().network.seed);
  }
}

TEST_CASE("No restarts, and views that the data cannot have, are refused before anything is fitted") {
  const vade::Dataset data = toy::patterns(60, battery::inputs, 3).images;
  Vade<float> model = small_model();
  CHECK_THROWS_WITH_AS(vade::fit_best(model, data, short_fit(), {.restarts = 0, .augmentation = three.augmentation}),
                       doctest::Contains("restarts is 0"), vade::ValueError);
  CHECK_THROWS_AS(vade::fit_best(model, data, short_fit(),
                                 {.restarts = 2, .augmentation = vade::NeighbourAugmentation{.neighbours = 60}}),
                  vade::ValueError);
  CHECK_FALSE(model.fitted());
}

TEST_CASE("Noise that leaves [0, 1] is a view that a Bernoulli model can be asked about") {
  const vade::Dataset data = toy::patterns(60, battery::inputs, 3).images;
  Vade<float> model = small_model();
  const BestFit best =
      vade::fit_best(model, data, short_fit(1), {.restarts = 1, .augmentation = vade::NoiseCorruption{.noise = 0.5}});
  CHECK(best.restarts[0].health.agreement > 0);
}

}  // namespace fit_best_tests
