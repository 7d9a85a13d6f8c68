#include <vade/models/vade_objective.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include <doctest/doctest.h>

using vade::Batch;
using vade::Index;
using vade::Matrix;
using vade::MixtureParameters;
using vade::Network;
using vade::ResponsibilityKind;
using vade::Tape;
using vade::VadeObjective;
using vade::VadeObjectiveOptions;

static_assert(vade::Objective<VadeObjective<float>, float>);

namespace {

constexpr Index rows_in_all = 40;

vade::Dataset images() {
  std::vector<std::uint8_t> bytes(rows_in_all * 36);
  vade::RandomStream stream(1, vade::Purpose::user);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(stream.below(256));
  return vade::Dataset::from_bytes(std::move(bytes), rows_in_all, 36, vade::ImageShape{6, 6});
}

struct Setup {
  Network<double> network{{.inputs = 36, .hidden = {10}, .latent = 3, .seed = 2}};
  MixtureParameters<double> mixture{4, 3};
  vade::Dataset data = images();
  Tape<double> tape;
  std::vector<Index> rows{0, 7, 20, 33, 39};

  Setup() {
    vade::fill_normal(mixture.means.value(), 5, vade::Purpose::user);
    vade::fill_normal(mixture.weight_logits.value(), 6, vade::Purpose::user);
  }

  vade::Losses<double, 6> record(VadeObjective<double>& objective, double epoch) {
    tape.clear();
    const auto x = tape.constant(static_cast<Index>(rows.size()), 36);
    data.gather<double>(rows, x.mutable_value());
    return objective.record(
        Batch<double>{.x = x, .data = data, .rows = rows, .epoch = epoch, .epochs = 10, .seed = 1, .draw = 4});
  }
};

const vade::ImageAugmentation views{.rotation_degrees = 20, .shear = 0.2, .scale = 0.1, .shift = 4.7};

}  // namespace

TEST_CASE("Weight 0 of the consistency term is plain VaDE, bit for bit") {
  Setup s;
  VadeObjective<double> plain(s.network, s.mixture, {}, s.data);
  const double loss = s.record(plain, 3.0).loss.scalar();
  VadeObjectiveOptions options;
  options.consistency = {.weight = vade::Schedule::constant(0), .balance = 5, .augmentation = views};
  VadeObjective<double> off(s.network, s.mixture, options, s.data);
  CHECK(s.record(off, 3.0).loss.scalar() == loss);
}

TEST_CASE("The consistency term is there while its weight is, and leaves the mixture's gradient alone") {
  Setup s;
  VadeObjective<double> plain(s.network, s.mixture, {}, s.data);
  s.tape.backward(s.record(plain, 5.0).loss);
  const Matrix<double> means_gradient = s.mixture.means.gradient();
  const Matrix<double> logits_gradient = s.mixture.weight_logits.gradient();
  const Matrix<double> encoder_gradient = s.network.encoder.head().weight().gradient();

  VadeObjectiveOptions options;
  options.consistency = {.weight = vade::Schedule::drop(7, 0, 0.2), .balance = 0.5, .augmentation = views};
  VadeObjective<double> consistent(s.network, s.mixture, options, s.data);
  const auto during = s.record(consistent, 5.0);
  CHECK(during.terms[5].scalar() != 0);
  s.tape.backward(during.loss);
  CHECK(s.mixture.means.gradient() == means_gradient);
  CHECK(s.mixture.weight_logits.gradient() == logits_gradient);
  CHECK(s.network.encoder.head().weight().gradient() != encoder_gradient);
  CHECK(s.record(consistent, 7.9).terms[5].scalar() != 0);
  CHECK(s.record(consistent, 8.0).terms[5].scalar() == 0);
}

