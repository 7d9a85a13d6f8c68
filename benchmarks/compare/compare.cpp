// One measurement of this library, printed as one line of JSON, for benchmarks/run.py to set beside the machine's limit
// and beside the same work done by others (benchmarks/peers). `compare --help` lists what can be measured.
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <map>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "../../examples/parse_command_line.hpp"
#include "measurements.hpp"

int main(int argc, char** argv) {
  compare::Options options;
  const std::map<std::string, std::function<nlohmann::ordered_json(const compare::Options&)>> measurements{
      {"machine", compare::machine},       {"step", compare::step},     {"predict", compare::predict},
      {"memory", compare::memory},         {"load", compare::load},     {"em", compare::expectation_maximisation},
      {"kmeans", compare::kmeans},         {"scores", compare::scores}, {"silhouette", compare::silhouette},
      {"views", compare::views}};
  CLI::App app{"Measures one thing and prints one line of JSON.", "compare"};
  std::vector<std::string> names;
  for (const auto& entry : measurements) names.push_back(entry.first);
  app.add_option("what", options.what, "what to measure")->required()->check(CLI::IsMember(names));
  app.add_option("--threads", options.threads, "of the pool")->check(CLI::Range(1, 1024))->capture_default_str();
  app.add_option("--model", options.model, "of a step")->check(CLI::IsMember({"vae", "vade"}))->capture_default_str();
  app.add_option("--batch", options.batch, "rows in a step")->check(CLI::Range(1, 65536))->capture_default_str();
  app.add_option("--rows", options.rows, "N")->check(CLI::Range(10, 100000000))->capture_default_str();
  app.add_option("--columns", options.columns, "J")->check(CLI::Range(1, 4096))->capture_default_str();
  app.add_option("--clusters", options.clusters, "K")->check(CLI::Range(1, 10000))->capture_default_str();
  app.add_option("--repeats", options.repeats, "steps or iterations")->check(CLI::Range(2, 100000))->capture_default_str();
  app.add_option("--exchange", options.exchange, "file that tells a peer the data, the start and the result; for load: the file to read");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  try {
    std::cout << measurements.at(options.what)(options).dump() << '\n';
  } catch (const std::exception& error) {
    std::fprintf(stderr, "compare: %s\n", error.what());
    return 1;
  }
  return 0;
}
