// What the MNIST example can be told.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <vade/data/mnist.hpp>

namespace mnist {

struct Options {
  std::filesystem::path data;
  vade::MnistOptions set;                   ///< which files of `data`, and how many classes they have
  std::optional<vade::ImageShape> image;    ///< of rows whose file does not tell it
  std::filesystem::path out = "out/mnist";  ///< with `load`, "out/mnist-loaded"
  bool anew = false;                        ///< whether a checkpoint in `out` is left aside
  std::string preset = "vade";
  std::string recipe = "full";
  double view_strength = 1;         ///< of the random views of presets vade and vade-fashion, against the preset's
  std::optional<double> view_bend;  ///< 28ths of the side that they are bent by, instead of the preset's
  std::optional<double> consistency_views;  ///< share of that strength in the consistency term, instead of the preset's
  std::optional<double> consistency_weight;       ///< where the weight of that term begins
  std::optional<std::string> consistency_target;  ///< what rows and views are held to in that term
  std::optional<double> learning_rate;            ///< of the joint training, where it begins
  std::vector<double> compared_views;             ///< strengths of views to compare, instead of training a model
  int clusters = 10;
  bool imbalanced = false;  ///< whether classes are thinned out, each to another share
  int restarts = 1;         ///< fits, of which the best is kept without looking at labels
  std::uint64_t seed = 0;
  std::optional<int> epochs;
  std::optional<int> batch;
  std::optional<int> threads;
  std::filesystem::path load;
  bool train_only = false;
  std::optional<int> draws;  ///< of importance sampling, for the log-likelihood of the test rows
  bool purity = false;       ///< whether drawn images are judged by a classifier that was taught with labels
  bool quiet = false;
};

}  // namespace mnist
