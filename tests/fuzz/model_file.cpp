// vade fuzzing: whatever a model file says, it loads as a model that answers with numbers, or is refused.
// SPDX-License-Identifier: MIT
#include <vade/models/model_file.hpp>

#include <string>

#include <doctest/doctest.h>

#include <vade/models/fit_autoencoder.hpp>
#include <vade/models/fit_vade.hpp>
#include <vade/models/fit_vae.hpp>

#include "replay.hpp"
#include "sealed.hpp"
#include "target.hpp"

namespace fuzz_model_file {

using vade::Index;
using vade::Matrix;

template <class M>
void check_numbers(const M& answers) {
  fuzz::require(answers.array().isFinite().all(), "a model answers with numbers");
}

Matrix<float> rows_for(const auto& model) {
  Matrix<float> x = Matrix<float>::Constant(2, model.inputs, 0.5f);
  x.row(1).setZero();
  return x;
}

void work_with(const vade::Autoencoder<float>& model) {
  const Matrix<float> x = rows_for(model.options());
  check_numbers(model.transform(x));
  check_numbers(model.reconstruct(x));
}

template <class Posterior>
void work_with(const vade::Vae<float, Posterior>& model) {
  const Matrix<float> x = rows_for(model.options());
  check_numbers(model.transform(x));
  check_numbers(model.reconstruct(x));
  check_numbers(model.generate(2, 1));
  model.elbo(x);
}

template <class Posterior>
void work_with(const vade::Vade<float, Posterior>& model) {
  const Matrix<float> x = rows_for(model.options().network);
  check_numbers(model.transform(x));
  check_numbers(model.predict_proba(x));
  for (const vade::Label label : model.predict(x))
    fuzz::require(label >= 0 && label < model.options().clusters, "a label is a cluster");
  check_numbers(model.reconstruct(x));
  check_numbers(model.generate(2, 1));
  check_numbers(model.generate(1, model.options().clusters - 1, 1));
  model.elbo(x);
}

/// Loads, works, saves, and loads again: the second file has the bytes of the first, but for what a reader may ignore.
template <class Model>
void load_and_work(const std::filesystem::path& path) {
  const Model model = Model::load(path);
  work_with(model);
  const auto again = path.parent_path() / "again";
  model.save(again);
  const auto bytes = vade::read_file(again, 1 << 20);
  Model::load(again).save(again);
  fuzz::require(bytes == vade::read_file(again, 1 << 20), "a model that was saved loads as the same");
}

void use(std::span<const std::byte> bytes) {
  const fuzz::TemporaryFile on_disk(bytes);
  const auto& path = on_disk.path();
  // The kind that the file says it is; a file without one is refused by any.
  const auto file = vade::SafetensorsFile::parse({bytes.begin(), bytes.end()}, "file");
  const auto says = [&](const std::string& key, const std::string& value) {
    const auto found = file.metadata().find(key);
    return found != file.metadata().end() && found->second == value;
  };
  const bool full = says("vade.posterior", "full");
  if (says("vade.model", "autoencoder")) return load_and_work<vade::Autoencoder<float>>(path);
  if (says("vade.model", "vae")) return load_and_work<vade::Vae<float>>(path);
  if (full) return load_and_work<vade::Vade<float, vade::FullPosterior>>(path);
  load_and_work<vade::Vade<float>>(path);
}

std::vector<fuzz::Bytes> seeds() {
  const vade::NetworkOptions plain{.inputs = 3, .hidden = {4}, .latent = 2, .seed = 1};
  const vade::NetworkOptions learned{.inputs = 3, .hidden = {4, 3}, .latent = 2, .likelihood = vade::Likelihood::gaussian,
                                     .learn_observation_variance = true, .seed = 1};
  const auto data = vade::Dataset::from_matrix(Matrix<float>(Matrix<float>::Constant(6, 3, 0.25f)));
  const vade::VadeFitOptions none{.start = vade::RandomStart{}, .fit = {.epochs = 0}};
  std::vector<fuzz::Bytes> all;
  const auto add = [&](auto model, const auto& options) {
    model.fit(data, options);
    const fuzz::TemporaryFile file({});
    model.save(file.path());
    all.push_back(fuzz::read_bytes(file.path()));
  };
  add(vade::Autoencoder<float>(plain), vade::FitOptions{.epochs = 0});
  add(vade::Vae<float>(learned), vade::VaeFitOptions{.fit = {.epochs = 0}});
  add(vade::Vade<float>({.network = plain, .clusters = 2}), none);
  add(vade::Vade<float, vade::FullPosterior>({.network = learned, .clusters = 3}), none);
  return all;
}

const fuzz::Registered entered({"model_file", use, seeds, fuzz::mutate_sealed});

}  // namespace fuzz_model_file

TEST_CASE("Whatever a model file says, it loads as a model that answers with numbers, or is refused") {
  fuzz::check_replay("model_file");
}
