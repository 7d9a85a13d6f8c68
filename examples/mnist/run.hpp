// What both jobs of the MNIST example do.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <vade/core/random.hpp>
#include <vade/data/mnist.hpp>
#include <vade/data/npy.hpp>
#include <vade/io/atomic_file.hpp>
#include <vade/io/checkpoint.hpp>
#include <vade/models/network.hpp>
#include <vade/training/train.hpp>

#include "../distinct_rows.hpp"
#include "../progress_line.hpp"
#include "../results_folder.hpp"
#include "judge.hpp"
#include "options.hpp"
#include "results.hpp"

namespace mnist {

inline constexpr vade::Index samples_a_row = 20;
inline constexpr vade::Index judged_samples = 1000;  // of each cluster
/// Draws of a cluster that are judged, by the least p(c|z): all; those that the model itself puts in it; and those that
/// the authors of VaDE show.
inline constexpr std::array<std::pair<const char*, double>, 3> judged_confidences{
    {{"samples_show", 0.0}, {"own_samples_show", 0.5}, {"confident_samples_show", 0.999}}};

/// The network of the two project reports, 784-512-512-2048-10 mirrored.
inline vade::NetworkOptions reference_network(vade::Index inputs, std::uint64_t seed) {
  return {.inputs = inputs, .hidden = {512, 512, 2048}, .seed = seed};
}

/// The network of preset vade, 784-512-512-10 mirrored.
inline vade::NetworkOptions default_network(vade::Index inputs, std::uint64_t seed) {
  return {.inputs = inputs, .hidden = {512, 512}, .seed = seed};
}

/// Applies --epochs and --batch, and --learning-rate to the training proper; what comes before has at most as many
/// epochs.
inline void apply(vade::FitOptions& fit, const Options& options, bool pretraining) {
  if (options.learning_rate && !pretraining) fit.learning_rate = vade::Schedule::cosine(*options.learning_rate, 0.02);
  if (options.epochs) fit.epochs = pretraining ? std::min(fit.epochs, *options.epochs) : *options.epochs;
  if (options.batch) fit.batch = *options.batch;
}

/// Keeps a row of class k with probability 0.1 + 0.1 k, so that classes differ in size by up to ten. @throws
/// vade::ValueError without labels
inline vade::LabelledDataset imbalanced(const vade::LabelledDataset& data, std::uint64_t seed) {
  if (data.labels.empty()) throw vade::ValueError("--imbalanced: the rows have no labels to thin them out by");
  vade::RandomStream stream(seed, vade::Purpose::user);
  std::vector<vade::Index> kept;
  vade::Labels labels;
  for (vade::Index i = 0; i < data.images.rows(); ++i) {
    const vade::Label label = data.labels[static_cast<std::size_t>(i)];
    if (stream.uniform<double>() > 0.1 + 0.1 * static_cast<double>(label)) continue;
    kept.push_back(i);
    labels.push_back(label);
  }
  return {data.images.select(kept), std::move(labels)};
}

/// Codes, clusters and bound of rows; `job.clusters_of(codes, images)` decides on the clusters.
Clustering cluster_rows(const auto& job, const vade::LabelledDataset& data) {
  vade::Matrix<float> codes = job.model.transform(data.images);
  const auto bound = job.model.elbo(data.images);
  RowClusters clusters = job.clusters_of(codes, data.images);
  return {.data = data,
          .clusters = std::move(clusters),
          .codes = std::move(codes),
          .elbo = bound.bound(),
          .reconstruction = bound.reconstruction,
          .kl = bound.kl()};
}

/// Of each cluster's images, the class that a judge sees most, and its share.
inline Json judged(const Judge& judge, const vade::Matrix<float>& images, vade::Index clusters) {
  Json rows = Json::array();
  const vade::Index each = images.rows() / clusters;
  for (vade::Index c = 0; c < clusters; ++c) {
    const RowPurity purity = judge.purity(images.middleRows(c * each, each));
    rows.push_back({{"class", purity.majority}, {"share", purity.share}});
  }
  return rows;
}

/// --purity: what a judge sees in draws of each cluster.
void judge_samples(const auto& job, const vade::Mnist& data, const Options& options, ProgressLine& progress,
                   Json& json) {
  const Judge judge(data.train, options.seed, progress.observer(), progress.token());
  if (interrupted()) return;  // it has not learned enough to be asked
  json["judge_accuracy"] = judge.accuracy(data.test);
  for (const auto& [name, confidence] : judged_confidences) {
    try {
      json[name] = judged(judge, job.samples(judged_samples, options.seed, confidence), job.clusters());
    } catch (
        const vade::ValueError& error) {  // a cluster that is never so certain: no reason to lose the other figures
      json[name] = error.what();
    }
  }
}

/// The data of --data, as images. @throws vade::FileError; vade::ShapeError where files and --image do not tell one
/// shape
inline vade::Mnist load_images(const Options& options) {
  vade::Mnist data;
  try {
    data = vade::load_mnist(options.data, options.set);
  } catch (const vade::FileError& error) {
    std::string words = error.what();
    constexpr std::string_view library = "MnistOptions::name";
    if (const std::size_t at = words.find(library); at != std::string::npos)
      words.replace(at, library.size(), "--data-set");
    throw vade::FileError(words);
  }
  for (vade::LabelledDataset* const part : {&data.train, &data.test}) {
    vade::Dataset& images = part->images;
    if (!images.image() && options.image) images = images.with_image(*options.image);
    if (!images.image())
      throw vade::ShapeError(options.data.string() + ": the images are rows of " + std::to_string(images.columns()) +
                             " values; tell their height and width by --image, such as --image 28x28");
    if (options.image && images.image() != options.image)
      throw vade::ShapeError(options.data.string() + ": the images are " + std::to_string(images.image()->height) +
                             "x" + std::to_string(images.image()->width) + ", and --image is another shape");
  }
  return data;
}

/// Fewer images than clusters can be trained on, and clustered by nothing. @throws vade::ValueError
inline void check_enough(const vade::Dataset& images, const Options& options) {
  const vade::Index distinct = distinct_rows(images, options.clusters);
  if (distinct < options.clusters)
    throw vade::ValueError(options.data.string() + ": " + std::to_string(distinct) +
                           " images that differ, wanted at least " + std::to_string(options.clusters) +
                           ", one for each cluster (--clusters)");
}

/// What a run was cut off after, if it was this one: the settings and the data (a fingerprint), but not how fast or how
/// loud it is carried out, tell runs apart. @throws vade::FileError for one that cannot be read; vade::ValueError for
/// one of another run, naming what differs. Both say how to go on
inline vade::Checkpoint checkpoint_of(const Options& options, const std::string& data) {
  const auto path = options.out / "checkpoint.safetensors";
  const auto say = [&](const std::string& what) {
    if (!options.quiet) std::fprintf(stderr, "%s: %s\n", path.c_str(), what.c_str());
  };
  std::error_code error;
  if (options.anew && std::filesystem::remove(path, error)) say("deleted, since --anew begins again");
  if (error) throw vade::FileError(path.string() + ": cannot be deleted: " + error.message());
  const auto text = [](const auto& value) { return value ? Json(*value).dump() : std::string("as preset"); };
  try {
    vade::Checkpoint checkpoint(path);
    const std::size_t epochs = checkpoint.steps();
    checkpoint.check_began_with("--data", data);
    checkpoint.check_began_with("--preset", options.preset);
    checkpoint.check_began_with("--recipe", options.recipe);
    checkpoint.check_began_with("--view-strength", Json(options.view_strength).dump());
    checkpoint.check_began_with("--view-bend", text(options.view_bend));
    checkpoint.check_began_with("--consistency-views", text(options.consistency_views));
    checkpoint.check_began_with("--consistency-weight", text(options.consistency_weight));
    checkpoint.check_began_with("--consistency-target", text(options.consistency_target));
    checkpoint.check_began_with("--learning-rate", text(options.learning_rate));
    checkpoint.check_began_with("--epochs", text(options.epochs));
    checkpoint.check_began_with("--batch", text(options.batch));
    checkpoint.check_began_with("--clusters", std::to_string(options.clusters));
    checkpoint.check_began_with("--seed", std::to_string(options.seed));
    checkpoint.check_began_with("--imbalanced", options.imbalanced ? "given" : "not given");
    checkpoint.check_began_with("--train-only", options.train_only ? "given" : "not given");
    if (epochs > 0) say("going on after " + std::to_string(epochs) + " epochs; --anew begins again");
    return checkpoint;
  } catch (const vade::FileError& wrong) {
    throw vade::FileError(std::string(wrong.what()) + "; --anew deletes it and begins again");
  } catch (const vade::ValueError& wrong) {
    throw vade::ValueError(std::string(wrong.what()) +
                           "; name another folder by --out, or give --anew, which deletes it and begins again");
  }
}

/// Trains or loads the model of a job, and writes everything. Returns the exit code. A job is made from (inputs,
/// options) and has `model`, `train`, `prepare`, `clusters`, `clusters_of`, `samples` and `row_labels`.
template <class Job>
int run(const Options& options) {
  if (options.threads) vade::set_threads(*options.threads);
  vade::Mnist data = load_images(options);
  vade::LabelledDataset everything = vade::all(data);
  const std::string fingerprint = everything.images.fingerprint();  // of the files, whichever rows are kept
  if (options.imbalanced) {
    data = {imbalanced(data.train, options.seed), imbalanced(data.test, options.seed)};
    everything = vade::all(data);
  }
  if (options.purity && data.train.labels.empty())
    throw vade::ValueError("--purity: the training rows in " + options.data.string() +
                           " have no labels to teach a judge with");
  const bool loaded = !options.load.empty();
  const auto true_path = [](const std::filesystem::path& path) {
    std::error_code error;
    const std::filesystem::path found = std::filesystem::weakly_canonical(path, error);
    return error ? path : found;
  };
  if (loaded && true_path(options.load).parent_path() == true_path(options.out))
    throw vade::ValueError("--load: the model lies in " + options.out.string() +
                           ", where the results of its training would be overwritten; name another folder by --out");
  const vade::Dataset& fitted_to = options.train_only ? data.train.images : everything.images;
  const vade::ImageShape shape = everything.images.image().value();
  if (!loaded || options.preset.ends_with("vae")) check_enough(fitted_to, options);
  make_results_folder(options.out);
  ProgressLine progress(options.quiet);

  Job job(fitted_to, options);
  vade::FitReport report;
  std::optional<vade::Checkpoint> checkpoint;
  Json json;
  if (loaded) {
    job.model = decltype(job.model)::load(options.load);
  } else {
    if (options.restarts == 1) checkpoint = checkpoint_of(options, fingerprint);
    report = job.train(fitted_to, progress.observer(), progress.token(), checkpoint ? &*checkpoint : nullptr, json);
  }
  job.model.save(options.out / "model.safetensors");
  job.prepare(fitted_to);

  const Clustering all_rows = cluster_rows(job, everything);
  if (!loaded) {
    json["preset"] = options.preset;
    json["recipe"] = options.recipe;
    json["view_strength"] = options.view_strength;
    if (options.view_bend) json["view_bend"] = *options.view_bend;
  }
  json["imbalanced"] = options.imbalanced;
  json["clusters"] = job.clusters();
  json["seed"] = options.seed;
  json["data"] = fingerprint;
  json["fitted_to"] = loaded ? 0 : fitted_to.rows();
  json["stopped"] = loaded ? "loaded" : std::string(to_string(report.stop));
  json["parameters"] = job.model.parameter_count();
  json["epochs"] = report.history.size();
  json["seconds"] = report.seconds;
  json["seconds_per_epoch"] =
      report.history.empty() ? 0.0 : report.seconds / static_cast<double>(report.history.size());
  json.update(scores(all_rows, job.clusters()));
  json["train"] = scores(cluster_rows(job, data.train), job.clusters());
  json["test"] = scores(cluster_rows(job, data.test), job.clusters());
  // These take long. Whoever asked the program to end waits for the rest of the results only.
  if (options.draws && !interrupted()) {
    const std::vector<double> log_p = job.model.log_likelihood(data.test.images, *options.draws, options.seed);
    json["test"]["log_likelihood"] =
        std::accumulate(log_p.begin(), log_p.end(), 0.0) / static_cast<double>(log_p.size());
    json["log_likelihood_draws"] = *options.draws;
  }
  if (options.purity && !interrupted()) judge_samples(job, data, options, progress, json);
  vade::write_file_atomically(options.out / "metrics.json", json.dump(2) + "\n");

  write_clusters(options.out / "clusters.csv", all_rows.clusters);
  vade::write_npy(options.out / "codes.npy", all_rows.codes);
  if (!loaded) {
    write_history(options.out / "history.csv", report.history);
    write_curves(options.out / "curves.png", report.history);
  }
  write_latent(options.out / "latent.png", all_rows);
  write_samples(options.out / "samples.png", job.samples(samples_a_row, options.seed), shape, samples_a_row,
                job.row_labels());
  const vade::Dataset first = data.test.images.slice(0, std::min<vade::Index>(45, data.test.images.rows()));
  write_reconstructions(options.out / "reconstructions.png", first.matrix<float>(), job.model.reconstruct(first),
                        shape);
  if (checkpoint && report.stop == vade::StopReason::finished) checkpoint->remove();
  if (!options.quiet) {
    if (report.stop == vade::StopReason::cancelled && checkpoint && checkpoint->steps() > 0)
      std::fprintf(stderr, "stopped; the same command goes on from %s\n", checkpoint->path().c_str());
    if (json.contains("accuracy"))
      std::printf("accuracy %.4f, NMI %.4f, ARI %.4f, ", json["accuracy"].get<double>(), json["nmi"].get<double>(),
                  json["ari"].get<double>());
    std::printf("ELBO %.2f nats, %.0f s; results in %s\n", all_rows.elbo, report.seconds, options.out.string().c_str());
  }
  return exit_code();
}

}  // namespace mnist
