#include <vade/models/vade.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <vade/metrics/clustering.hpp>
#include <vade/mixture/kmeans.hpp>
#include <vade/models/fit_vade.hpp>

#include "../support/message_of.hpp"
#include "../support/reference.hpp"
#include "../support/safetensors_parts.hpp"
#include "battery.hpp"

using vade::AutoencoderStart;
using vade::Index;
using vade::Labels;
using vade::Matrix;
using vade::RandomStart;
using vade::Schedule;
using vade::Vade;
using vade::VadeFitOptions;
using vade::VaeStart;

namespace {

const vade::VadeOptions small{.network = battery::small, .clusters = 3};

VadeFitOptions quick_fit(vade::WarmStart start = AutoencoderStart{.fit = {.epochs = 30, .batch = 30},
                                                                  .mixture_restarts = 2},
                         int epochs = 10) {
  return {.start = std::move(start), .fit = {.epochs = epochs, .batch = 30, .learning_rate = Schedule::constant(2e-3)}};
}

}  // namespace

TEST_CASE("VaDE: what every model promises") {
  battery::run([] { return Vade<float>(small); },
               [](Vade<float>& model, const vade::Dataset& data, auto... rest) {
                 return model.fit(data, quick_fit(AutoencoderStart{.fit = {.epochs = 2}, .mixture_restarts = 1}, 3), rest...);
               });
}

TEST_CASE("VaDE: fit and its answers take any matrix, and are those of the data set that is made of it") {
  battery::check_takes_matrices([] { return Vade<float>(small); },
                                [](auto& model, const auto& rows) { model.fit(rows, {.start = RandomStart{}, .fit = {.epochs = 1, .batch = 16}}); },
                                [](const auto& model, const auto& rows) { return model.predict_proba(rows); });
}

TEST_CASE("VaDE with a full posterior: what every model promises") {
  using Full = Vade<float, vade::FullPosterior>;
  battery::run([] { return Full(small); },
               [](Full& model, const vade::Dataset& data, auto... rest) {
                 return model.fit(data, quick_fit(VaeStart{.fit = {.epochs = 2}, .mixture_restarts = 1}, 3), rest...);
               });
}

TEST_CASE("VaDE goes on from its checkpoint after every epoch of every start, with every state that training can have") {
  const vade::Dataset data = toy::patterns(60, battery::inputs, 3).images;
  const vade::Augmentation noise = vade::NoiseCorruption{.noise = 0.1, .clamp = true};
  vade::InformationStart information;
  information.classifier = {.hidden = {12}, .augmentation = noise, .fit = {.epochs = 4, .batch = 30}};
  information.halving = {.candidates = 4, .rung = 1};
  VadeFitOptions options = quick_fit(information, 3);
  options.objective.freeze_epochs = 2;
  SUBCASE("information start, frozen responsibilities") {}
  SUBCASE("averaged weights, after an autoencoder with averaged weights") {
    options.start = AutoencoderStart{.fit = {.epochs = 2, .batch = 30, .average_decay = 0.9}, .mixture_restarts = 2};
    options.fit.average_decay = 0.9;
  }
  SUBCASE("a VAE first") { options.start = VaeStart{.fit = {.epochs = 2, .batch = 30}, .mixture_restarts = 1}; }
  SUBCASE("a partition") {
    options.start = vade::PartitionStart{.labels = vade::kmeans(data.matrix<float>(), {.clusters = 3}).labels};
  }
  SUBCASE("a mean teacher") {
    options.objective.consistency = {.weight = Schedule::constant(5),
                                     .target = vade::ConsistencyTarget::average,
                                     .teacher_decay = 0.9,
                                     .augmentation = noise};
  }
  SUBCASE("online EM") {
    options.start = RandomStart{};
    options.objective.mixture = vade::MixtureUpdate::em;
  }
  SUBCASE("revival") {
    options.start = RandomStart{};
    options.objective.revive = true;
  }
  battery::check_goes_on([] { return Vade<float>(small); },
                         [&](Vade<float>& model, const vade::Dataset& rows, auto... rest) {
                           return model.fit(rows, options, rest...);
                         },
                         data);
}

