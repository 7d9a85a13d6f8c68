// The ways to end useless, each made to happen: the table of docs/guide.md, "When a fit ends and is of no use".
#include <vade/models/observation_fit.hpp>

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include <vade/metrics/clustering.hpp>
#include <vade/models/fit_vade.hpp>
#include <vade/models/fit_vae.hpp>

#include "../support/toy_data.hpp"

namespace observation_fit_tests {

using vade::FitReport;
using vade::Index;
using vade::Matrix;
using vade::Schedule;

constexpr auto gaussian = vade::Likelihood::gaussian;

/// Three clusters in columns that vary by about 0.035 around 0.5.
vade::LabelledDataset faint(Index columns, float unit = 1) {
  Matrix<float> x(300, columns);
  vade::Labels labels;
  vade::fill_normal(x, 1, vade::Purpose::user);
  for (Index i = 0; i < x.rows(); ++i) {
    labels.push_back(static_cast<vade::Label>(i % 3));
    for (Index j = 0; j < columns; ++j) x(i, j) = unit * (0.5f + 0.02f * x(i, j) + 0.06f * (j % 3 == i % 3));
  }
  return {vade::Dataset::from_matrix(std::move(x)), labels};
}

bool says(const std::vector<std::string>& alarms, const std::string& text) {
  return std::ranges::any_of(alarms, [&](const std::string& alarm) { return alarm.find(text) != std::string::npos; });
}

bool says(const FitReport& report, const std::string& text) {
  return std::ranges::any_of(report.history, [&](const auto& record) { return says(record.alarms, text); });
}

TEST_CASE("A variance that is orders above the columns' is reported at once, and codes that die of it and a decoder that ignores them") {
  vade::Vae<float> model({.inputs = 12, .hidden = {16}, .latent = 5, .likelihood = gaussian});
  const FitReport report = model.fit(faint(12).images, {.fit = {.epochs = 60, .batch = 50, .learning_rate = Schedule::constant(5e-3)}});
  CHECK(says(report.history[0].alarms, "s² is 1, but the columns have variances of 0.001"));
  CHECK(says(report.history[0].alarms, ": scale them, lower observation_variance, or learn it"));
  const auto& last = report.history.back();
  CHECK(last.term("active_codes") == 0);
  CHECK(last.term("most_code_nats") < 0.01);
  CHECK(last.term("codes_gain") < 0.1);
  CHECK(last.term("residual_ratio") < 0.01);
  CHECK(says(last.alarms, "of 5 codes 0 carry more than 0.01 nats"));
  CHECK(says(last.alarms, "it ignores the codes"));
  CHECK(says(last.alarms, "times s², wanted 1: lower observation_variance"));
  CHECK(model.elbo(faint(12).images).kl() < 0.1);
}

TEST_CASE("A decoder that ignores codes which are alive is reported") {
  Matrix<float> x = 30.0f * faint(12).images.matrix<float>();
  x.rowwise() -= vade::RowVector<float>(x.colwise().mean());
  vade::Vae<float> model({.inputs = 12, .hidden = {16}, .latent = 2, .likelihood = gaussian, .observation_variance = 1e4});
  const FitReport report =
      model.fit(vade::Dataset::from_matrix(x), {.fit = {.epochs = 6, .batch = 50}, .kl_weight = Schedule::constant(0)});
  CHECK(report.history.back().term("active_codes") == 2);
  CHECK(says(report.history.back().alarms, "it ignores the codes"));
  CHECK_FALSE(says(report.history[1].alarms, "it ignores the codes"));  // there is time yet
}

TEST_CASE("Columns in units that networks are not made for, and a variance far below theirs, are reported at once") {
  vade::Vae<float> model({.inputs = 12, .hidden = {16}, .latent = 2, .likelihood = gaussian, .learn_observation_variance = true});
  const FitReport report = model.fit(faint(12, 1e-4f).images, {.fit = {.epochs = 1}});
  CHECK(says(report.history[0].alarms, "centre them, and scale them to vary by about 1"));
  vade::Vae<float> sure({.inputs = 12, .hidden = {16}, .latent = 2, .likelihood = gaussian, .observation_variance = 1e-8});
  CHECK(says(sure.fit(faint(12).images, {.fit = {.epochs = 1}}).history[0].alarms, "raise observation_variance, or learn it"));
}

TEST_CASE("More weights than numbers in the rows are reported at once") {
  const vade::Dataset few = toy::patterns(30, 12, 3).images;
  vade::Vae<float> wide({.inputs = 12, .hidden = {64}, .latent = 2}), narrow({.inputs = 12, .hidden = {4}, .latent = 2});
  CHECK(says(wide.fit(few, {.fit = {.epochs = 1}}).history[0].alarms, "they can learn the rows by heart"));
  CHECK_FALSE(says(narrow.fit(few, {.fit = {.epochs = 1}}).history[0].alarms, "by heart"));
}

TEST_CASE("A partition of the start that training gives up is reported") {
  const Matrix<float> noise = faint(12).images.matrix<float>();
  vade::Labels labels;  // of nothing in the rows
  for (Index i = 0; i < noise.rows(); ++i) labels.push_back(static_cast<vade::Label>(i * i / 7 % 3));
  vade::Vade<float> model({.network = {.inputs = 12, .hidden = {16}, .latent = 3, .likelihood = gaussian}, .clusters = 3});
  const FitReport report = model.fit(vade::Dataset::from_matrix(noise),
                                     {.start = vade::PartitionStart{.labels = labels},
                                      .fit = {.epochs = 30, .batch = 50, .learning_rate = Schedule::constant(5e-3)}});
  CHECK(says(report, "of the start are one"));
}

TEST_CASE("Learned variances that are held at their floor are reported") {
  const auto data = faint(4).images;
  vade::Observation<float> observation(
      {.inputs = 4, .latent = 1, .likelihood = gaussian, .learn_observation_variance = true});
  vade::ObservationFit<float> fit(observation, 10);
  const Matrix<float> x = data.matrix<float>();
  for (const bool exact : {false, true}) {
    Matrix<float> decoded = x;
    if (!exact) decoded.array() += 0.02f;
    fit.begin_step(data);
    fit.observe(x, decoded, 1);
    vade::EpochRecord record{.epoch = 5, .epochs = 9, .terms = {{"reconstruction", 10.0}}};
    fit.finish(record);
    CHECK(record.term("variances_at_floor") == (exact ? 1 : 0));
    CHECK(says(record.alarms, "is held at a millionth of the column's variance: fewer codes") == exact);
  }
}

TEST_CASE("A healthy fit has no alarm, with a given and with a learned variance") {
  Matrix<float> x = 30.0f * faint(12).images.matrix<float>();
  x.rowwise() -= vade::RowVector<float>(x.colwise().mean());
  const auto data = vade::Dataset::from_matrix(x);
  for (const bool learn : {false, true}) {
    const vade::NetworkOptions network{.inputs = 12, .hidden = {16}, .latent = 2, .likelihood = gaussian,
                                       .observation_variance = 0.36, .learn_observation_variance = learn, .seed = 1};
    const vade::FitOptions fit{.epochs = 60, .batch = 50, .learning_rate = Schedule::cosine(1e-2, 0.05)};
    vade::Vae<float> vae(network);
    const FitReport of_vae = vae.fit(data, {.fit = fit});
    for (const auto& record : of_vae.history) {
      CAPTURE(record.epoch);
      for (const auto& alarm : record.alarms) CHECK_MESSAGE(false, alarm);
    }
    CHECK(of_vae.history.back().term("codes_gain") > 5);
    vade::Vade<float> model({.network = network, .clusters = 3});
    const FitReport report = model.fit(data, {.start = vade::AutoencoderStart{.fit = fit}, .fit = fit});
    for (const auto& record : report.history) {
      CAPTURE(record.stage);
      CAPTURE(record.epoch);
      for (const auto& alarm : record.alarms) CHECK_MESSAGE(false, alarm);
    }
    CHECK(vade::clustering_accuracy(faint(12).labels, model.predict(data)) > 0.99);
    CHECK(report.history.back().term("start_kept") > 0.99);
    if (learn) CHECK(static_cast<double>(model.observation().variances().mean()) == doctest::Approx(0.36).epsilon(0.2));
  }
}

}  // namespace observation_fit_tests