TEST_CASE("The weight of the consistency term follows its schedule") {
  Setup s;
  VadeObjective<double> plain(s.network, s.mixture, {}, s.data);
  VadeObjectiveOptions options;
  options.consistency = {.weight = vade::Schedule::linear(20), .balance = 0.5, .augmentation = views};
  VadeObjective<double> falling(s.network, s.mixture, options, s.data);
  for (const double epoch : {0.0, 5.0, 9.5}) {
    const double bound = s.record(plain, epoch).loss.scalar();
    const auto losses = s.record(falling, epoch);
    CHECK(losses.loss.scalar() ==
          doctest::Approx(bound + (20 - 2 * epoch) * losses.terms[5].scalar()).epsilon(1e-12));
  }
}

TEST_CASE("Frozen responsibilities are used in the freeze epochs and forgotten afterwards") {
  Setup s;
  VadeObjectiveOptions options;
  options.freeze_epochs = 2;
  Matrix<double> frozen = Matrix<double>::Zero(rows_in_all, 4);
  frozen.col(2).setOnes();
  VadeObjective<double> plain(s.network, s.mixture, {}, s.data);
  VadeObjective<double> freezing(s.network, s.mixture, options, s.data, frozen);
  const auto early = s.record(freezing, 1.5);
  CHECK(early.terms[2].scalar() == doctest::Approx(std::log(s.mixture.weights()(2))));  // E[log p(c)] = log π_2
  CHECK(early.terms[4].scalar() == 0);                                                  // γ is certain
  const double bound_early = early.loss.scalar();
  const double own = s.record(plain, 1.5).loss.scalar();
  CHECK(own < bound_early);  // the exact γ maximises the bound
  CHECK(s.record(freezing, 2.0).loss.scalar() == own);
}

TEST_CASE("After the freeze, views are held to the partition of the start, or to γ as it is now") {
  Setup s;
  VadeObjectiveOptions options;
  options.freeze_epochs = 1;
  options.consistency = {.weight = vade::Schedule::constant(3), .balance = 0.4, .augmentation = views};
  const auto term = [&](vade::ConsistencyTarget target, const Matrix<double>& frozen) {
    options.consistency.target = target;
    VadeObjective<double> objective(s.network, s.mixture, options, s.data, frozen);
    return s.record(objective, 5.0).terms[5].scalar();
  };
  using vade::ConsistencyTarget;
  Matrix<double> first = Matrix<double>::Zero(rows_in_all, 4), third = first;
  first.col(0).setOnes();
  third.col(2).setOnes();
  const double at_first = term(ConsistencyTarget::start, first), at_third = term(ConsistencyTarget::start, third);
  CHECK(at_first != at_third);
  // Linear in the target: −Σ_c t_c log γ′_c.
  CHECK(term(ConsistencyTarget::start, 0.25 * first + 0.75 * third) ==
        doctest::Approx(0.25 * at_first + 0.75 * at_third).epsilon(1e-12));
  const double own = term(ConsistencyTarget::own, {});
  CHECK(term(ConsistencyTarget::own, first) == own);
  CHECK(term(ConsistencyTarget::start, {}) == own);  // a start without a partition
  CHECK(own != at_first);
}