TEST_CASE("A checkpoint of VaDE keeps what the next epoch needs, and no stage before") {
  const vade::Dataset data = toy::patterns(60, battery::inputs, 3).images;
  const tests::Folder folder;
  vade::Checkpoint checkpoint(folder.path / "checkpoint", 0);
  Vade<float> model(small);
  VadeFitOptions options = quick_fit(AutoencoderStart{.fit = {.epochs = 2, .batch = 30}}, 3);
  vade::Observer observer;
  observer.on_epoch = [&](const vade::EpochRecord& epoch) {
    CHECK(checkpoint.holds("autoencoder") == (epoch.stage == "autoencoder"));
    CHECK(checkpoint.holds("vade") == (epoch.stage == "vade"));
  };
  model.fit(data, options, observer, {}, &checkpoint);
  CHECK(checkpoint.steps() == 5);
  options.fit.epochs = 4;
  const Matrix<float> before = model.predict_proba(data);
  CHECK_THROWS_WITH_AS(model.fit(data, options, {}, {}, &checkpoint), doctest::Contains("was begun with fit.fit.epochs 3, got 4"),
                       vade::ValueError);
  CHECK(model.predict_proba(data) == before);
  options.fit.epochs = 3;
  vade::VadeOptions other = small;
  other.network.likelihood = vade::Likelihood::gaussian;  // of the same shapes
  Vade<float> gaussian(other);
  CHECK_THROWS_WITH_AS(gaussian.fit(data, options, {}, {}, &checkpoint),
                       doctest::Contains("was begun with model.network.likelihood 0, got 1"), vade::ValueError);
  CHECK_FALSE(gaussian.fitted());
  Vade<double> wider(small);
  CHECK_THROWS_WITH_AS(wider.fit(data, options, {}, {}, &checkpoint),
                       doctest::Contains("was begun with model vade, diagonal in float, got vade, diagonal in double"),
                       vade::ValueError);
  CHECK_FALSE(wider.fitted());
}

TEST_CASE("Rows whose codes have no mixture end the training by an error that names the stage") {
  const vade::Dataset same = vade::Dataset::from_matrix(Matrix<float>(Matrix<float>::Constant(50, battery::inputs, 0.5f)));
  for (const auto& [start, stage] : {std::pair<vade::WarmStart, const char*>{AutoencoderStart{.fit = {.epochs = 1}}, "autoencoder"},
                                     {VaeStart{.fit = {.epochs = 1}}, "vae"}}) {
    Vade<float> model(small);
    CHECK_THROWS_WITH_AS(model.fit(same, quick_fit(start, 1)),
                         doctest::Contains((std::string("Vade::fit: after stage ") + stage +
                                            " no mixture fits the codes of the rows: kmeans: x has only 1 distinct rows")
                                               .c_str()),
                         vade::TrainingError);
  }
}

TEST_CASE("Views that the objective would draw are checked before the model is touched, at strength 0, too") {
  const vade::Dataset images = vade::Dataset::from_matrix(toy::patterns(60, battery::inputs, 3).images.matrix<float>(),
                                                          vade::ImageShape{3, 4});
  Vade<float> model(small);
  model.fit(images, quick_fit(RandomStart{}, 1));
  const Matrix<float> before = model.predict_proba(images);
  VadeFitOptions options = quick_fit(RandomStart{}, 1);
  options.objective.consistency = {.weight = Schedule::constant(1),
                                   .augmentation = vade::ImageAugmentation{.shear = -1},
                                   .view_strength = 0};
  CHECK_THROWS_WITH_AS(model.fit(images, options), doctest::Contains("shear is -1"), vade::ValueError);
  CHECK(model.predict_proba(images) == before);
}

