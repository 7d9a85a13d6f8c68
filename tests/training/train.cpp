#include <vade/training/train.hpp>

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <vade/autodiff/arithmetic.hpp>
#include <vade/autodiff/pointwise.hpp>
#include <vade/autodiff/reductions.hpp>
#include <vade/nn/batch_norm.hpp>
#include <vade/nn/sequential.hpp>

#include "../support/folder.hpp"
#include "../support/message_of.hpp"
#include "../support/reference.hpp"
#include "../support/safetensors_parts.hpp"
#include "../support/toy_data.hpp"

namespace {

using vade::Batch;
using vade::EpochRecord;
using vade::FitOptions;
using vade::FitReport;
using vade::Index;
using vade::Losses;
using vade::Matrix;
using vade::Parameter;
using vade::ParameterGroup;
using vade::Schedule;
using vade::StopReason;
using vade::Tape;
using vade::Var;

/// Least squares for the mean of the rows: the minimum is known.
struct MeanObjective {
  static constexpr std::array<std::string_view, 1> term_names{"error"};
  Parameter<double> centre{"centre", Matrix<double>::Zero(1, 3)};
  std::vector<Index> visited;
  int epochs_ended = 0;
  double poison_after = std::numeric_limits<double>::infinity();

  Losses<double, 1> record(const Batch<double>& batch) {
    visited.insert(visited.end(), batch.rows.begin(), batch.rows.end());
    const Var<double> c = batch.x.tape().parameter(centre);
    Var<double> error = (1.0 / static_cast<double>(batch.x.rows())) * sum(square(batch.x - c));
    if (batch.epoch >= poison_after) error = error * batch.x.tape().constant(Matrix<double>::Constant(1, 1, std::nan("")));
    return {.loss = error, .terms = {error}};
  }
  std::vector<ParameterGroup<double>> groups() { return {{{&centre}, 1.0}}; }
  void end_epoch(EpochRecord& record) {
    ++epochs_ended;
    record.alarms.push_back("looked");
  }
};

static_assert(vade::Objective<MeanObjective, double> && !vade::Objective<MeanObjective, float>);

/// Two names for one term.
struct TooManyNames : MeanObjective {
  static constexpr std::array<std::string_view, 2> term_names{"error", "none"};
};
static_assert(!vade::Objective<TooManyNames, double>);

/// One name for two terms.
struct TooFewNames : MeanObjective {
  Losses<double, 2> record(const Batch<double>& batch) {
    const Losses<double, 1> losses = MeanObjective::record(batch);
    return {.loss = losses.loss, .terms = {losses.loss, losses.loss}};
  }
};
static_assert(!vade::Objective<TooFewNames, double>);

/// Names that are no array of string views.
struct BareNames : MeanObjective {
  static constexpr std::array<const char*, 1> term_names{"error"};
};
static_assert(!vade::Objective<BareNames, double>);

/// A loss, and a term, of whatever shape a test asks for.
struct ShapedObjective : MeanObjective {
  static constexpr std::array<std::string_view, 2> term_names{"error", "distance"};
  Index loss_rows = 1, term_columns = 1;

  Losses<double, 2> record(const Batch<double>& batch) {
    const Var<double> error = MeanObjective::record(batch).loss;
    Tape<double>& tape = batch.x.tape();
    return {.loss = error * tape.constant(Matrix<double>::Ones(loss_rows, 1)),
            .terms = {error, tape.constant(Matrix<double>::Ones(1, term_columns))}};
  }
};

/// Least squares for the mean of each row, by layers of which the first remembers statistics.
struct NormalisingObjective {
  using Layers = vade::Sequential<vade::BatchNormDense<double>, vade::Dense<double>>;
  static constexpr std::array<std::string_view, 1> term_names{"error"};
  Layers net{vade::BatchNormDense<double>("first", 3, 5, 1, 0),
             vade::Dense<double>("second", 5, 1, vade::Initialiser::glorot, 1, 1)};

