#include "run.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include <unistd.h>
#include <nlohmann/json.hpp>

#include <vade/core/thread_pool.hpp>
#include <vade/io/atomic_file.hpp>

#include "experiment.hpp"
#include "pictures.hpp"
#include "table.hpp"

namespace synthetic {

namespace {

volatile std::sig_atomic_t interrupted = 0;

extern "C" void synthetic_interrupt(int) {
  interrupted = 1;
  std::signal(SIGINT, SIG_DFL);  // a second Ctrl-C ends the program at once
}

/// Sizes and lengths: those of document 004, and for --quick a fifth of the rows and less than half of the steps'
/// passes.
struct Plan {
  vade::Index rows;
  int epochs;
  int quick_epochs;
};
constexpr std::array<Plan, 5> plans{
    {{20000, 20, 20}, {20000, 50, 30}, {40000, 200, 40}, {40000, 200, 40}, {40000, 400, 60}}};

Task task_of(const Options& options, const vade::SyntheticInfo& density, std::uint64_t seed) {
  const Plan& plan = plans.at(static_cast<std::size_t>(density.which));
  Task task{.density = density,
            .rows = options.quick ? plan.rows / 5 : plan.rows,
            .test_rows = options.quick ? plan.rows / 10 : plan.rows / 2,
            .epochs = options.quick ? plan.quick_epochs : plan.epochs,
            .latent = options.latent,
            .seed = seed};
  if (options.epochs) task.epochs = *options.epochs;
  return task;
}

/// Rewrites one line on a terminal while a model is trained.
vade::Observer observer(const Options& options, const std::string& name, std::stop_source& stop) {
  const bool shown = !options.quiet && isatty(STDERR_FILENO) != 0;
  return {.on_step =
              [&stop, name, shown](const vade::Progress& p) {
                if (interrupted != 0) stop.request_stop();
                if (shown && p.step == p.steps)
                  std::fprintf(stderr, "\r\033[K%s  epoch %d/%d  loss %.4g  %.0f s left", name.c_str(), p.epoch,
                               p.epochs, p.loss, p.seconds_left);
              },
          .on_epoch = {}};
}

double true_log_density(const vade::SyntheticInfo& density, const vade::Dataset& test) {
  const vade::Matrix<double> x = test.matrix<double>();
  double total = 0;
  for (vade::Index i = 0; i < x.rows(); ++i) total += vade::synthetic_log_density(density.which, {x(i, 0), x(i, 1)});
  return total / static_cast<double>(x.rows());
}

void say(const Options& options, const std::string& name, const Outcome& o) {
  if (options.quiet) return;
  std::fprintf(stderr, "%s%s  bound %.3f nats  energy distance %.4f, 95 %% of the null below %.4f  %.0f s\n",
               isatty(STDERR_FILENO) != 0 ? "\r\033[K" : "", name.c_str(), o.bound, o.energy.statistic,
               o.energy.null_quantile(0.95), o.seconds);
}

}  // namespace

int run(const Options& options) {
  vade::set_threads(options.threads);
  std::signal(SIGINT, synthetic_interrupt);
  std::stop_source stop;
  std::vector<Entry> entries;
  for (const vade::SyntheticInfo& density : vade::synthetic_densities) {
    if (options.experiment != "all" && options.experiment != density.name) continue;
    const std::filesystem::path folder = options.out / density.name;
    std::filesystem::create_directories(folder);
    const Task first = task_of(options, density, options.seed);
    draw_data(folder, density, vade::synthetic_data(density.which, first.test_rows, first.seed, 1));
    for (const std::string posterior : {"diagonal", "full"}) {
      if (options.posterior != "both" && options.posterior != posterior) continue;
      Entry entry{.density = density,
                  .posterior = posterior,
                  .latent = first.latent,
                  .rows = first.rows,
                  .epochs = first.epochs,
                  .truth = {},
                  .outcomes = {}};
      for (int s = 0; s < options.seed_count() && interrupted == 0; ++s) {
        const Task task = task_of(options, density, options.seed + static_cast<std::uint64_t>(s));
        const vade::LabelledDataset test = vade::synthetic_data(density.which, task.test_rows, task.seed, 1);
        const std::string name = std::string(density.name) + ", " + posterior + ", seed " + std::to_string(task.seed);
        const auto watch = observer(options, name, stop);
        Outcome outcome =
            posterior == "full" ? run_full(task, watch, stop.get_token()) : run_diagonal(task, watch, stop.get_token());
        if (!outcome.finished) break;
        say(options, name, outcome);
        if (s == 0) {
          std::filesystem::create_directories(folder / posterior);
          draw_model(folder / posterior, posterior, density, test, outcome);
        }
        entry.truth.push_back(true_log_density(density, test.images));
        entry.outcomes.push_back(std::move(outcome));
      }
      if (!entry.outcomes.empty()) entries.push_back(std::move(entry));
    }
  }
  const std::string page = to_markdown(entries);
  vade::write_file_atomically(options.out / "results.json", to_json(entries).dump(2) + "\n");
  vade::write_file_atomically(options.out / "results.md", page);
  if (!options.quiet) std::printf("%s\nresults in %s\n", page.c_str(), options.out.string().c_str());
  return interrupted != 0 ? 130 : 0;
}

}  // namespace synthetic