TEST_CASE("F.8: VaDE with a full posterior starts as the diagonal one, and its files are told apart") {
  const vade::Dataset data = toy::patterns(60, battery::inputs, 3).images;
  Vade<float> diagonal(small);
  Vade<float, vade::FullPosterior> full(small);
  diagonal.fit(data, quick_fit(RandomStart{}, 0));
  full.fit(data, quick_fit(RandomStart{}, 0));
  CHECK(full.predict_proba(data).isApprox(diagonal.predict_proba(data), 1e-4f));
  CHECK(full.elbo(data).bound() == doctest::Approx(diagonal.elbo(data).bound()).epsilon(1e-5));
  const battery::TemporaryFile file;
  full.save(file.path);
  CHECK_THROWS_WITH_AS(Vade<float>::load(file.path),
                       doctest::Contains("its posterior is \"full\", wanted \"diagonal\""), vade::FileError);
}

TEST_CASE("B.9: log_likelihood agrees with quadrature over the code, from below") {
  Vade<float> model({.network = {.inputs = 2,
                                 .hidden = {8},
                                 .latent = 1,
                                 .likelihood = vade::Likelihood::gaussian,
                                 .observation_variance = 0.3,
                                 .seed = 2},
                     .clusters = 2});
  Matrix<float> x(60, 2);
  vade::fill_normal(x, 1, vade::Purpose::user);
  for (Index i = 0; i < 60; ++i) x(i, 0) += i % 2 == 0 ? 2.0f : -2.0f;
  model.fit(vade::Dataset::from_matrix(x), quick_fit(VaeStart{.fit = {.epochs = 60, .batch = 20}}, 40));
  const Index points = 2001;
  Matrix<float> z(points, 1);
  z.col(0) = Eigen::VectorXf::LinSpaced(points, -10, 10);
  const Matrix<double> decoded = model.decode(z).cast<double>(), code = z.cast<double>();
  Eigen::ArrayXd prior = Eigen::ArrayXd::Zero(points);
  for (Index c = 0; c < 2; ++c) {
    const auto pi = static_cast<double>(model.weights()(c)), mean = static_cast<double>(model.means()(c, 0)),
               variance = static_cast<double>(model.variances()(c, 0));
    prior +=
        pi * (-0.5 * (code.col(0).array() - mean).square() / variance).exp() / std::sqrt(2 * reference::pi * variance);
  }
  const std::vector<double> got = model.log_likelihood(x, 300, 5);
  double one = 0, many = 0, truth = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    for (const double single : model.log_likelihood(x, 1, seed)) one += single / 3000;
  for (Index i = 0; i < 60; ++i) {
    const auto square = (decoded.rowwise() - x.row(i).cast<double>()).rowwise().squaredNorm().array().eval();
    truth += std::log((prior * (-0.5 * square / 0.3).exp()).sum() * 0.01 / (2 * reference::pi * 0.3)) / 60;
    many += got[static_cast<std::size_t>(i)] / 60;
  }
  CHECK(many == doctest::Approx(truth).epsilon(0.01));
  CHECK(one < many);
  CHECK(model.elbo(x).bound() < truth);
  CHECK_THROWS_WITH_AS(model.log_likelihood(x, 0), doctest::Contains("Vade::log_likelihood: samples is 0"),
                       vade::ValueError);
}

TEST_CASE("VaDE: the network of the reports has 3,492,854 parameters") {
  const Vade<float> model({.network = {.inputs = 784, .hidden = {512, 512, 2048}, .latent = 10}, .clusters = 10});
  CHECK(model.parameter_count() == 3492854);
}

TEST_CASE("VaDE: three kinds of patterns are three clusters, from each start that pretrains") {
  const vade::LabelledDataset data = toy::patterns(300, battery::inputs, 3);
  const vade::FitOptions fit{.epochs = 100, .batch = 30, .learning_rate = Schedule::cosine(5e-3, 0.05)};
  const vade::WarmStart starts[] = {AutoencoderStart{.fit = fit},
                                    VaeStart{.fit = fit, .kl_weight = Schedule::warm_up(0.01, 0.2, 50)}};
  for (const vade::WarmStart& start : starts) {
    Vade<float> model(small);
    model.fit(data.images, quick_fit(start));
    CAPTURE(start.index());
    CHECK(vade::clustering_accuracy(data.labels, model.predict(data.images)) > 0.97);
  }
}

