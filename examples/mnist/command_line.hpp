// The command line of the MNIST example.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

#include "../option_values.hpp"
#include "../parse_command_line.hpp"
#include "options.hpp"

namespace mnist {

/// "28x28": two whole numbers, apart by an x.
inline std::optional<vade::ImageShape> image_shape_of(const std::string& text) {
  vade::ImageShape shape;
  const char* const end = text.data() + text.size();
  const auto height = std::from_chars(text.data(), end, shape.height);
  if (height.ec != std::errc{} || height.ptr == end || *height.ptr != 'x') return std::nullopt;
  const auto width = std::from_chars(height.ptr + 1, end, shape.width);
  if (width.ec != std::errc{} || width.ptr != end || shape.height < 1 || shape.width < 1) return std::nullopt;
  return shape;
}

/// Reads the command line; the rest as `parse_command_line`.
inline std::optional<int> read_options(int argc, char** argv, Options& options) {
  std::vector<std::string> compared_views;
  CLI::App app{"Clusters images: IDX files in, clusters, pictures, figures and a model file out.", "mnist"};
  app.add_option("--data", options.data,
                 "folder with the four files of MNIST, or of a data set in its form, such as EMNIST")
      ->required()
      ->check(some_path());
  app.add_option("--data-set", options.set.name,
                 "of several in that folder: what the names of its files begin with, such as emnist-letters");
  app.add_option("--classes", options.set.classes,
                 "labels are below this; else as the names of the files say, mostly 10")
      ->transform(whole_number<vade::Label>(1, 1000000));
  app.add_option_function<std::string>(
         "--image", [&](const std::string& text) { options.image = image_shape_of(text); },
         "HxW, such as 28x28: the shape of images whose files have them as rows of H·W values")
      ->check(CLI::Validator(
          [](const std::string& text) {
            return image_shape_of(text) ? std::string()
                                        : "got '" + text + "', wanted a height and a width such as 28x28";
          },
          "HxW"));
  const auto* out = app.add_option("--out", options.out, "folder for the results; with --load, out/mnist-loaded")
                        ->check(some_path())
                        ->capture_default_str();
  app.add_flag("--anew", options.anew,
               "begin anew; else the same command goes on where it was cut off, by OUT/checkpoint.safetensors");
  app.add_option("--preset", options.preset, "what to train, and how")
      ->check(CLI::IsMember({"vade", "vade-fashion", "vae", "reference-vae", "reference-vade", "paper-vade"}))
      ->capture_default_str();
  app.add_option(
         "--recipe", options.recipe,
         "full; plain: the published way, without warm start and consistency term; or full with one part changed")
      ->check(CLI::IsMember(
          {"full", "plain", "no-warm-start", "no-consistency", "held-balance", "no-balance", "sampled", "em"}))
      ->capture_default_str();
  app.add_option("--view-strength", options.view_strength, "factor on the preset's random views (1: unchanged)")
      ->check(real_number(0, 4))
      ->capture_default_str();
  app.add_option("--view-bend", options.view_bend, "28ths of the side that its views are bent by, before that factor")
      ->check(real_number(0, 100));
  app.add_option("--consistency-views", options.consistency_views,
                 "share of the views' strength in the consistency term")
      ->check(real_number(0, 4));
  app.add_option("--consistency-weight", options.consistency_weight, "where the weight of that term begins")
      ->check(real_number(0, 1e6));
  app.add_option(
         "--consistency-target", options.consistency_target,
         "what that term holds rows to: the partition of the start, the model's own, or that of a moving average of it")
      ->check(CLI::IsMember({"start", "own", "average"}));
  app.add_option("--learning-rate", options.learning_rate, "where it begins in the training proper")
      ->check(real_number(1e-8, 1));
  app.add_option("--compare-views", compared_views,
                 "train no model: say at which of these strengths, such as 0.25,0.5,1, small classifiers agree most")
      ->check(list_of(real_number(0, 4)));
  const auto* clusters = app.add_option("--clusters", options.clusters, "how many; of a VaDE that is loaded, its own")
                             ->transform(whole_number(2, 10000))
                             ->capture_default_str();
  app.add_flag("--imbalanced", options.imbalanced, "keep a row of class k with probability 0.1 + 0.1 k");
  app.add_option("--restarts", options.restarts,
                 "number of fits; the one with the fewest alarms is kept, then the highest agreement of rows and "
                 "views; cut off, they begin anew")
      ->transform(whole_number(1, 1000))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of everything that is random")->transform(any_seed())->capture_default_str();
  app.add_option("--epochs", options.epochs,
                 "of joint training (what comes before it has at most as many); 0 trains nothing")
      ->transform(whole_number(0, 1000000));
  app.add_option("--batch", options.batch, "rows in a step")->transform(whole_number(2, 1000000));
  app.add_option("--threads", options.threads, "results do not depend on it")->transform(whole_number(1, 1024));
  app.add_option("--load", options.load, "evaluate this model file, of the kind of --preset, and train nothing")
      ->check(CLI::ExistingFile);
  app.add_flag("--train-only", options.train_only, "fit on the training rows only; the test rows are then new");
  app.add_option("--log-likelihood", options.draws,
                 "also estimate log p(x) of the test rows, by importance sampling with this many draws a row")
      ->transform(whole_number(1, 1000000));
  app.add_flag("--purity", options.purity,
               "also draw 1,000 images a cluster, and let a classifier that was taught with labels say what they show");
  app.add_flag("--quiet", options.quiet, "print nothing but errors");
  return parse_command_line(app, argc, argv, [&] {
    for (const std::string& list : compared_views)
      for (const std::string& item : list_items(list)) options.compared_views.push_back(std::stod(item));
    const bool views = options.preset == "vade" || options.preset == "vade-fashion";
    if (options.recipe != "full" && !views)
      throw CLI::ValidationError("--recipe", options.recipe + " goes with --preset vade or vade-fashion");
    const bool of_views = options.view_strength != 1 || options.view_bend || options.consistency_views ||
                          options.consistency_weight || options.consistency_target;
    if (of_views && !views)
      throw CLI::ValidationError("--view-* and --consistency-*",
                                 "they go with --preset vade or vade-fashion, which have views");
    if (of_views && options.recipe == "plain")
      throw CLI::ValidationError("--view-* and --consistency-*",
                                 "they do not go with --recipe plain, which has no views");
    if (options.recipe == "no-consistency" &&
        (options.consistency_views || options.consistency_weight || options.consistency_target))
      throw CLI::ValidationError("--consistency-*",
                                 "they do not go with --recipe no-consistency, which has no such term");
    if (options.restarts > 1 && options.anew)
      throw CLI::ValidationError("--anew", "several fits (--restarts) keep no checkpoint, and always begin anew");
    const bool of_training = of_views || options.epochs || options.batch || options.learning_rate ||
                             options.recipe != "full" || options.restarts > 1 || options.anew;
    if (!options.load.empty() && of_training)
      throw CLI::ValidationError(
          "--load",
          "it trains nothing, so options of training (--epochs, --batch, --learning-rate, --recipe, "
          "--restarts, --view-*, --consistency-*, --anew) do not go with it");
    if (!options.load.empty() && clusters->count() > 0 && !options.preset.ends_with("vae"))
      throw CLI::ValidationError("--clusters", "a VaDE that is loaded has its own number of them");
    if (!options.load.empty() && out->count() == 0) options.out = "out/mnist-loaded";
    if (!options.compared_views.empty() && !views)
      throw CLI::ValidationError("--compare-views", "it goes with --preset vade or vade-fashion, which have views");
    if (!options.compared_views.empty() && (!options.load.empty() || options.train_only || options.imbalanced ||
                                            options.purity || options.draws || options.restarts > 1))
      throw CLI::ValidationError("--compare-views",
                                 "it trains no model on all rows, so --load, --train-only, --imbalanced, "
                                 "--purity, --log-likelihood and --restarts do not go with it");
    if (!options.compared_views.empty() &&
        (options.learning_rate || options.recipe != "full" || options.consistency_views || options.consistency_weight ||
         options.consistency_target || options.anew))
      throw CLI::ValidationError("--compare-views",
                                 "it trains classifiers alone, so --learning-rate, --recipe, --consistency-* and "
                                 "--anew do not go with it");
    if (!options.compared_views.empty() && options.epochs == 0)
      throw CLI::ValidationError("--compare-views", "classifiers of 0 epochs agree on nothing");
    if (options.restarts > 1 && options.preset.ends_with("vae"))
      throw CLI::ValidationError("--restarts", "a VAE has no clusters to judge it by; it goes with a preset of VaDE");
    if (options.purity && options.preset.ends_with("vae"))
      throw CLI::ValidationError("--purity", "a VAE draws from no cluster; it goes with a preset of VaDE");
  });
}

}  // namespace mnist