  Losses<double, 1> record(const Batch<double>& batch) {
    const Var<double> wanted = batch.x.tape().constant(batch.x.value().rowwise().mean());
    const Var<double> error = vade::mean(square(net(batch.x) - wanted));
    return {.loss = error, .terms = {error}};
  }
  std::vector<ParameterGroup<double>> groups() { return {{vade::parameters_of<double>(net), 1.0}}; }
  void end_epoch(EpochRecord&) {}
  void for_each_state(auto&& visit) { net.for_each_state(visit); }

  /// What the layers give in inference, by the statistics that they remember.
  Matrix<double> outputs(const Matrix<double>& x) const {
    Tape<double> tape;
    return net(tape.constant(x)).value();
  }
};

vade::Dataset rows() {
  Matrix<double> x(10, 3);
  vade::fill_normal(x, 3, vade::Purpose::user);
  return vade::Dataset::from_matrix(x);
}

FitReport fit(MeanObjective& objective, const vade::Dataset& data, const FitOptions& options,
              const vade::Observer& observer = {}, std::stop_token stop = {}) {
  Tape<double> tape;
  return vade::train<double>(objective, tape, data, options, {"toy", 3}, 7, observer, stop);
}

}  // namespace

TEST_CASE("Training reaches the known minimum, and the record says so") {
  MeanObjective objective;
  const vade::Dataset data = rows();
  const FitReport report =
      fit(objective, data, {.epochs = 400, .batch = 10, .learning_rate = Schedule::cosine(0.1, 0.0)});
  const Matrix<double> mean = data.matrix<double>().colwise().mean();
  CHECK((objective.centre.value() - mean).cwiseAbs().maxCoeff() < 1e-3);
  CHECK(report.stop == StopReason::finished);
  REQUIRE(report.history.size() == 400);
  CHECK(report.history.back().loss < report.history.front().loss);
  CHECK(report.history.back().term("error") == doctest::Approx(report.history.back().loss));
  CHECK(report.history.back().gradient_norm < 0.05);
  CHECK(objective.epochs_ended == 400);
  CHECK(report.history.back().alarms == std::vector<std::string>{"looked"});
}

TEST_CASE("Each epoch visits every row once, in an order of its own, in batches of nearly equal size") {
  MeanObjective objective;
  std::vector<vade::Progress> steps;
  vade::Observer observer;
  observer.on_step = [&](const vade::Progress& p) { steps.push_back(p); };
  fit(objective, rows(), {.epochs = 2, .batch = 4}, observer);
  REQUIRE(objective.visited.size() == 20);
  const std::vector<Index> first(objective.visited.begin(), objective.visited.begin() + 10);
  const std::vector<Index> second(objective.visited.begin() + 10, objective.visited.end());
  CHECK(std::set<Index>(first.begin(), first.end()).size() == 10);
  CHECK(std::set<Index>(second.begin(), second.end()).size() == 10);
  CHECK(first != second);
  REQUIRE(steps.size() == 6);  // 3 + 3 + 4 rows, twice
  CHECK(steps[2].step == 3);
  CHECK(steps[2].steps == 3);
  CHECK(steps[3].epoch == 2);
}

TEST_CASE("Same seed, same bytes, for any number of threads") {
  std::vector<Matrix<double>> results;
  for (const int threads : {1, 2, 3, 7}) {
    vade::set_threads(threads);
    MeanObjective objective;
    fit(objective, rows(), {.epochs = 5, .batch = 3});
    MeanObjective of_many;  // batches of many tiles
    fit(of_many, vade::Dataset::from_matrix(reference::normal_matrix(20000, 3, 1)), {.epochs = 2, .batch = 10000});
    results.push_back(objective.centre.value());
    results.back().row(0) += of_many.centre.value().row(0);
  }
  vade::set_threads(1);
  for (const auto& result : results) CHECK(result == results.front());
}

TEST_CASE("A stage that a checkpoint cannot keep, and one whose epochs were taken, are refused") {
  const tests::Folder folder;
  const auto train = [](vade::Checkpoint& checkpoint, const std::string& stage) {
    MeanObjective objective;
    Tape<double> tape;
    vade::train<double>(objective, tape, rows(), {.epochs = 2, .batch = 5}, {stage, 3}, 7, {}, {}, &checkpoint);
    return objective.centre.value();
  };
  vade::Checkpoint checkpoint(folder.path / "run", 0);
  for (const std::string stage : {"a/b", "a\tb", "a\nb"}) CHECK_THROWS_AS(train(checkpoint, stage), vade::ValueError);
  const Matrix<double> once = train(checkpoint, "toy");
  CHECK_THROWS_WITH_AS(train(checkpoint, "toy"), doctest::Contains("the epochs of toy were taken already"), vade::ValueError);
  checkpoint.rewind();
  CHECK(train(checkpoint, "toy") == once);
  CHECK(checkpoint.steps() == 2);
}