TEST_CASE("VaDE: probabilities are a simplex, prediction is their top and needs no randomness") {
  const vade::LabelledDataset data = toy::patterns(90, battery::inputs, 3);
  Vade<float> model(small);
  model.fit(data.images, quick_fit());
  const Matrix<float> gamma = model.predict_proba(data.images);
  CHECK(gamma.minCoeff() >= 0.0f);
  CHECK((gamma.rowwise().sum().array() - 1.0f).abs().maxCoeff() < 1e-5f);
  const Labels labels = model.predict(data.images);
  CHECK(labels == model.predict(data.images));
  for (Index i = 0; i < gamma.rows(); ++i)
    CHECK(gamma(i, labels[static_cast<std::size_t>(i)]) == gamma.row(i).maxCoeff());
}

TEST_CASE("VaDE: γ of the model is the softmax of the design, recomputed in double from the saved parameters") {
  const vade::LabelledDataset data = toy::patterns(60, battery::inputs, 3);
  Vade<double> model(small);
  model.fit(data.images, quick_fit());
  const battery::TemporaryFile file;
  model.save(file.path);
  const auto tensors = vade::SafetensorsFile::load(file.path);
  // The posterior's variance is not public, so the encoder is evaluated here by plain loops.
  const Matrix<double> x = data.images.matrix<double>();
  Matrix<double> h = x;
  const std::vector<Index> widths{12, 16, 8};
  for (std::size_t layer = 0; layer < 2; ++layer) {
    const std::string name = "encoder." + std::to_string(layer);
    const auto w = tensors.matrix<double>(name + ".weight", widths[layer], widths[layer + 1]);
    const auto b = tensors.matrix<double>(name + ".bias", 1, widths[layer + 1]);
    h = ((h * w).rowwise() + b.row(0)).cwiseMax(0.0).eval();
  }
  const Matrix<double> out = (h * tensors.matrix<double>("encoder.head.weight", 8, 6)).rowwise() +
                             tensors.matrix<double>("encoder.head.bias", 1, 6).row(0);
  const vade::RowVector<double> pi = model.weights();
  const Matrix<double> means = model.means(), variances = model.variances();
  const Matrix<double> gamma = model.predict_proba(x);
  for (Index i = 0; i < x.rows(); ++i) {
    double total = 0;
    std::vector<double> unnormalised;
    for (Index c = 0; c < 3; ++c) {
      double s = std::log(pi(c));
      for (Index j = 0; j < 3; ++j) {
        const double difference = out(i, j) - means(c, j);
        s -= 0.5 * (std::log(2 * 3.14159265358979323846) + std::log(variances(c, j)) +
                    (difference * difference + std::exp(out(i, j + 3))) / variances(c, j));
      }
      unnormalised.push_back(std::exp(s));
      total += unnormalised.back();
    }
    for (Index c = 0; c < 3; ++c)
      CHECK(gamma(i, c) == doctest::Approx(unnormalised[static_cast<std::size_t>(c)] / total).epsilon(1e-9));
  }
}

TEST_CASE("VaDE: weights are positive and sum to one; variances are positive; the five terms sum to the bound") {
  const vade::Dataset data = toy::patterns(90, battery::inputs, 3).images;
  Vade<double> model(small);
  const auto report = model.fit(data, quick_fit());
  CHECK(model.weights().minCoeff() > 0);
  CHECK(model.weights().sum() == doctest::Approx(1));
  CHECK(model.variances().minCoeff() > 0);
  const auto b = model.elbo(data);
  CHECK(b.bound() ==
        doctest::Approx(b.reconstruction + b.latent_prior + b.cluster_prior + b.latent_entropy + b.cluster_entropy));
  const auto& last = report.history.back();
  CHECK(last.stage == "vade");
  CHECK(-last.loss ==
        doctest::Approx(last.term("reconstruction") + last.term("latent_prior") + last.term("cluster_prior") +
                        last.term("latent_entropy") + last.term("cluster_entropy")));
  CHECK(last.term("consistency") == 0);
  CHECK(last.term("effective_clusters") > 1);
}

