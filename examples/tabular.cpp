// Rows of numbers in, clusters out: looks for a partition by k-means, by a Gaussian mixture and by a classifier that
// keeps neighbours together, takes the one that neighbours agree with most, and trains a VaDE from it.
// `bash examples/tabular.sh --data table.csv --clusters 3` shows all of it.
#include "program.hpp"

#include "tabular/command_line.hpp"
#include "tabular/run.hpp"

int main(int argc, char** argv) {
  return run_program("tabular", [&] {
    tabular::Options options;
    if (const auto code = tabular::read_options(argc, argv, options)) return *code;
    return tabular::run(options);
  });
}