TEST_CASE("A stop request ends training after the step in progress") {
  MeanObjective objective;
  std::stop_source source;
  vade::Observer observer;
  int steps = 0;
  observer.on_step = [&](const vade::Progress&) {
    if (++steps == 2) source.request_stop();
  };
  const FitReport report = fit(objective, rows(), {.epochs = 50, .batch = 2}, observer, source.get_token());
  CHECK(report.stop == StopReason::cancelled);
  CHECK(steps == 2);
  REQUIRE(report.history.size() == 1);
  CHECK(report.history[0].alarms.empty());  // the epoch was not finished: nobody looked at it
}

TEST_CASE("A stop request between two epochs begins no other") {
  MeanObjective objective;
  std::stop_source source;
  vade::Observer observer;
  observer.on_epoch = [&](const vade::EpochRecord& epoch) {
    if (epoch.epoch == 3) source.request_stop();
  };
  const FitReport report = fit(objective, rows(), {.epochs = 50, .batch = 2}, observer, source.get_token());
  CHECK(report.stop == StopReason::cancelled);
  CHECK(report.history.size() == 3);
  CHECK(report.history.back().alarms == std::vector<std::string>{"looked"});
  CHECK(objective.visited.size() == 30);
}

TEST_CASE("A loss that is not finite stops before the update: term, epoch and batch are named, parameters are kept") {
  MeanObjective objective;
  objective.poison_after = 1.5;
  Matrix<double> before;
  vade::Observer observer;
  observer.on_step = [&](const vade::Progress&) { before = objective.centre.value(); };
  const auto bad = [&] { fit(objective, rows(), {.epochs = 4, .batch = 5}, observer); };
  CHECK_THROWS_WITH_AS(bad(), "toy: epoch 2, batch 2: error is nan; the parameters are those before this step", vade::TrainingError);
  CHECK(objective.centre.value() == before);
}

namespace {

/// A probe that answers NaN where the centre is beyond 1e6.
struct ProbedObjective : MeanObjective {
  Var<double> probe(Var<double> x) const {
    const bool sound = centre.value().cwiseAbs().maxCoeff() < 1e6;
    return x.tape().constant(Matrix<double>::Constant(1, 1, sound ? 0.0 : std::nan("")));
  }
};

}  // namespace

TEST_CASE("Parameters that an update has ruined are found before the epoch is done, and those of the last good epoch come back") {
  const tests::Folder folder;
  const auto run = [&](auto& objective, const FitOptions& options) {
    Tape<double> tape;
    vade::Checkpoint checkpoint(folder.path / "run", 0);
    vade::train<double>(objective, tape, rows(), options, {"toy", 3}, 7, {}, {}, &checkpoint);
  };
  // The first two epochs are sound, the third leaves values that are finite and no use.
  ProbedObjective probed;
  const FitOptions ruin{.epochs = 5, .batch = 10, .learning_rate = Schedule::warm_up(0.1, 1e10, 2)};
  CHECK_THROWS_WITH_AS(run(probed, ruin),
                       "toy: at the end of epoch 2 the model has no finite answer about the rows it is trained on; the parameters "
                       "are those after epoch 1; a lower learning rate may help",
                       vade::TrainingError);
  CHECK(probed.centre.value().cwiseAbs().maxCoeff() < 1);
  CHECK(probed.epochs_ended == 1);
  const Matrix<double> kept = probed.centre.value();
  // The checkpoint still has the good epoch, and goes on from it.
  ProbedObjective again;
  CHECK_THROWS_AS(run(again, ruin), vade::TrainingError);
  CHECK(again.epochs_ended == 0);
  CHECK(again.centre.value() == kept);
  // In the first epoch there is none before.
  ProbedObjective at_once;
  Tape<double> tape;
  const FitOptions at_first{.epochs = 1, .batch = 10, .learning_rate = Schedule::constant(1e10)};
  CHECK_THROWS_WITH_AS(vade::train<double>(at_once, tape, rows(), at_first, {"toy", 3}, 7),
                       doctest::Contains("the parameters are those before the first epoch"), vade::TrainingError);
  CHECK(at_once.centre.value().isZero(0));
}