TEST_CASE("VaDE: with one cluster, γ is 1 and the cluster terms vanish") {
  const vade::Dataset data = toy::patterns(40, battery::inputs, 2).images;
  Vade<double> model({.network = battery::small, .clusters = 1});
  model.fit(data, {.start = RandomStart{}, .fit = {.epochs = 0}});
  const Matrix<double> gamma = model.predict_proba(data);
  CHECK(gamma.isOnes(1e-12));
  const auto b = model.elbo(data);
  CHECK(b.cluster_prior == doctest::Approx(0));
  CHECK(b.cluster_entropy == doctest::Approx(0));
}

TEST_CASE("VaDE: generate draws from all clusters or from one, repeatably") {
  const vade::LabelledDataset data = toy::patterns(300, battery::inputs, 3);
  Vade<float> model(small);
  model.fit(data.images, quick_fit(AutoencoderStart{.fit = {.epochs = 40, .batch = 30}}, 40));
  const Matrix<float> images = model.generate(9, 4);
  CHECK(images == model.generate(9, 4));
  for (Index c = 0; c < 3; ++c) {
    const Labels found = model.predict(model.generate(50, c, 2));
    const auto right = std::count(found.begin(), found.end(), static_cast<vade::Label>(c));
    CHECK(right >= 45);
  }
  CHECK(model.generate(9, 1, 4) == model.generate(9, 1, 4, 0));
  CHECK(model.generate(9, 1, 4, 0.9) == model.generate(9, 1, 4, 0.9));
  CHECK_THROWS_WITH_AS(model.generate(5, 1, 1, 1.5), doctest::Contains("confidence is 1.5"), vade::ValueError);
  CHECK_THROWS_WITH_AS(model.generate(5, 3, 1), doctest::Contains("cluster is 3, wanted a value in [0, 2]"),
                       vade::ValueError);
  CHECK_THROWS_AS(model.generate(5, -1, 1), vade::ValueError);
  CHECK_THROWS_AS(model.generate(0, 1), vade::ValueError);
  CHECK_THROWS_WITH_AS(model.generate(std::numeric_limits<Index>::max(), 1), doctest::Contains("Vade::generate: count is"),
                       vade::Error);
}

TEST_CASE("VaDE: fewer rows than clusters, and bad options, are refused") {
  Vade<float> model(small);
  CHECK_THROWS_WITH_AS(model.fit(toy::patterns(2, battery::inputs, 2).images), doctest::Contains("rows of data"),
                       vade::ValueError);
  CHECK_THROWS_AS(Vade<float>({.network = battery::small, .clusters = 0}), vade::ValueError);
  CHECK_THROWS_AS(Vade<float>({.network = {.inputs = 0}}), vade::ValueError);
  VadeFitOptions options = quick_fit();
  options.objective.kl_weight = Schedule::warm_up(0, 1, 99);
  CHECK_THROWS_WITH_AS(model.fit(toy::patterns(30, battery::inputs, 3).images, options), doctest::Contains("warms up"),
                       vade::ValueError);
}

