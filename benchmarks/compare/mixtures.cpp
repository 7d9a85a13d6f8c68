// Mixtures, k-means and scores, on Gaussian blobs.
#include <utility>

#include <vade/io/safetensors.hpp>
#include <vade/metrics/clustering.hpp>
#include <vade/metrics/silhouette.hpp>
#include <vade/mixture/gaussian_mixture.hpp>
#include <vade/mixture/kmeans.hpp>

#include "measurements.hpp"
#include "timing.hpp"

namespace compare {

namespace {

using vade::Index;
using vade::Matrix;
using vade::MatrixRef;

struct Blobs {
  Matrix<float> x;
  Matrix<float> start;  // K of the rows
  vade::Labels labels;
};

/// K blobs of unit variance, their centres 2 apart in each direction on average; row i is of blob i mod K.
Blobs blobs(const Options& options) {
  Matrix<float> centres(options.clusters, options.columns);
  vade::fill_normal(centres, 1, vade::Purpose::user, 1);
  Blobs b{Matrix<float>(options.rows, options.columns), {}, vade::Labels(static_cast<std::size_t>(options.rows))};
  vade::fill_normal(b.x, 1, vade::Purpose::user, 2);
  for (Index i = 0; i < options.rows; ++i) {
    b.x.row(i) += 2 * centres.row(i % options.clusters);
    b.labels[static_cast<std::size_t>(i)] = static_cast<vade::Label>(i % options.clusters);
  }
  b.start = b.x.topRows(options.clusters);
  return b;
}

void write_exchange(const std::filesystem::path& path, const Blobs& b, double result) {
  if (path.empty()) return;
  vade::SafetensorsWriter file;
  file.add("x", b.x);
  file.add("start", b.start);
  file.add("result", Matrix<double>(Matrix<double>::Constant(1, 1, result)));
  Matrix<float> labels(1, static_cast<Index>(b.labels.size()));
  for (std::size_t i = 0; i < b.labels.size(); ++i) labels(0, static_cast<Index>(i)) = static_cast<float>(b.labels[i]);
  file.add("labels", labels);
  file.save(path);
}

}  // namespace

Json expectation_maximisation(const Options& options) {
  vade::set_threads(options.threads);
  const Blobs b = blobs(options);
  const vade::RowVector<float> weights =
      vade::RowVector<float>::Constant(options.clusters, 1.0f / static_cast<float>(options.clusters));
  const Matrix<float> variances = Matrix<float>::Ones(options.clusters, options.columns);
  double likelihood = 0;
  int iterations = 0;
  const double seconds = time_of(3, [&] {
    vade::GaussianMixture<float> mixture;
    const auto report =
        mixture.fit_from(b.x, weights, b.start, variances, {.max_iterations = options.repeats, .tolerance = 0});
    likelihood = report.log_likelihood.back();
    iterations = report.iterations;
  });
  write_exchange(options.exchange, b, likelihood);
  return {{"ms", 1e3 * seconds / iterations}, {"iterations", iterations}, {"log_likelihood", likelihood}};
}

Json kmeans(const Options& options) {
  vade::set_threads(options.threads);
  const Blobs b = blobs(options);
  vade::KMeansResult<float> result;
  const double seconds = time_of(3, [&] {
    result = vade::kmeans_from<float>(b.x, b.start, {.max_iterations = options.repeats, .tolerance = 0});
  });
  write_exchange(options.exchange, b, result.inertia);
  return {{"ms", 1e3 * seconds / result.iterations}, {"iterations", result.iterations}, {"inertia", result.inertia}};
}

Json scores(const Options& options) {
  const vade::Index rows = options.rows, clusters = options.clusters;
  vade::Labels truth(static_cast<std::size_t>(rows)), found(truth.size());
  vade::RandomStream stream(1, vade::Purpose::user);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    truth[i] = static_cast<vade::Label>(stream.below(static_cast<std::uint32_t>(clusters)));
    const bool right = stream.uniform<double>() < 0.9;
    found[i] = right ? truth[i] : static_cast<vade::Label>(stream.below(static_cast<std::uint32_t>(clusters)));
  }
  double sum = 0;
  const double seconds = time_of(options.repeats, [&] {
    sum = vade::normalized_mutual_information(truth, found) + vade::adjusted_rand_index(truth, found) +
          vade::v_measure(truth, found);
    if (vade::clustering_accuracy(truth, found) < 0.5) throw vade::ValueError("scores: labels that were 90 % right are not");
  });
  if (!options.exchange.empty()) {
    vade::SafetensorsWriter file;
    for (const auto& [name, labels] : {std::pair("truth", &truth), std::pair("found", &found)}) {
      Matrix<float> values(1, rows);
      for (Index i = 0; i < rows; ++i) values(0, i) = static_cast<float>((*labels)[static_cast<std::size_t>(i)]);
      file.add(name, values);
    }
    file.save(options.exchange);
  }
  return {{"ms", 1e3 * seconds}, {"sum", sum}};
}

Json silhouette(const Options& options) {
  vade::set_threads(options.threads);
  const Blobs b = blobs(options);
  double score = 0;
  const double seconds = time_of(3, [&] { score = vade::silhouette<float>(b.x, b.labels); });
  write_exchange(options.exchange, b, score);
  return {{"ms", 1e3 * seconds}, {"silhouette", score}};
}

}  // namespace compare