TEST_CASE("A step that cannot be taken leaves the parameters before it only where these are sound") {
  ProbedObjective late;
  late.poison_after = 1.5;
  const FitOptions late_ruin{.epochs = 5, .batch = 5, .learning_rate = Schedule::constant(0.1)};
  Tape<double> tape;
  vade::Observer observer;
  observer.on_step = [&](const vade::Progress& p) {
    if (p.epoch == 2) late.centre.value().setConstant(1e7);  // as an update would
  };
  CHECK_THROWS_WITH_AS(vade::train<double>(late, tape, rows(), late_ruin, {"toy", 3}, 7, observer),
                       doctest::Contains("error is nan; the parameters are those after epoch 1"), vade::TrainingError);
  CHECK(late.centre.value().cwiseAbs().maxCoeff() < 1);
}

TEST_CASE("A parameter that is not finite after an epoch is named, with one that the objective sets itself") {
  struct OwnObjective : MeanObjective {
    Parameter<double> own{"own", Matrix<double>::Zero(1, 2)};
    std::vector<Parameter<double>*> own_parameters() { return {&own}; }
    void end_epoch(EpochRecord& record) {
      if (record.epoch == 3) own.value()(0, 1) = std::numeric_limits<double>::infinity();
      else own.value()(0, 1) = record.epoch;
    }
  } objective;
  Tape<double> tape;
  CHECK_THROWS_WITH_AS(vade::train<double>(objective, tape, rows(), {.epochs = 5}, {"toy", 3}, 7),
                       doctest::Contains("toy: at the end of epoch 3 own has values that are not finite; the parameters are those after epoch 2"),
                       vade::TrainingError);
  CHECK(objective.own.value()(0, 1) == 2);
}

TEST_CASE("Numbers of a fit whose arithmetic would overflow are refused or do no harm") {
  MeanObjective objective;
  const FitReport report = fit(objective, rows(), {.epochs = 2, .batch = std::numeric_limits<Index>::max()});
  CHECK(report.history.size() == 2);
  CHECK(objective.visited.size() == 20);  // one batch of all rows
  CHECK_THROWS_WITH_AS(fit(objective, rows(), {.epochs = (1 << 20) + 1}), doctest::Contains("epochs is 1048577"), vade::ValueError);
  Tape<double> tape;
  CHECK_THROWS_WITH_AS(vade::train<double>(objective, tape, rows(), {.epochs = 1}, {"toy", 4096}, 7),
                       doctest::Contains("the number of the stage is 4096"), vade::ValueError);
}

TEST_CASE("A gradient that is not finite is caught although the loss is, and its parameter is named") {
  struct Cliff : MeanObjective {
    Losses<double, 1> record(const Batch<double>& batch) {
      // √(c²) at c = 0: value 0, slope infinity times zero
      const Var<double> c = batch.x.tape().parameter(centre);
      const Var<double> root = sum(vade::sqrt(square(c)));
      return {.loss = root, .terms = {root}};
    }
  } objective;
  Tape<double> tape;
  const auto bad = [&] { vade::train<double>(objective, tape, rows(), {.epochs = 1}, {"cliff", 1}, 1); };
  CHECK_THROWS_WITH_AS(bad(), doctest::Contains("the gradient of centre is not finite"), vade::TrainingError);
  CHECK(objective.centre.value().isZero(0));
}

TEST_CASE("Averaged weights lie between the path's points and differ from the last") {
  MeanObjective plain, averaged;
  const FitOptions options{.epochs = 3, .batch = 5, .learning_rate = Schedule::constant(0.05)};
  fit(plain, rows(), options);
  FitOptions with_average = options;
  with_average.average_decay = 0.9;
  fit(averaged, rows(), with_average);
  CHECK(plain.centre.value() != averaged.centre.value());
  CHECK(averaged.centre.value().norm() < plain.centre.value().norm());  // the path leads outward from 0
}

