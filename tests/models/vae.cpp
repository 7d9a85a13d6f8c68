#include <vade/models/vae.hpp>

#include <limits>

#include <doctest/doctest.h>

#include <vade/models/fit_vae.hpp>

#include "../support/reference.hpp"
#include "battery.hpp"

using vade::Index;
using vade::Matrix;
using vade::Schedule;
using vade::Vae;

TEST_CASE("VAE: what every model promises") {
  battery::run([] { return Vae<float>(battery::small); },
               [](Vae<float>& model, const vade::Dataset& data, auto... rest) {
                 return model.fit(data, {.fit = {.epochs = 4, .batch = 16}}, rest...);
               });
}

TEST_CASE("VAE: batches of many tiles give the same bytes for any number of threads") {
  battery::check_many_tiles([] { return Vae<float>(battery::wide); },
                            [](auto& model, const vade::Dataset& data) { model.fit(data, {.fit = {.epochs = 2, .batch = 350}}); });
}

TEST_CASE("VAE: fit and its answers take any matrix, and are those of the data set that is made of it") {
  battery::check_takes_matrices([] { return Vae<float>(battery::small); },
                                [](auto& model, const auto& rows) { model.fit(rows, {.fit = {.epochs = 1, .batch = 16}}); },
                                [](const auto& model, const auto& rows) { return model.transform(rows); });
}

TEST_CASE("VAE with a full posterior: what every model promises") {
  battery::run([] { return Vae<float, vade::FullPosterior>(battery::small); },
               [](Vae<float, vade::FullPosterior>& model, const vade::Dataset& data, auto... rest) {
                 return model.fit(data, {.fit = {.epochs = 4, .batch = 16}}, rest...);
               });
}

TEST_CASE("VAE: files with a full and with a diagonal posterior are told apart") {
  const vade::Dataset data = toy::patterns(60, battery::inputs, 3).images;
  const battery::TemporaryFile file;
  Vae<float, vade::FullPosterior> full(battery::small);
  full.fit(data, {.fit = {.epochs = 1}});
  full.save(file.path);
  CHECK_THROWS_WITH_AS(Vae<float>::load(file.path), doctest::Contains("its posterior is \"full\", wanted \"diagonal\""),
                       vade::FileError);
  Vae<float> diagonal(battery::small);
  diagonal.fit(data, {.fit = {.epochs = 1}});
  diagonal.save(file.path);
  CHECK_THROWS_WITH_AS((Vae<float, vade::FullPosterior>::load(file.path)),
                       doctest::Contains("its posterior is \"diagonal\", wanted \"full\""), vade::FileError);
}

TEST_CASE("F.10: a full posterior starts with the bound of the diagonal one, and is trained") {
  // x = A z + noise with a strong rotation: p(z|x) is correlated whenever the decoder mixes both codes.
  Matrix<double> x(400, 2);
  vade::fill_normal(x, 3, vade::Purpose::user);
  Matrix<double> stretch(2, 2);
  stretch << 1.5, 1.5, -0.2, 0.2;
  x *= stretch;
  const vade::Dataset data = vade::Dataset::from_matrix(x);
  const vade::NetworkOptions options{.inputs = 2,
                                     .hidden = {16},
                                     .latent = 2,
                                     .likelihood = vade::Likelihood::gaussian,
                                     .observation_variance = 0.2,
                                     .seed = 2};
  Vae<double> diagonal(options);
  Vae<double, vade::FullPosterior> full(options);
  CHECK(full.parameter_count() == diagonal.parameter_count() + 17);
  diagonal.fit(data, {.fit = {.epochs = 0}});
  full.fit(data, {.fit = {.epochs = 0}});
  CHECK(full.elbo(x).bound() == doctest::Approx(diagonal.elbo(x).bound()).epsilon(1e-12));
  const auto report =
      full.fit(data, {.fit = {.epochs = 100, .batch = 50, .learning_rate = Schedule::cosine(1e-2, 0.01)}});
  CHECK(report.history.back().loss < report.history.front().loss);
  CHECK(full.elbo(x).bound() == doctest::Approx(-report.history.back().loss).epsilon(0.05));
}