TEST_CASE("A mean teacher: views are held to γ of the moving average of the weights") {
  Setup s;
  VadeObjectiveOptions options;
  options.consistency = {.weight = vade::Schedule::constant(3),
                         .target = vade::ConsistencyTarget::average,
                         .teacher_decay = 0.2,
                         .augmentation = views};
  VadeObjective<double> taught(s.network, s.mixture, options, s.data);
  options.consistency.target = vade::ConsistencyTarget::own;
  VadeObjective<double> own(s.network, s.mixture, options, s.data);
  const auto term = [&](VadeObjective<double>& objective) { return s.record(objective, 5.0).terms[5].scalar(); };
  CHECK(term(taught) == doctest::Approx(term(own)).epsilon(1e-12));  // the average begins at the weights

  const auto parameters = [&] {
    auto all = vade::parameters_of<double>(s.network.encoder);
    for (auto* p : vade::parameters_of<double>(s.mixture)) all.push_back(p);
    return all;
  }();
  std::vector<Matrix<double>> before, now;
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    before.push_back(parameters[k]->value());
    Matrix<double> step(parameters[k]->rows(), parameters[k]->cols());
    vade::fill_normal(step, 20 + k, vade::Purpose::user);
    parameters[k]->value() += 0.3 * step;
    now.push_back(parameters[k]->value());
  }
  const double second = term(taught);
  CHECK(std::abs(second - term(own)) > 1e-3);
  for (std::size_t k = 0; k < parameters.size(); ++k) CHECK(parameters[k]->value() == now[k]);
  // By hand: the teacher's weights are a = 0.2 a + 0.8 w, and its γ the fixed target.
  for (std::size_t k = 0; k < parameters.size(); ++k) parameters[k]->value() = 0.2 * before[k] + 0.8 * now[k];
  s.tape.clear();
  const auto x = s.tape.constant(rows_in_all, 36);
  std::vector<Index> all(rows_in_all);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Index>(i);
  s.data.gather<double>(all, x.mutable_value());
  const Matrix<double> target =
      std::as_const(s.mixture).on(s.tape).responsibilities(std::as_const(s.network).encoder(x)).value();
  for (std::size_t k = 0; k < parameters.size(); ++k) parameters[k]->value() = now[k];
  options.consistency.target = vade::ConsistencyTarget::start;
  VadeObjective<double> by_hand(s.network, s.mixture, options, s.data, target);
  CHECK(second == doctest::Approx(term(by_hand)).epsilon(1e-12));
}

TEST_CASE("Exact responsibilities give a bound at least as high as sampled ones") {
  Setup s;
  VadeObjectiveOptions sampled;
  sampled.responsibilities = ResponsibilityKind::sampled;
  VadeObjective<double> exact(s.network, s.mixture, {}, s.data);
  VadeObjective<double> paper(s.network, s.mixture, sampled, s.data);
  CHECK(s.record(exact, 0.0).loss.scalar() < s.record(paper, 0.0).loss.scalar());
}

TEST_CASE("B.1, B.11: several draws average the reconstruction and sampled responsibilities, and nothing else") {
  Setup s;
  VadeObjective<double> one(s.network, s.mixture, {}, s.data);
  VadeObjective<double> four(s.network, s.mixture, {.samples = 4}, s.data);
  const auto single = s.record(one, 3.0);
  std::array<double, 6> exact{};
  for (std::size_t k = 1; k < 6; ++k) exact[k] = single.terms[k].scalar();
  const double first = single.terms[0].scalar();
  const auto several = s.record(four, 3.0);
  for (std::size_t k = 1; k < 6; ++k) CHECK(several.terms[k].scalar() == exact[k]);

  const auto x = s.tape.constant(s.data.matrix<double>()(s.rows, Eigen::all));
  const auto q = s.network.encoder(x);
  const Matrix<double> noise = vade::posterior_noise(s.tape, s.rows, 3, 1, 4, 4).value();
  Matrix<double> gamma = Matrix<double>::Zero(5, 4);
  double reconstruction = 0;
  for (Index l = 0; l < 4; ++l) {
    Matrix<double> own(5, 3);
    for (Index b = 0; b < 5; ++b) own.row(b) = noise.row(4 * b + l);
    const auto z = q.sample(s.tape.constant(own));
    const double drawn = s.network.observation.mean_log_prob(s.network.decoder(z), x).scalar();
    if (l == 0) CHECK(drawn == doctest::Approx(first).epsilon(1e-14));
    reconstruction += drawn / 4;
    gamma += vade::sampled_responsibilities(z, s.tape.constant(s.mixture.weight_logits.value()),
                                            s.tape.constant(s.mixture.means.value()),
                                            s.tape.constant(s.mixture.log_variances.value()))
                 .value() /
             4;
  }
  CHECK(several.terms[0].scalar() == doctest::Approx(reconstruction).epsilon(1e-12));

  VadeObjective<double> sampled(
      s.network, s.mixture, {.responsibilities = ResponsibilityKind::sampled, .samples = 4}, s.data);
  const double cluster_prior =
      (gamma * s.mixture.weights().array().log().matrix().transpose()).mean();  // E[log p(c)] = Σ_c γ_c log π_c
  CHECK(s.record(sampled, 3.0).terms[2].scalar() == doctest::Approx(cluster_prior).epsilon(1e-12));
  CHECK_THROWS_WITH_AS(VadeObjectiveOptions{.samples = 0}.check(10), doctest::Contains("samples is 0"),
                       vade::ValueError);
}

