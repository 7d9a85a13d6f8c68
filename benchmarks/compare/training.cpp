// The machine's limits, training steps and predictions.
#include <cstdint>
#include <fstream>
#include <numeric>
#include <string>

#include <vade/data/augmentation.hpp>
#include <vade/data/mnist.hpp>
#include <vade/io/safetensors.hpp>
#include <vade/kernel/product.hpp>
#include <vade/models/image_clustering.hpp>
#include <vade/models/information_maximisation.hpp>
#include <vade/models/fit_vade.hpp>
#include <vade/models/fit_vae.hpp>

#include "measurements.hpp"
#include "timing.hpp"

namespace compare {

namespace {

using vade::Index;
using vade::Matrix;

/// Bytes that look like images: about a fifth of them not zero.
vade::Dataset noise_images(Index rows) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(rows) * 784);
  vade::RandomStream stream(1, vade::Purpose::user);
  for (auto& byte : bytes) byte = stream.below(5) == 0 ? static_cast<std::uint8_t>(stream.below(256)) : std::uint8_t{0};
  return vade::Dataset::from_bytes(std::move(bytes), rows, 784, vade::ImageShape{28, 28});
}

std::vector<Index> first_rows(Index count) {
  std::vector<Index> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), Index{0});
  return rows;
}

vade::NetworkOptions network() { return {.inputs = 784, .hidden = {512, 512, 2048}, .latent = 10, .seed = 1}; }

/// Multiply-adds of a row in all layers, and those of the first, whose input needs no gradient.
constexpr double layer_weights = 784.0 * 512 + 512 * 512 + 512 * 2048 + 2048 * 20 + 10 * 2048 + 2048 * 512 + 512 * 512 + 512 * 784;
constexpr double first_layer_weights = 784.0 * 512;

/// What a peer needs to compute the same loss: parameters, the first batch, its noise, and the loss.
template <class Net>
void write_exchange(const std::filesystem::path& path, const Net& net, const Matrix<float>& x, const Matrix<float>& noise,
                    double loss) {
  vade::SafetensorsWriter file;
  net.for_each_parameter([&](const vade::Parameter<float>& p) { file.add(p.name(), p.value()); });
  file.add("x", x);
  file.add("noise", noise);
  file.add("loss", Matrix<double>(Matrix<double>::Constant(1, 1, loss)));
  file.save(path);
}

/// Collects the seconds between steps, without those of the first, which allocates.
class StepClock {
 public:
  vade::Observer observer() {
    return {.on_step = [this](const vade::Progress& p) {
              if (p.step == 1 && p.epoch == 1) first_loss_ = p.loss;
              if (p.step > 1) seconds_.push_back(seconds_since(last_));
              last_ = Clock::now();
            },
            .on_epoch = {}};
  }
  double milliseconds() const { return 1e3 * median(seconds_); }
  double first_loss() const { return first_loss_; }

 private:
  std::vector<double> seconds_;
  Clock::time_point last_ = Clock::now();
  double first_loss_ = 0;
};

template <class Objective>
Json timed_steps(Objective& objective, vade::Tape<float>& tape, const vade::Dataset& data, const Options& options) {
  StepClock clock;
  const vade::FitOptions fit{.epochs = 2, .batch = options.batch, .learning_rate = vade::Schedule::constant(1e-3)};
  vade::train<float>(objective, tape, data, fit, {"step", 9}, 1, clock.observer());
  return {{"ms", clock.milliseconds()}, {"loss", clock.first_loss()}};
}

/// The most memory that this process has had, where the system tells.
double peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return 1024 * std::stod(line.substr(6));
  return 0;
}

}  // namespace

Json machine(const Options& options) {
  vade::set_threads(options.threads);
  const Index n = 2048;
  const Matrix<float> a = Matrix<float>::Constant(n, n, 0.5f), b = Matrix<float>::Constant(n, n, 0.25f);
  Matrix<float> c(n, n);
  const double product_seconds = time_of(7, [&] { vade::product(a, b, c); });
  const Index length = 1 << 25;  // 128 MB each, beyond any cache
  Matrix<float> x = Matrix<float>::Ones(1, length), y = Matrix<float>::Ones(1, length), z = Matrix<float>::Zero(1, length);
  const double memory_seconds = time_of(7, [&] {
    vade::parallel_ranges(length, 1 << 16, [&](Index begin, Index end) {
      z.middleCols(begin, end - begin) = x.middleCols(begin, end - begin) + 0.5f * y.middleCols(begin, end - begin);
    });
  });
  return {{"gflops", 2e-9 * static_cast<double>(n * n * n) / product_seconds},
          {"gigabytes_per_second", 12e-9 * static_cast<double>(length) / memory_seconds}};
}