TEST_CASE("No epochs: nothing happens, and that is finished") {
  MeanObjective objective;
  const FitReport report = fit(objective, rows(), {.epochs = 0});
  CHECK(report.stop == StopReason::finished);
  CHECK(report.history.empty());
  CHECK(objective.visited.empty());
}

TEST_CASE("Data without rows are refused before anything is trained, for any number of epochs") {
  MeanObjective objective;
  for (const int epochs : {0, 3})
    CHECK_THROWS_WITH_AS(fit(objective, rows().slice(4, 0), {.epochs = epochs}),
                         "Training: the data of toy are [0 x 3], wanted at least one row", vade::ShapeError);
  CHECK_THROWS_AS(fit(objective, vade::Dataset(), {.epochs = 1}), vade::ShapeError);
  CHECK(objective.visited.empty());
}

TEST_CASE("A loss or a term that is no single number is refused by the names of stage and term, before the update") {
  const auto train = [](ShapedObjective& objective) {
    Tape<double> tape;
    vade::train<double>(objective, tape, rows(), {.epochs = 1, .batch = 5}, {"toy", 3}, 7);
  };
  ShapedObjective right, wrong_loss, wrong_term;
  CHECK_NOTHROW(train(right));
  CHECK_FALSE(right.centre.value().isZero(0));
  wrong_loss.loss_rows = 4;
  CHECK_THROWS_WITH_AS(train(wrong_loss), "toy: the loss is [4 x 1], wanted [1 x 1]", vade::ShapeError);
  CHECK(wrong_loss.centre.value().isZero(0));
  wrong_term.term_columns = 6;
  CHECK_THROWS_WITH_AS(train(wrong_term), "toy: distance is [1 x 6], wanted [1 x 1]", vade::ShapeError);
  CHECK(wrong_term.centre.value().isZero(0));
}

TEST_CASE("Bad options are refused before anything is trained") {
  MeanObjective objective;
  CHECK_THROWS_WITH_AS(fit(objective, rows(), {.batch = 0}), doctest::Contains("batch"), vade::ValueError);
  CHECK(objective.visited.empty());
}

TEST_CASE("An exception of an observer ends training and reaches the caller") {
  MeanObjective objective;
  vade::Observer observer;
  observer.on_epoch = [](const EpochRecord&) { throw std::runtime_error("enough"); };
  CHECK_THROWS_WITH(fit(objective, rows(), {.epochs = 2}, observer), "enough");
}

TEST_CASE("A training that pauses gives the bytes, and the history, of one that goes through") {
  const FitOptions options{.epochs = 6, .batch = 4, .learning_rate = Schedule::cosine(0.1, 0.1), .average_decay = 0.5};
  const vade::Dataset data = rows();
  MeanObjective through, paused;
  Tape<double> tape, shared;
  const FitReport whole = vade::train<double>(through, tape, data, options, {"s", 3}, 7);
  vade::Training<double, MeanObjective> training(paused, shared, data, options, {"s", 3}, 7);
  FitReport parts = training.run(2);
  CHECK(training.epochs_done() == 2);
  shared.clear();  // as another training that takes its turn would
  parts.append(training.run(5));
  parts.append(training.run(100));
  training.finish();
  CHECK(training.epochs_done() == 6);
  CHECK(paused.centre.value() == through.centre.value());
  CHECK(paused.visited == through.visited);
  REQUIRE(parts.history.size() == whole.history.size());
  for (std::size_t k = 0; k < parts.history.size(); ++k) CHECK(parts.history[k].loss == whole.history[k].loss);
}