TEST_CASE("VaDE: views that the data cannot have are refused before the start begins") {
  Vade<float> model({.network = battery::small, .clusters = 3});
  const Matrix<float> rows = toy::patterns(60, battery::inputs, 3).images.matrix<float>();  // no image shape
  vade::VadeFitOptions options{.start = vade::AutoencoderStart{.fit = {.epochs = 2}}, .fit = {.epochs = 1}};
  int epochs = 0;
  const vade::Observer observer{.on_step = {}, .on_epoch = [&](const vade::EpochRecord&) { ++epochs; }};
  options.objective.consistency.weight = vade::Schedule::constant(1);
  CHECK_THROWS_WITH_AS(model.fit(vade::Dataset::from_matrix(rows), options, observer),
                       doctest::Contains("wanted images"), vade::ValueError);
  options.objective.consistency.augmentation = vade::NeighbourAugmentation{.neighbours = 60};
  CHECK_THROWS_WITH_AS(model.fit(vade::Dataset::from_matrix(rows), options, observer),
                       doctest::Contains("neighbours is 60, wanted a value in [1, 59]"), vade::ValueError);
  CHECK(epochs == 0);
  options.objective.consistency.augmentation = vade::NeighbourAugmentation{.neighbours = 5};
  model.fit(vade::Dataset::from_matrix(rows), options, observer);
  CHECK(epochs == 3);
}

TEST_CASE("VaDE: a stop request ends the fit in whichever stage it comes, and the model can be used and saved") {
  const vade::Dataset data = toy::patterns(90, battery::inputs, 3).images;
  for (const std::string stage : {"autoencoder", "vade"}) {
    Vade<float> model(small);
    std::stop_source source;
    vade::Observer observer;
    observer.on_step = [&](const vade::Progress& p) {
      if (p.stage == stage && p.epoch == 2) source.request_stop();
    };
    const auto report = model.fit(data, quick_fit(), observer, source.get_token());
    CHECK(report.stop == vade::StopReason::cancelled);
    CHECK(report.history.back().stage == stage);
    CHECK(model.fitted());
    CHECK(model.predict(data).size() == 90);
  }
}

TEST_CASE("VaDE: a model of another kind, and a file that lies about its sizes, are refused") {
  const vade::Dataset data = toy::patterns(30, battery::inputs, 3).images;
  Vade<float> model(small);
  model.fit(data, {.start = RandomStart{}, .fit = {.epochs = 0}});
  const battery::TemporaryFile file;
  model.save(file.path);
  CHECK_NOTHROW(Vade<double>::load(file.path));
  vade::ModelFileWriter<float> other("vae", battery::small);
  other.save(file.path);
  CHECK_THROWS_WITH_AS(Vade<float>::load(file.path), doctest::Contains("kind \"vae\", wanted \"vade\""),
                       vade::FileError);
  vade::ModelFileWriter<float> huge("vade", {.inputs = 1000000000, .hidden = {1000000000}, .latent = 10});
  huge.set("clusters", "10");
  huge.save(file.path);
  CHECK_THROWS_AS(Vade<float>::load(file.path), vade::FileError);
}

TEST_CASE("VaDE: a small file that claims a large model is refused by the shape of a tensor, before a network is made") {
  const vade::Dataset data = toy::patterns(30, battery::inputs, 3).images;
  Vade<float, vade::FullPosterior> model(small);
  model.fit(data, {.start = RandomStart{}, .fit = {.epochs = 0}});
  const battery::TemporaryFile file;
  const auto complaint = [&](const std::function<void(tests::SafetensorsParts&)>& change) {
    model.save(file.path);
    tests::SafetensorsParts parts(file.path);
    change(parts);
    parts.save(file.path);
    return tests::message_of<vade::FileError>([&] { Vade<float, vade::FullPosterior>::load(file.path); });
  };
  const auto empty = [](Index rows) { return tests::SafetensorsParts::Tensor{vade::Dtype::f32, {rows, 0}, {}}; };
  CHECK(complaint([](auto&) {}) == tests::nothing_thrown);
  for (const Index clusters : {Index{1} << 26, Index{1} << 29}) {
    const std::string said = complaint([&](auto& parts) {
      parts.metadata["vade.clusters"] = std::to_string(clusters);
      parts.tensors["mixture.means"] = empty(clusters);
    });
    CHECK(said == file.path.string() + ": tensor \"mixture.weight_logits\" is [1 x 3], wanted " + vade::shape_text(1, clusters));
  }
  CHECK(complaint([](auto& parts) { parts.metadata["vade.clusters"] = "1099511627776"; }).find("clusters is 1099511627776") !=
        std::string::npos);
  const std::string wide = complaint([&](auto& parts) {
    parts.metadata["vade.latent"] = "40000";
    parts.tensors["decoder.0.weight"] = empty(40000);
  });
  CHECK(wide.find("tensor \"encoder.head.weight\" is [8 x 9], wanted [8 x 800060000]") != std::string::npos);
  CHECK(complaint([](auto& parts) { parts.tensors["evil.extra"] = parts.tensors["mixture.means"]; })
            .find("has a tensor \"evil.extra\" that was not wanted") != std::string::npos);
}