TEST_CASE("Networks and mixture are groups of their own, with their own rates") {
  Setup s;
  VadeObjectiveOptions options;
  options.mixture_rate = 0.25;
  VadeObjective<double> objective(s.network, s.mixture, options, s.data);
  const auto groups = objective.groups();
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].rate == 1);
  CHECK(groups[1].rate == 0.25);
  CHECK(groups[1].parameters.size() == 3);
}

TEST_CASE("At the end of an epoch the record has health and the distance of the closest centres in σ") {
  Setup s;
  s.mixture.means.value().setZero();
  for (Index c = 0; c < 3; ++c) s.mixture.means.value()(c, c) = 6 / std::sqrt(2.0);
  s.mixture.means.value()(3, 0) = -6;
  VadeObjective<double> objective(s.network, s.mixture, {}, s.data);
  s.record(objective, 0.0);
  vade::EpochRecord record;
  objective.end_epoch(record);
  CHECK(record.term("closest_centres") == doctest::Approx(6));
  CHECK(record.term("effective_clusters") > 0);
}

TEST_CASE("EM moves the mixture from the second step on, and the optimizer leaves it alone") {
  Setup s;
  VadeObjectiveOptions options;
  options.mixture = vade::MixtureUpdate::em;
  VadeObjective<double> objective(s.network, s.mixture, options, s.data);
  CHECK(objective.groups().size() == 1);
  const Matrix<double> drawn = s.mixture.means.value();
  const double first = s.record(objective, 0.0).loss.scalar();
  CHECK(s.mixture.means.value() == drawn);
  const double second = s.record(objective, 0.1).loss.scalar();
  CHECK(s.mixture.means.value() != drawn);
  CHECK(second < first);  // the same rows and draws: M.9 to M.11 raise the bound for the γ that were, and the new γ once more
  VadeObjective<double> plain(s.network, s.mixture, {}, s.data);
  CHECK(plain.groups().size() == 2);
}

TEST_CASE("With view strength 0 a row is its own view, nothing is asked of the data, and images are watched all the same") {
  Setup s;
  VadeObjectiveOptions options;
  options.consistency = {.weight = vade::Schedule::constant(3), .balance = 0.4, .augmentation = views, .view_strength = 0};
  VadeObjective<double> held(s.network, s.mixture, options, s.data);
  const auto own = s.record(held, 5.0);
  const double term = own.terms[5].scalar();
  s.tape.backward(own.loss);
  const Matrix<double> gradient = s.network.encoder.head().weight().gradient();
  options.consistency.augmentation =
      vade::ImageAugmentation{.rotation_degrees = 0, .shear = 0, .scale = 0, .shift = 0};  // such views are the rows
  options.consistency.view_strength = 1;
  VadeObjective<double> drawn(s.network, s.mixture, options, s.data);
  const auto same = s.record(drawn, 5.0);
  s.tape.backward(same.loss);
  CHECK(term == doctest::Approx(same.terms[5].scalar()).epsilon(1e-12));
  CHECK(gradient.isApprox(s.network.encoder.head().weight().gradient(), 1e-10));

  vade::EpochRecord record{.epoch = 1};
  held.end_epoch(record);
  CHECK(record.term("agreement") > 0);
  CHECK(record.term("agreement") <= 1);
  CHECK(record.term("view_information") >= 0);

  const vade::Dataset numbers = vade::Dataset::from_matrix(s.data.matrix<double>());
  CHECK_THROWS_AS(VadeObjective<double>(s.network, s.mixture, options, numbers), vade::ValueError);
  options.consistency.view_strength = 0;
  VadeObjective<double> of_numbers(s.network, s.mixture, options, numbers);
  CHECK(s.record(of_numbers, 5.0).terms[5].scalar() == doctest::Approx(term));
  options.consistency.view_strength = -1;
  CHECK_THROWS_AS(options.check(20), vade::ValueError);
}