TEST_CASE("A training over layers with statistics that goes on from a file gives the bytes of one in one go") {
  const tests::Folder folder;
  const FitOptions options{.epochs = 5, .batch = 4, .learning_rate = Schedule::constant(0.05)};
  const vade::Dataset data = rows();
  NormalisingObjective through, first, second;
  Tape<double> tape;
  vade::train<double>(through, tape, data, options, {"s", 3}, 7);
  {
    vade::Checkpoint checkpoint(folder.path / "run", 0);
    vade::Training<double, NormalisingObjective>(first, tape, data, options, {"s", 3}, 7, &checkpoint).run(2);
  }
  vade::Checkpoint checkpoint(folder.path / "run", 0);
  const FitReport report = vade::train<double>(second, tape, data, options, {"s", 3}, 7, {}, {}, &checkpoint);
  CHECK(report.history.size() == 5);
  const Matrix<double> x = data.matrix<double>();
  CHECK(first.outputs(x) != through.outputs(x));
  CHECK(second.outputs(x) == through.outputs(x));
}

TEST_CASE("A state that is not the one after the epochs of the log is refused with the path") {
  const tests::Folder folder;
  const std::filesystem::path path = folder.path / "run";
  const FitOptions options{.epochs = 4, .batch = 3, .average_decay = 0.9};  // 4 steps an epoch
  const auto train_until = [&](int epochs) {
    MeanObjective objective;
    Tape<double> tape;
    const vade::Dataset data = rows();
    vade::Checkpoint checkpoint(path, 0);
    vade::Training<double, MeanObjective>(objective, tape, data, options, {"toy", 3}, 7, &checkpoint).run(epochs);
  };
  train_until(2);
  const tests::SafetensorsParts good(path);
  const auto complaint = [&](const std::function<void(tests::SafetensorsParts&)>& change) {
    tests::SafetensorsParts parts = good;
    // Of version 1, whose states do not say to which log they belong: what must hold then is the number of steps.
    parts.metadata["vade.checkpoint"] = "1";
    parts.metadata.erase("log");
    parts.metadata.erase("after.toy");
    change(parts);
    parts.save(path);
    const std::string said = tests::message_of<vade::FileError>([&] { train_until(4); });
    return said.starts_with(path.string() + ": ") ? said.substr(path.string().size() + 2) : said;
  };
  const auto log = [](tests::SafetensorsParts& parts) {
    const auto& bytes = parts.tensors.at("log").bytes;
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  const auto set_log = [](tests::SafetensorsParts& parts, const std::string& text) {
    const auto bytes = std::as_bytes(std::span(text));
    parts.tensors["log"] = {vade::Dtype::u8, {static_cast<Index>(text.size())}, {bytes.begin(), bytes.end()}};
  };
  const auto count = [](std::int64_t value) {
    std::vector<std::byte> bytes(8);
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
    return bytes;
  };
  CHECK(complaint([](auto&) {}) == tests::nothing_thrown);
  CHECK(complaint([&](auto& parts) { set_log(parts, log(parts).substr(0, log(parts).find('\n') + 1)); }) ==
        "the state of toy has 8 steps of the optimizer, but its log has 1 epochs of 4");
  CHECK(complaint([&](auto& parts) { set_log(parts, log(parts) + log(parts).substr(0, log(parts).find('\n') + 1)); }) ==
        "the state of toy has 8 steps of the optimizer, but its log has 3 epochs of 4");
  CHECK(complaint([&](auto& parts) { set_log(parts, log(parts) + log(parts) + log(parts)); }) ==
        "the state of toy has 6 epochs in its log, wanted at most 4");
  CHECK(complaint([&](auto& parts) { set_log(parts, log(parts) + "\x1b[2J what\n"); }) == "not the record of an epoch: \"\\x1b[2J what\"");
  for (const std::int64_t steps : {std::int64_t{0}, std::int64_t{7}, std::int64_t{9}, std::int64_t{1} << 62}) {
    CHECK(complaint([&](auto& parts) { parts.tensors.at("toy/adam.steps").bytes = count(steps); })
              .find(" steps of the optimizer, but its log has 2 epochs of 4") != std::string::npos);
    CHECK(complaint([&](auto& parts) { parts.tensors.at("toy/average.updates").bytes = count(steps); })
              .find(" steps of the average, but its log has 2 epochs of 4") != std::string::npos);
  }
  CHECK(complaint([&](auto& parts) { parts.tensors.at("toy/adam.steps").bytes = count(std::numeric_limits<std::int64_t>::max()); }) ==
        "adam.steps of toy is 9223372036854775807, wanted a counter from 0 to 2^62");
}
