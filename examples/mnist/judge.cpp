#include "judge.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <vade/autodiff/arithmetic.hpp>
#include <vade/autodiff/reductions.hpp>
#include <vade/data/augmentation.hpp>
#include <vade/models/row_source.hpp>
#include <vade/nn/batch_norm.hpp>
#include <vade/training/train.hpp>

namespace mnist {

namespace {

vade::Index classes_in(const vade::Labels& labels) {
  if (labels.empty()) throw vade::ValueError("Judge: the data have no labels, wanted one for each row");
  return *std::max_element(labels.begin(), labels.end()) + 1;
}

}  // namespace

struct Judge::Network {
  vade::BatchNormDense<float> hidden;
  vade::Dense<float> logits;

  Network(vade::Index inputs, vade::Index classes, std::uint64_t seed)
      : hidden("judge.hidden", inputs, 512, seed, 3000),
        logits("judge.logits", 512, classes, vade::Initialiser::glorot, seed, 3001) {}

  vade::Var<float> operator()(vade::Var<float> x) { return logits(hidden(x)); }
  vade::Var<float> operator()(vade::Var<float> x) const { return logits(hidden(x)); }
  void for_each_parameter(auto&& visit) { hidden.for_each_parameter(visit), logits.for_each_parameter(visit); }
};

namespace {

/// Minus the mean log-probability of the label, of views of the rows.
template <class Network>
struct LabelObjective {
  static constexpr std::array<std::string_view, 1> term_names{"cross_entropy"};

  Network& network;
  const vade::Labels& labels;

  vade::Losses<float, 1> record(const vade::Batch<float>& batch) {
    constexpr vade::ImageAugmentation views{.rotation_degrees = 10, .shear = 0.1, .scale = 0.1, .shift = 1};
    vade::Tape<float>& tape = batch.x.tape();
    const auto view = tape.constant(batch.x.rows(), batch.x.cols());
    vade::augment<float>(batch.data, batch.rows, views, batch.seed, batch.draw, view.mutable_value());
    const auto log_p = log_softmax(network(view));
    vade::Matrix<float> wanted = vade::Matrix<float>::Zero(log_p.rows(), log_p.cols());
    for (vade::Index i = 0; i < wanted.rows(); ++i)
      wanted(i, labels[static_cast<std::size_t>(batch.rows[static_cast<std::size_t>(i)])]) = 1;
    const auto loss = -vade::mean(row_sums(tape.constant(wanted) * log_p));
    return {.loss = loss, .terms = {loss}};
  }

  std::vector<vade::ParameterGroup<float>> groups() { return {{vade::parameters_of<float>(network), 1.0}}; }
  void end_epoch(vade::EpochRecord&) {}
};

}  // namespace

Judge::Judge(const vade::LabelledDataset& train, std::uint64_t seed, const vade::Observer& observer,
             const vade::StopToken& stop) {
  auto network = std::make_shared<Network>(train.images.columns(), classes_in(train.labels), seed);
  LabelObjective<Network> objective{*network, train.labels};
  vade::Tape<float> tape;
  const vade::FitOptions fit{.epochs = 10, .batch = 250, .learning_rate = vade::Schedule::cosine(2e-3, 0.02)};
  vade::train<float>(objective, tape, train.images, fit, {"judge", 30}, seed, observer, stop);
  network_ = std::move(network);
}

vade::Labels Judge::classes_of(const vade::Matrix<float>& images) const {
  vade::Labels classes(static_cast<std::size_t>(images.rows()));
  vade::for_each_batch(vade::RowSource<float>(images), 512, [&](vade::Var<float> rows, vade::Index first) {
    std::ranges::copy(vade::top_columns((*network_)(rows).value()), classes.begin() + first);
  });
  return classes;
}

RowPurity Judge::purity(const vade::Matrix<float>& images) const {
  const vade::Labels classes = classes_of(images);
  std::vector<vade::Index> counts;
  for (const vade::Label c : classes) {
    counts.resize(std::max(counts.size(), static_cast<std::size_t>(c) + 1));
    ++counts[static_cast<std::size_t>(c)];
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  return {.majority = static_cast<vade::Label>(most - counts.begin()),
          .share = static_cast<double>(*most) / static_cast<double>(classes.size())};
}

double Judge::accuracy(const vade::LabelledDataset& data) const {
  const vade::Labels classes = classes_of(data.images.matrix<float>());
  vade::Index right = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) right += classes[i] == data.labels[i];
  return static_cast<double>(right) / static_cast<double>(classes.size());
}

}  // namespace mnist
