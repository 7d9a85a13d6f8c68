// The command line of the MNIST example.
#pragma once

#include <optional>

#include <CLI/CLI.hpp>

#include "../parse_command_line.hpp"
#include "options.hpp"

namespace mnist {

/// Reads the command line; the rest as `parse_command_line`.
inline std::optional<int> read_options(int argc, char** argv, Options& options) {
  CLI::App app{"Clusters images: IDX files in, clusters, pictures, figures and a model file out.", "mnist"};
  app.add_option("--data", options.data, "folder with the four files of MNIST, or of a data set in its form")
      ->required();
  const auto* out = app.add_option("--out", options.out, "folder for the results; with --load, out/mnist-loaded")->capture_default_str();
  app.add_flag("--anew", options.anew, "begin anew; else the same command goes on where it was cut off, by OUT/checkpoint.safetensors");
  app.add_option("--preset", options.preset, "what to train, and how")
      ->check(CLI::IsMember({"vade", "vade-fashion", "vae", "reference-vae", "reference-vade", "paper-vade"}))
      ->capture_default_str();
  app.add_option("--recipe", options.recipe,
                 "full; plain: the published way, without warm start and consistency term; or full with one part changed")
      ->check(CLI::IsMember({"full", "plain", "no-warm-start", "no-consistency", "held-balance", "no-balance", "sampled", "em"}))
      ->capture_default_str();
  app.add_option("--view-strength", options.view_strength, "factor on the preset's random views (1: unchanged)")
      ->check(CLI::Range(0.0, 4.0))
      ->capture_default_str();
  app.add_option("--view-bend", options.view_bend, "28ths of the side that its views are bent by, before that factor")
      ->check(CLI::Range(0.0, 100.0));
  app.add_option("--consistency-views", options.consistency_views, "share of the views' strength in the consistency term")
      ->check(CLI::Range(0.0, 4.0));
  app.add_option("--consistency-weight", options.consistency_weight, "where the weight of that term begins")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--consistency-target", options.consistency_target,
                 "what that term holds rows to: the partition of the start, the model's own, or that of a moving average of it")
      ->check(CLI::IsMember({"start", "own", "average"}));
  app.add_option("--learning-rate", options.learning_rate, "where it begins in the training proper")
      ->check(CLI::Range(1e-8, 1.0));
  app.add_option("--compare-views", options.compared_views,
                 "train no model: say at which of these strengths, such as 0.25,0.5,1, small classifiers agree most")
      ->delimiter(',')
      ->check(CLI::Range(0.0, 4.0));
  app.add_flag("--imbalanced", options.imbalanced, "keep a row of class k with probability 0.1 + 0.1 k");
  app.add_option("--restarts", options.restarts, "number of fits; the one with the fewest alarms is kept, then the highest agreement of rows and views; cut off, they begin anew")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of everything that is random")->capture_default_str();
  app.add_option("--epochs", options.epochs, "of joint training (what comes before it has at most as many); 0 trains nothing")
      ->check(CLI::Range(0, 1000000));
  app.add_option("--batch", options.batch, "rows in a step")->check(CLI::Range(2, 1000000));
  app.add_option("--threads", options.threads, "results do not depend on it")->check(CLI::Range(1, 1024));
  app.add_option("--load", options.load, "evaluate this model file, of the kind of --preset, and train nothing")->check(CLI::ExistingFile);
  app.add_flag("--train-only", options.train_only, "fit on the training rows only; the test rows are then new");
  app.add_option("--log-likelihood", options.draws,
                 "also estimate log p(x) of the test rows, by importance sampling with this many draws a row")
      ->check(CLI::Range(1, 1000000));
  app.add_flag("--purity", options.purity,
               "also draw 1,000 images a cluster, and let a classifier that was taught with labels say what they show");
  app.add_flag("--quiet", options.quiet, "print nothing but errors");
  return parse_command_line(app, argc, argv, [&] {
    const bool views = options.preset == "vade" || options.preset == "vade-fashion";
    if (options.recipe != "full" && !views)
      throw CLI::ValidationError("--recipe", options.recipe + " goes with --preset vade or vade-fashion");
    const bool of_views = options.view_strength != 1 || options.view_bend || options.consistency_views ||
                          options.consistency_weight || options.consistency_target;
    if (of_views && !views)
      throw CLI::ValidationError("--view-* and --consistency-*", "they go with --preset vade or vade-fashion, which have views");
    if (of_views && options.recipe == "plain")
      throw CLI::ValidationError("--view-* and --consistency-*", "they do not go with --recipe plain, which has no views");
    if (options.recipe == "no-consistency" && (options.consistency_views || options.consistency_weight || options.consistency_target))
      throw CLI::ValidationError("--consistency-*", "they do not go with --recipe no-consistency, which has no such term");
    if (options.restarts > 1 && options.anew)
      throw CLI::ValidationError("--anew", "several fits (--restarts) keep no checkpoint, and always begin anew");
    const bool of_training = of_views || options.epochs || options.batch || options.learning_rate || options.recipe != "full" ||
                             options.restarts > 1 || options.anew;
    if (!options.load.empty() && of_training)
      throw CLI::ValidationError("--load", "it trains nothing, so options of training (--epochs, --batch, --learning-rate, --recipe, "
                                           "--restarts, --view-*, --consistency-*, --anew) do not go with it");
    if (!options.load.empty() && out->count() == 0) options.out = "out/mnist-loaded";
    if (!options.compared_views.empty() && !views)
      throw CLI::ValidationError("--compare-views", "it goes with --preset vade or vade-fashion, which have views");
    if (!options.compared_views.empty() && (!options.load.empty() || options.train_only || options.imbalanced || options.purity ||
                                            options.draws || options.restarts > 1))
      throw CLI::ValidationError("--compare-views", "it trains no model on all rows, so --load, --train-only, --imbalanced, "
                                                    "--purity, --log-likelihood and --restarts do not go with it");
    if (!options.compared_views.empty() && (options.learning_rate || options.recipe != "full" || options.consistency_views ||
                                            options.consistency_weight || options.consistency_target || options.anew))
      throw CLI::ValidationError("--compare-views", "it trains classifiers alone, so --learning-rate, --recipe, --consistency-* and "
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