TEST_CASE("VaDE: more clusters than there is memory for are a ValueError that names sizes and bytes") {
  CHECK_THROWS_WITH_AS((Vade<float>({.network = {.inputs = 2, .hidden = {2}, .latent = 8}, .clusters = Index{1} << 28})),
                       doctest::Contains("Vade: clusters 268435456, latent 8 need 4563402752 parameters, 1.8253611e+10 bytes"),
                       vade::ValueError);
  CHECK_THROWS_WITH_AS((Vade<float>({.clusters = Index{1} << 40})), doctest::Contains("clusters is 1099511627776"), vade::ValueError);
}

TEST_CASE("VaDE: a checkpoint whose frozen partition or whose counters are not those of the fit is refused") {
  const vade::Dataset data = toy::patterns(96, battery::inputs, 3).images;
  vade::PartitionStart start;
  for (Index i = 0; i < data.rows(); ++i) start.labels.push_back(static_cast<vade::Label>(i % 3));
  VadeFitOptions options{.start = start, .fit = {.epochs = 6, .batch = 32}};
  options.objective.freeze_epochs = 5;
  options.objective.mixture = vade::MixtureUpdate::em;
  const tests::Folder folder;
  const std::filesystem::path path = folder.path / "run";
  const auto fit = [&](const vade::Observer& observer) {
    Vade<float> model(small);
    vade::Checkpoint checkpoint(path, 0);
    model.fit(data, options, observer, {}, &checkpoint);
    return model.means();
  };
  const Matrix<float> whole = fit({});
  std::filesystem::remove(path);
  struct PowerCut {};
  vade::Observer cut;
  cut.on_epoch = [](const vade::EpochRecord& record) {
    if (record.epoch == 3) throw PowerCut();
  };
  CHECK_THROWS_AS(fit(cut), PowerCut);
  const tests::SafetensorsParts good(path);
  const auto complaint = [&](const std::function<void(tests::SafetensorsParts&)>& change) {
    tests::SafetensorsParts parts = good;
    change(parts);
    parts.save(path);
    const std::string said = tests::message_of<vade::FileError>([&] { CHECK(fit({}) == whole); });
    return said.starts_with(path.string() + ": ") ? said.substr(path.string().size() + 2) : said;
  };
  CHECK(complaint([](auto&) {}) == tests::nothing_thrown);
  for (const std::vector<Index>& shape : {std::vector<Index>{1, 3}, {95, 3}, {0, 0}, {96, 2}})
    CHECK(complaint([&](auto& parts) {
            auto& frozen = parts.tensors.at("vade/frozen");
            frozen.shape = shape;
            frozen.bytes.resize(static_cast<std::size_t>(shape[0] * shape[1]) * 4);
          }) == "frozen of vade is F32 " + vade::sizes_text(shape) + ", wanted F32 [96 x 3]");
  CHECK(complaint([&](auto& parts) { parts.tensors.at("vade/online.observed").bytes.assign(8, std::byte{0}); }) ==
        "the state of vade has 0 steps of the mixture, but its log has 3 epochs of 3");
  CHECK(complaint([&](auto& parts) { parts.tensors.at("vade/online.observed").bytes.assign(8, std::byte{0xff}); })
            .find("steps of the mixture, but its log has 3 epochs of 3") != std::string::npos);
}
