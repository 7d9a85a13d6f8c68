// What can be measured.
#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include <vade/core/matrix.hpp>

namespace compare {

struct Options {
  std::string what;
  int threads = 1;
  std::string model = "vae";
  vade::Index batch = 128;
  vade::Index rows = 10000;
  vade::Index columns = 10;
  vade::Index clusters = 10;
  int repeats = 50;
  std::filesystem::path exchange;
};

using Json = nlohmann::ordered_json;

/// Peak rate of our matrix product on 2048³ in GF/s, and of read + read + write over memory in GB/s.
Json machine(const Options& options);

/// One training step of the network 784-512-512-2048-10, median in ms, with its floating-point operations and the bytes
/// of its optimizer. With `exchange`: writes weights, rows, noise and the loss of the first step.
Json step(const Options& options);

/// `Vade::predict` on 10,000 rows in rows/s, and on one row in µs.
Json predict(const Options& options);

/// One iteration of a diagonal Gaussian mixture in ms. With `exchange`: writes rows, start and likelihood.
Json expectation_maximisation(const Options& options);

/// One iteration of Lloyd's algorithm in ms. With `exchange`: writes rows, start and inertia.
Json kmeans(const Options& options);

/// Accuracy, normalized mutual information, adjusted Rand index and V-measure of `rows` labels in ms, all four. With
/// `exchange`: writes both labellings and the scores.
Json scores(const Options& options);

/// Random views of a batch of images of 28 x 28, turned, sheared, zoomed, shifted and bent as those of preset `vade`, in ms, and a step of
/// the classifier of that preset, which draws them.
Json views(const Options& options);

/// Reading the images of an IDX file, plain or gzip, which is `exchange`, in ms.
Json load(const Options& options);

/// The most memory that this process has had after two epochs on 70,000 images, and what it should be: the bytes of the data,
/// four numbers a parameter, and what a batch leaves on the tape. In megabytes.
Json memory(const Options& options);

/// The exact silhouette of `rows` rows in ms. With `exchange`: writes rows, labels and the score.
Json silhouette(const Options& options);

}  // namespace compare