TEST_CASE("VAE: the network of the reports has 3,492,644 parameters") {
  CHECK(Vae<float>({.inputs = 784, .hidden = {512, 512, 2048}, .latent = 10}).parameter_count() == 3492644);
}

TEST_CASE("VAE: the terms of the record sum to the loss, and agree with elbo() on the fitted model") {
  Vae<double> model({.inputs = 12, .hidden = {16}, .latent = 2, .seed = 1});
  const vade::Dataset data = toy::patterns(300, 12, 3).images;
  const auto report =
      model.fit(data, {.fit = {.epochs = 60, .batch = 30, .learning_rate = Schedule::cosine(5e-3, 0.0)}});
  const auto& last = report.history.back();
  CHECK(last.loss ==
        doctest::Approx(-(last.term("reconstruction") + last.term("latent_prior") + last.term("latent_entropy"))));
  const auto bound = model.elbo(data);
  CHECK(bound.bound() == doctest::Approx(-last.loss).epsilon(0.03));
  CHECK(bound.kl() > 0);
  CHECK(bound.bound() > -12 * std::log(2.0));  // better than a fair coin for each pixel
  CHECK(model.elbo(data, 1).bound() != bound.bound());
}

TEST_CASE("VAE: generated rows are probabilities, repeatable by seed, one stream a row") {
  Vae<float> model(battery::small);
  model.fit(toy::patterns(60, battery::inputs, 3).images, {.fit = {.epochs = 2}});
  const Matrix<float> images = model.generate(5, 7);
  CHECK(images.rows() == 5);
  CHECK(images.minCoeff() >= 0.0f);
  CHECK(images.maxCoeff() <= 1.0f);
  CHECK(images == model.generate(5, 7));
  CHECK(images != model.generate(5, 8));
  CHECK(images.topRows(2).isApprox(model.generate(2, 7)));
  CHECK_THROWS_AS(model.generate(0, 1), vade::ValueError);
  CHECK_THROWS_WITH_AS(model.generate(std::numeric_limits<Index>::max(), 1), doctest::Contains("Vae::generate: count is"),
                       vade::Error);
}

TEST_CASE("VAE: a warm-up that training would not reach the end of is refused") {
  Vae<float> model(battery::small);
  CHECK_THROWS_WITH_AS(model.fit(toy::patterns(60, battery::inputs, 3).images,
                                 {.fit = {.epochs = 5}, .kl_weight = Schedule::warm_up(0, 1, 10)}),
                       doctest::Contains("warms up for 10 epochs, but training has 5"), vade::ValueError);
}

TEST_CASE("VAE: a Gaussian likelihood takes values outside [0, 1] and gives means") {
  Vae<double> model({.inputs = 2,
                     .hidden = {16},
                     .latent = 1,
                     .likelihood = vade::Likelihood::gaussian,
                     .observation_variance = 0.01,
                     .seed = 2});
  Matrix<double> x(200, 2);
  vade::fill_normal(x, 1, vade::Purpose::user);
  x.col(1) = 2 * x.col(0);  // one dimension of variation
  const auto report = model.fit(vade::Dataset::from_matrix(x),
                                {.fit = {.epochs = 200, .batch = 50, .learning_rate = Schedule::cosine(1e-2, 0.01)}});
  CHECK(report.history.back().loss < report.history.front().loss);
  CHECK((model.reconstruct(x) - x).cwiseAbs().mean() < 0.15);
}

