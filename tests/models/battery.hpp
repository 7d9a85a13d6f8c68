// What every model promises, written once: the tests of each model run it.
#pragma once

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <vade/models/network.hpp>
#include <vade/training/report.hpp>

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

/// `make()` gives an unfitted model on 12 inputs; `fit(model, data)` fits it for a few epochs and returns the report.
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
    for (const auto& record : report.history) CHECK(std::isfinite(record.loss));
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