TEST_CASE("A dead cluster takes half of the largest one after the freeze, if it may, and the record says so") {
  for (const bool revive : {false, true}) {
    CAPTURE(revive);
    Setup s;
    s.mixture.means.value().row(3).setConstant(50);  // no code is near
    VadeObjectiveOptions options;
    options.revive = revive;
    options.freeze_epochs = 2;
    VadeObjective<double> objective(s.network, s.mixture, options, s.data);
    const Matrix<double> before = s.mixture.means.value();
    vade::EpochRecord early{.epoch = 1, .epochs = 4}, late{.epoch = 2, .epochs = 4};
    s.record(objective, 0.5);
    objective.end_epoch(early);
    CHECK(s.mixture.means.value() == before);
    s.record(objective, 1.5);
    objective.end_epoch(late);
    CHECK((s.mixture.means.value() == before) == !revive);
    const auto says = [&](const std::string& word) {
      return std::ranges::any_of(late.alarms, [&](const std::string& alarm) { return alarm.find(word) != std::string::npos; });
    };
    CHECK(says("cluster 3 is dead"));
    CHECK(says("cluster 3 is revived") == revive);
    if (!revive) continue;
    s.record(objective, 2.5);
    vade::EpochRecord next{.epoch = 3, .epochs = 4};
    objective.end_epoch(next);
    CHECK(next.term("smallest_share") > late.term("smallest_share"));
    s.mixture.means.value().row(3).setConstant(50);
    const Matrix<double> dead = s.mixture.means.value();
    s.record(objective, 3.5);
    vade::EpochRecord last{.epoch = 4, .epochs = 4};
    objective.end_epoch(last);
    CHECK(s.mixture.means.value() == dead);  // nothing would train the two halves
    CHECK(last.alarms.size() == 1);
  }
  VadeObjectiveOptions both;
  both.revive = true;
  both.mixture = vade::MixtureUpdate::em;
  CHECK_THROWS_AS(both.check(20), vade::ValueError);
}

TEST_CASE("Agreement is that of a row and its view, whatever the target is, and is looked at where no view is drawn") {
  Setup s;
  Matrix<double> frozen = Matrix<double>::Zero(rows_in_all, 4);
  frozen.col(1).setOnes();  // not the partition of the model
  VadeObjectiveOptions options;
  options.consistency = {.weight = vade::Schedule::drop(3, 0, 0.5), .augmentation = vade::NoiseCorruption{}, .view_strength = 1};
  VadeObjective<double> objective(s.network, s.mixture, options, s.data, frozen);
  s.record(objective, 1);
  vade::EpochRecord drawn{.epoch = 1, .epochs = 10}, watched{.epoch = 9, .epochs = 10};
  objective.end_epoch(drawn);
  CHECK(drawn.term("agreement") == 1);  // noise of 0: each view is its row
  s.record(objective, 8);
  objective.end_epoch(watched);
  CHECK(watched.term("agreement") == 1);
  CHECK(watched.term("view_information") >= 0);
}

TEST_CASE("Adversarial views are turned by γ as it is: they ask for more than the rows themselves, of rows of numbers, too") {
  Setup s;
  const vade::Dataset numbers = vade::Dataset::from_matrix(s.data.matrix<double>());
  VadeObjectiveOptions options;
  const auto term = [&](double radius) {
    options.consistency = {.weight = vade::Schedule::constant(3),
                           .balance = 0,
                           .augmentation = vade::AdversarialAugmentation{.radius = radius, .neighbours = 3}};
    VadeObjective<double> objective(s.network, s.mixture, options, numbers);
    const auto losses = s.record(objective, 5.0);
    const double value = losses.terms[5].scalar();
    s.tape.backward(losses.loss);
    return value;
  };
  const double at_rows = term(0);
  CHECK(term(0.2) > at_rows);
  CHECK(term(1) > term(0.2));
  CHECK(s.network.encoder.head().weight().gradient().allFinite());
}