TEST_CASE("L.1: a VAE with one code learns the noise of each input, as factor analysis does, and keeps it in its file") {
  // x = z w + noise: with one code and four inputs, the four variances are identified.
  Matrix<double> z(2000, 1), x(2000, 4);
  vade::fill_normal(z, 1, vade::Purpose::user);
  vade::fill_normal(x, 2, vade::Purpose::user);
  const vade::RowVector<double> noise{{0.04, 0.16, 0.36, 0.09}}, w{{1, -1, 1.5, 0.5}};
  x = z * w + x * noise.array().sqrt().matrix().asDiagonal();
  Vae<double> model({.inputs = 4,
                     .hidden = {16},
                     .latent = 1,
                     .likelihood = vade::Likelihood::gaussian,
                     .learn_observation_variance = true,
                     .seed = 3});
  const Vae<double> fixed({.inputs = 4, .hidden = {16}, .latent = 1, .likelihood = vade::Likelihood::gaussian});
  CHECK(model.parameter_count() == fixed.parameter_count() + 4);
  model.fit(vade::Dataset::from_matrix(x),
            {.fit = {.epochs = 200, .batch = 50, .learning_rate = Schedule::cosine(1e-2, 0.01)}});
  const vade::RowVector<double> learned = model.observation().variances();
  for (Index j = 0; j < 4; ++j) CHECK(learned(j) == doctest::Approx(noise(j)).epsilon(0.25).scale(0));

  const battery::TemporaryFile file;
  model.save(file.path);
  const auto loaded = Vae<double>::load(file.path);
  CHECK(loaded.options().learn_observation_variance);
  CHECK(loaded.observation().variances() == learned);
  CHECK(loaded.elbo(x).bound() == model.elbo(x).bound());
}

TEST_CASE("B.3: log_likelihood agrees with quadrature over the code, from below, and is repeatable by seed") {
  const vade::NetworkOptions options{.inputs = 2,
                                     .hidden = {8},
                                     .latent = 1,
                                     .likelihood = vade::Likelihood::gaussian,
                                     .observation_variance = 0.3,
                                     .seed = 2};
  Vae<double, vade::FullPosterior> model(options);
  Matrix<double> x(40, 2);
  vade::fill_normal(x, 1, vade::Purpose::user);
  x.col(1) += 1.5 * x.col(0);
  model.fit(vade::Dataset::from_matrix(x),
            {.fit = {.epochs = 60, .batch = 20, .learning_rate = Schedule::constant(1e-2)},
             .draws = {.samples = 3, .importance_weighted = true}});
  const Index points = 1601;
  Matrix<double> z(points, 1);
  z.col(0) = Eigen::VectorXd::LinSpaced(points, -8, 8);
  const Matrix<double> decoded = model.decode(z);
  const std::vector<double> got = model.log_likelihood(x, 400, 5);
  REQUIRE(got.size() == 40);
  double one = 0, many = 0, truth = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    for (const double single : model.log_likelihood(x, 1, seed)) one += single / 2000;
  for (Index i = 0; i < 40; ++i) {
    const Eigen::ArrayXd square = (decoded.rowwise() - x.row(i)).rowwise().squaredNorm().array();
    const Eigen::ArrayXd log_joint = -0.5 * (square / 0.3 + z.col(0).array().square()) -
                                     0.5 * std::log(2 * reference::pi) - std::log(2 * reference::pi * 0.3);
    const double log_p = std::log(log_joint.exp().sum() * 0.01);
    const auto at = static_cast<std::size_t>(i);
    CHECK(got[at] == doctest::Approx(log_p).epsilon(0.05));
    many += got[at] / 40;
    truth += log_p / 40;
  }
  CHECK(many == doctest::Approx(truth).epsilon(3e-3));
  CHECK(one < many);
  CHECK(model.elbo(x).bound() < truth);
  CHECK(got == model.log_likelihood(x, 400, 5));
  CHECK(got != model.log_likelihood(x, 400, 6));
  CHECK_THROWS_WITH_AS(model.log_likelihood(x, 0), doctest::Contains("Vae::log_likelihood: samples is 0"),
                       vade::ValueError);
}

TEST_CASE("B.7: importance weights and a weight on the divergence exclude each other") {
  Vae<float> model(battery::small);
  CHECK_THROWS_WITH_AS(model.fit(toy::patterns(60, battery::inputs, 3).images,
                                 {.kl_weight = Schedule::constant(0.5), .draws = {.importance_weighted = true}}),
                       doctest::Contains("kl_weight is 0.5 at epoch 0, wanted 1"), vade::ValueError);
}
