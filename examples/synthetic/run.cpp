#include "run.hpp"

#include <array>
#include <atomic>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>
#include <nlohmann/json.hpp>

#include <vade/core/default_pool.hpp>
#include <vade/core/stop_token.hpp>
#include <vade/io/atomic_file.hpp>

#include "../results_folder.hpp"
#include "../signals.hpp"
#include "experiment.hpp"
#include "pictures.hpp"
#include "table.hpp"

namespace synthetic {

namespace {

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

/// What is said on the way: a line for each model that is done and, on a terminal, one below them that is rewritten.
/// Called from the thread of each model.
class Speaker {
 public:
  Speaker(const Options& options, std::size_t models)
      : quiet_(options.quiet), live_(!quiet_ && isatty(STDERR_FILENO) != 0), models_(models) {}

  void at_epoch(const std::string& name, const vade::Progress& p) {
    if (!live_) return;
    const std::lock_guard lock(mutex_);
    std::fprintf(stderr, "\r\033[K%zu of %zu models  %s  epoch %d/%d  loss %.4g", done_, models_, name.c_str(), p.epoch,
                 p.epochs, p.loss);
  }

  void at_end(const std::string& name, const Outcome& o) {
    if (quiet_) return;
    const std::lock_guard lock(mutex_);
    ++done_;
    std::fprintf(stderr, "%s%s  bound %.3f nats  energy distance %.4f, 95 %% of the null below %.4f  %.0f s\n",
                 live_ ? "\r\033[K" : "", name.c_str(), o.bound, o.energy.statistic, o.energy.null_quantile(0.95),
                 o.seconds);
  }

 private:
  bool quiet_, live_;
  std::size_t models_, done_ = 0;
  std::mutex mutex_;
};

vade::Observer observer(const std::string& name, Speaker& speaker, vade::StopSource& stop) {
  return {.on_step =
              [&stop, &speaker, name](const vade::Progress& p) {
                if (interrupted()) stop.request_stop();
                if (p.step == p.steps) speaker.at_epoch(name, p);
              },
          .on_epoch = {}};
}

double true_log_density(const vade::SyntheticInfo& density, const vade::Dataset& test) {
  const vade::Matrix<double> x = test.matrix<double>();
  double total = 0;
  for (vade::Index i = 0; i < x.rows(); ++i) total += vade::synthetic_log_density(density.which, {x(i, 0), x(i, 1)});
  return total / static_cast<double>(x.rows());
}

/// One model of the table: which line, which seed.
struct Work {
  std::size_t entry;
  int seed_number;
};

/// The lines of the table, still without results.
std::vector<Entry> lines_of(const Options& options) {
  std::vector<Entry> entries;
  for (const vade::SyntheticInfo& density : vade::synthetic_densities) {
    if (options.experiment != "all" && options.experiment != density.name) continue;
    const Task task = task_of(options, density, options.seed);
    for (const std::string posterior : {"diagonal", "full"})
      if (options.posterior == "both" || options.posterior == posterior)
        entries.push_back({.density = density,
                           .posterior = posterior,
                           .latent = task.latent,
                           .rows = task.rows,
                           .epochs = task.epochs,
                           .truth = {},
                           .outcomes = {}});
  }
  return entries;
}

/// Trains one model, and draws it if it is the first of its line. @throws vade::Error
Outcome carry_out(const Options& options, const Entry& entry, int seed_number, Speaker& speaker,
                  vade::StopSource& stop) {
  const Task task = task_of(options, entry.density, options.seed + static_cast<std::uint64_t>(seed_number));
  const std::string name =
      std::string(entry.density.name) + ", " + entry.posterior + ", seed " + std::to_string(task.seed);
  const auto watch = observer(name, speaker, stop);
  Outcome outcome =
      entry.posterior == "full" ? run_full(task, watch, stop.get_token()) : run_diagonal(task, watch, stop.get_token());
  if (!outcome.finished) return outcome;
  const vade::LabelledDataset test = vade::synthetic_data(entry.density.which, task.test_rows, task.seed, 1);
  outcome.truth = true_log_density(entry.density, test.images);
  if (seed_number == 0) {
    const std::filesystem::path folder = options.out / entry.density.name;
    make_results_folder(folder / entry.posterior);
    draw_data(folder, entry.density, test);
    draw_model(folder / entry.posterior, entry.posterior, entry.density, test, outcome);
  }
  speaker.at_end(name, outcome);
  return outcome;
}

}  // namespace

int run(const Options& options) {
  vade::set_threads(1);  // the networks are too small to share a step; models are trained side by side instead
  catch_signals();
  make_results_folder(options.out);
  std::vector<Entry> entries = lines_of(options);
  const auto seeds = static_cast<std::size_t>(options.seed_count());
  std::vector<Work> works;  // later densities take longer, so they begin first
  for (std::size_t e = entries.size(); e-- > 0;)
    for (int s = 0; s < options.seed_count(); ++s) works.push_back({e, s});
  std::vector<std::vector<Outcome>> outcomes(entries.size(), std::vector<Outcome>(seeds));

  Speaker speaker(options, works.size());
  vade::StopSource stop;
  std::atomic<std::size_t> next{0};
  std::exception_ptr error;
  std::once_flag first_error;
  const auto worker = [&] {
    for (std::size_t i = next++; i < works.size() && !stop.stop_requested(); i = next++) try {
        const auto [e, s] = works[i];
        outcomes[e][static_cast<std::size_t>(s)] = carry_out(options, entries[e], s, speaker, stop);
      } catch (...) {
        std::call_once(first_error, [&] { error = std::current_exception(); });
        stop.request_stop();
      }
  };
  std::vector<std::thread> others;
  try {
    for (int k = 1; k < options.job_count(); ++k) others.emplace_back(worker);
  } catch (const std::system_error&) {  // the system has no more threads: those that run do the same work
  }
  worker();
  for (std::thread& other : others) other.join();
  if (error) std::rethrow_exception(error);

  // After Ctrl-C, a line has the seeds that were done without a gap, and a line without any is left out.
  for (std::size_t e = 0; e < entries.size(); ++e)
    for (Outcome& outcome : outcomes[e]) {
      if (!outcome.finished) break;
      entries[e].truth.push_back(outcome.truth);
      entries[e].outcomes.push_back(std::move(outcome));
    }
  std::erase_if(entries, [](const Entry& entry) { return entry.outcomes.empty(); });
  const std::string page = to_markdown(entries);
  vade::write_file_atomically(options.out / "results.json", to_json(entries).dump(2) + "\n");
  vade::write_file_atomically(options.out / "results.md", page);
  if (!options.quiet) std::printf("%s\nresults in %s\n", page.c_str(), options.out.string().c_str());
  return exit_code();
}

}  // namespace synthetic
