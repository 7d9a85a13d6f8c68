// What every model promises, written once: the tests of each model run it.
#pragma once

#include <cmath>
#include <filesystem>
#include <limits>
#include <stop_token>
#include <string>

#include <doctest/doctest.h>

#include <vade/io/checkpoint.hpp>
#include <vade/models/network.hpp>
#include <vade/training/report.hpp>

#include "../support/folder.hpp"
#include "../support/records.hpp"
#include "../support/toy_data.hpp"

namespace battery {

using vade::Index;
using vade::Matrix;

inline constexpr Index inputs = 12;
inline const vade::NetworkOptions small{.inputs = inputs, .hidden = {16, 8}, .latent = 3, .seed = 5};

/// A path in a fresh folder that is removed at the end.
struct TemporaryFile {
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("vade-models-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
  std::filesystem::path path = folder / "model.safetensors";
  TemporaryFile() { std::filesystem::create_directories(folder); }
  ~TemporaryFile() { std::filesystem::remove_all(folder); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
};

/// The same epochs, but for the time they took.
inline void check_same_history(const vade::FitReport& a, const vade::FitReport& b) {
  REQUIRE(a.history.size() == b.history.size());
  for (std::size_t i = 0; i < a.history.size(); ++i) {
    CAPTURE(i);
    tests::check_same_record(a.history[i], b.history[i]);
  }
}

/// Fits once in one go, and once in attempts of which each ends after the first epoch of its own, as if the power had gone;
/// the next has nothing but the file. `make` and `fit` as in `run`.
template <class Make, class Fit>
void check_goes_on(const Make& make, const Fit& fit, const vade::Dataset& data) {
  struct PowerCut {};
  const tests::Folder folder;
  auto whole = make();
  const vade::FitReport report = fit(whole, data);
  vade::Observer cut;
  cut.on_epoch = [](const vade::EpochRecord&) { throw PowerCut(); };
  std::size_t attempts = 0;
  for (bool finished = false; !finished; ++attempts) {
    REQUIRE(attempts <= report.history.size());
    vade::Checkpoint checkpoint(folder.path / "checkpoint", 0);
    CHECK(checkpoint.steps() == attempts);
    auto model = make();
    try {
      const vade::FitReport pieces = fit(model, data, cut, std::stop_token(), &checkpoint);
      finished = true;
      check_same_history(pieces, report);
      whole.save(folder.path / "whole");
      model.save(folder.path / "pieces");
    } catch (const PowerCut&) {
    }
  }
  CHECK(attempts == report.history.size() + 1);
  CHECK(vade::read_file(folder.path / "pieces", 1 << 24) == vade::read_file(folder.path / "whole", 1 << 24));
}

/// `fit(model, rows)` and `ask(model, rows)` take matrices of either storage order, expressions and a data set alike.
template <class Make, class Fit, class Ask>
void check_takes_matrices(const Make& make, const Fit& fit, const Ask& ask) {
  const Matrix<float> x = toy::patterns(30, inputs, 3).images.matrix<float>();
  const Eigen::MatrixXf columns = x;
  const auto answers = [&](const auto& rows) {
    auto model = make();
    fit(model, rows);
    return Matrix<float>(ask(model, rows));
  };
  const Matrix<float> wanted = answers(vade::Dataset::from_matrix(x));
  CHECK(answers(x) == wanted);
  CHECK(answers(columns) == wanted);
  CHECK(answers(0.5f * (x + x)) == wanted);
}

/// Products wide enough, and batches of up to 350 rows long enough, that every part of a step is several tasks of the pool.
inline const vade::NetworkOptions wide{.inputs = inputs, .hidden = {128, 96}, .latent = 3, .seed = 2};

/// Fits models of `make()` to 700 rows on 1, 2, 3 and 7 threads: the codes are the same bytes.
template <class Make, class Fit>
void check_many_tiles(const Make& make, const Fit& fit) {
  const vade::Dataset data = toy::patterns(700, inputs, 3).images;
  std::vector<Matrix<float>> codes;
  for (const int threads : {1, 2, 3, 7}) {
    vade::set_threads(threads);
    auto model = make();
    fit(model, data);
    codes.push_back(model.transform(data));
    CHECK(codes.back() == codes.front());
  }
  vade::set_threads(1);
}

/// `make()` gives an unfitted model on 12 inputs; `fit(model, data, rest...)` fits it for a few epochs, with the rest of the
/// arguments of `Model::fit`, and returns the report.
template <class Make, class Fit>
void run(const Make& make, const Fit& fit) {
  const vade::Dataset data = toy::patterns(60, inputs, 3).images;
  const Matrix<float> x = data.matrix<float>();

  SUBCASE("before fit, every answer is refused") {
    const auto model = make();
    CHECK_FALSE(model.fitted());
    CHECK_THROWS_WITH_AS(model.transform(x), doctest::Contains("has not been fitted"), vade::StateError);
    CHECK_THROWS_AS(model.reconstruct(x), vade::StateError);
    CHECK_THROWS_AS(model.save("nowhere"), vade::StateError);
  }
  SUBCASE("wrong widths, values out of range, NaN and no rows are refused, with row and column") {
    auto model = make();
    fit(model, data);
    CHECK_THROWS_WITH_AS(model.transform(Matrix<float>(Matrix<float>::Zero(4, 5))), doctest::Contains("wanted [at least 1 x 12]"),
                         vade::ShapeError);
    CHECK_THROWS_AS(model.transform(Matrix<float>(Matrix<float>::Zero(0, inputs))), vade::ShapeError);
    Matrix<float> bad = x;
    bad(2, 3) = 1.5f;
    CHECK_THROWS_WITH_AS(model.transform(bad), doctest::Contains("1.5 at row 2, column 3"), vade::ValueError);
    bad(2, 3) = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH_AS(model.transform(bad), doctest::Contains("row 2, column 3"), vade::ValueError);
    auto fresh = make();
    CHECK_THROWS_AS(fit(fresh, vade::Dataset::from_matrix(Matrix<float>(Matrix<float>::Constant(9, inputs, 2.0f)))),
                    vade::ValueError);
    CHECK_THROWS_AS(fit(fresh, vade::Dataset::from_matrix(Matrix<float>(Matrix<float>::Zero(9, 4)))),
                    vade::ShapeError);
  }
  SUBCASE("answers do not depend on the batch, on the source, or on the thread count, and are repeatable") {
    auto model = make();
    fit(model, data);
    const Matrix<float> codes = model.transform(data);
    CHECK(codes.allFinite());
    CHECK(codes == model.transform(x));
    CHECK(codes == model.transform(data));
    vade::set_threads(3);
    CHECK(codes == model.transform(x));
    vade::set_threads(1);
    const Matrix<float> part = model.transform(Matrix<float>(x.middleRows(7, 2)));
    CHECK((part - codes.middleRows(7, 2)).cwiseAbs().maxCoeff() < 1e-5f);
    const Matrix<float> again = model.reconstruct(x);
    CHECK(again == model.reconstruct(x));
    CHECK(again.minCoeff() >= 0.0f);
    CHECK(again.maxCoeff() <= 1.0f);
  }
  SUBCASE("the same seed gives the same model, for any number of threads, and a second fit starts anew") {
    auto first = make(), second = make();
    fit(first, data);
    vade::set_threads(3);
    fit(second, data);
    vade::set_threads(1);
    CHECK(first.transform(x) == second.transform(x));
    fit(second, data);
    CHECK(first.transform(x) == second.transform(x));
  }
  SUBCASE("training lowers the loss") {
    auto model = make();
    const auto report = fit(model, data);
    REQUIRE(report.history.size() > 1);
    CHECK(report.stop == vade::StopReason::finished);
    for (std::size_t i = 1; i < report.history.size() && report.history[i].stage == report.history[0].stage; ++i)
      CHECK(report.history[i].loss < report.history[i - 1].loss);
    for (const auto& record : report.history) CHECK(std::isfinite(record.loss));
  }
  SUBCASE("a training that cannot go on leaves a model that can be saved") {
    auto model = make();
    vade::Observer observer;
    observer.on_epoch = [](const vade::EpochRecord&) { throw vade::TrainingError("planted"); };
    CHECK_THROWS_AS(fit(model, data, observer), vade::TrainingError);
    const TemporaryFile file;
    model.save(file.path);
    CHECK(std::decay_t<decltype(model)>::load(file.path).transform(x) == model.transform(x));
  }
  SUBCASE("cut off after each epoch, it goes on from its checkpoint to the same bytes and the same history") {
    check_goes_on(make, fit, data);
  }
  SUBCASE("a checkpoint of other data is refused, and kept") {
    const tests::Folder folder;
    vade::Checkpoint checkpoint(folder.path / "checkpoint");
    auto model = make();
    fit(model, data, vade::Observer(), std::stop_token(), &checkpoint);
    const Matrix<float> codes = model.transform(data);
    const auto file = vade::read_file(checkpoint.path(), 1 << 24);
    CHECK_THROWS_WITH_AS(fit(model, data.slice(0, 30), vade::Observer(), std::stop_token(), &checkpoint),
                         doctest::Contains("was begun with data float-60x12"), vade::ValueError);
    CHECK(model.transform(data) == codes);  // the model, too, is what it was
    CHECK(vade::read_file(checkpoint.path(), 1 << 24) == file);
  }
  SUBCASE("a second call with the same checkpoint goes on as one in a new program") {
    struct Enough {};
    const tests::Folder folder;
    vade::Checkpoint checkpoint(folder.path / "checkpoint");
    auto whole = make(), model = make();
    const vade::FitReport report = fit(whole, data);
    vade::Observer once;
    once.on_epoch = [](const vade::EpochRecord&) { throw Enough(); };
    CHECK_THROWS_AS(fit(model, data, once, std::stop_token(), &checkpoint), Enough);
    CHECK_THROWS_AS(fit(model, data, once, std::stop_token(), &checkpoint), Enough);
    for (int call = 0; call < 2; ++call) {  // the second finds all done
      check_same_history(fit(model, data, vade::Observer(), std::stop_token(), &checkpoint), report);
      CHECK(model.transform(data) == whole.transform(data));
      CHECK(checkpoint.steps() == report.history.size());
    }
  }
  SUBCASE("a saved model answers as the one that was saved; other files are refused") {
    auto model = make();
    fit(model, data);
    const TemporaryFile file;
    model.save(file.path);
    using Model = std::decay_t<decltype(model)>;
    const auto loaded = Model::load(file.path);
    CHECK(loaded.fitted());
    CHECK(loaded.transform(x) == model.transform(x));
    CHECK(loaded.reconstruct(x) == model.reconstruct(x));
    CHECK(loaded.parameter_count() == model.parameter_count());
    std::filesystem::resize_file(file.path, std::filesystem::file_size(file.path) - 4);
    CHECK_THROWS_WITH_AS(Model::load(file.path), doctest::Contains("model.safetensors"), vade::FileError);
    CHECK_THROWS_AS(Model::load(file.folder / "absent"), vade::FileError);
  }
}

}  // namespace battery