Json step(const Options& options) {
  vade::set_threads(options.threads);
  const vade::Dataset data = noise_images(options.batch * options.repeats);
  vade::Network<float> net(network());
  vade::MixtureParameters<float> mixture(10, 10);
  vade::fill_normal(mixture.means.value(), 3, vade::Purpose::user);
  vade::VaeObjective<float> vae(net, vade::Schedule::constant(1));
  vade::VadeObjective<float> vade_objective(net, mixture, {}, data);
  const auto parameters = vade::parameter_count(net) + (options.model == "vade" ? vade::parameter_count(mixture) : 0);
  if (!options.exchange.empty()) {
    vade::Tape<float> first;
    const std::vector<Index> rows = first_rows(options.batch);
    const auto x = first.constant(options.batch, 784);
    data.gather<float>(rows, x.mutable_value());
    const Matrix<float> noise = vade::posterior_noise(first, rows, 10, 1, 5).value();
    const vade::Batch<float> batch{.x = x, .data = data, .rows = rows, .epoch = 0, .epochs = 1, .seed = 1, .draw = 5};
    write_exchange(options.exchange, net, x.value(), noise, vae.record(batch).loss.scalar());
  }
  vade::Tape<float> tape;
  Json json = options.model == "vae" ? timed_steps(vae, tape, data, options) : timed_steps(vade_objective, tape, data, options);
  const auto rows = static_cast<double>(options.batch);
  json["gigaflop"] = 1e-9 * rows * (6 * layer_weights - 2 * first_layer_weights);
  json["optimizer_megabytes"] = 28e-6 * static_cast<double>(parameters);
  return json;
}

Json memory(const Options& options) {
  vade::set_threads(options.threads);
  const vade::Dataset data = noise_images(70000);
  vade::Network<float> net(network());
  vade::VaeObjective<float> objective(net, vade::Schedule::constant(1));
  vade::Tape<float> tape;
  timed_steps(objective, tape, data, options);
  const double megabyte = 1e-6, numbers = static_cast<double>(vade::parameter_count(net));
  const double data_size = megabyte * static_cast<double>(data.byte_size()), state = megabyte * 16 * numbers;
  const double activations = megabyte * static_cast<double>(tape.bytes());
  return {{"data", data_size}, {"parameters", state}, {"activations", activations}, {"sum", data_size + state + activations},
          {"peak", megabyte * peak_bytes()}};
}

Json views(const Options& options) {
  vade::set_threads(options.threads);
  const vade::Dataset data = noise_images(options.batch * options.repeats);
  const std::vector<Index> rows = first_rows(options.batch);
  Matrix<float> out(options.batch, data.columns());
  std::uint32_t epoch = 0;
  const double seconds = time_of(options.repeats, [&] {
    vade::augment<float>(data, rows, vade::digit_views, 1, epoch++, vade::MatrixView<float>(out.data(), out.rows(), out.cols()));
  });
  StepClock clock;
  vade::InformationMaximisingClassifier<float> classifier(
      data.columns(), {.augmentation = vade::digit_views, .fit = {.epochs = 2, .batch = options.batch}}, 1);
  classifier.fit(data, {"classifier", 9}, clock.observer());
  return {{"ms", 1e3 * seconds}, {"step_ms", clock.milliseconds()}};
}

Json load(const Options& options) {
  vade::set_threads(options.threads);
  vade::Index rows = 0;
  const double seconds = time_of(options.repeats, [&] { rows = vade::load_idx(options.exchange).rows(); });
  return {{"ms", 1e3 * seconds}, {"rows", rows}};
}

Json predict(const Options& options) {
  vade::set_threads(options.threads);
  vade::Vade<float> model({.network = network(), .clusters = 10});
  const vade::Dataset data = noise_images(10000);
  model.fit(data, {.start = vade::RandomStart{}, .fit = {.epochs = 0}});
  const double whole = time_of(5, [&] { model.predict(data); });
  const Matrix<float> row = data.slice(0, 1).matrix<float>();
  const double single = time_of(200, [&] { model.predict(row); });
  constexpr double encoder = 784.0 * 512 + 512 * 512 + 512 * 2048 + 2048 * 20;
  return {{"rows_per_second", 10000 / whole}, {"single_row_us", 1e6 * single}, {"gigaflop", 2e-9 * 10000 * encoder},
          {"ms", 1e3 * whole}};
}

}  // namespace compare
