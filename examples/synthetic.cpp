// The five synthetic experiments of document 004: trains VAEs with diagonal and with full posterior covariance on
// densities in the plane, and writes pictures and a table. `bash examples/synthetic.sh --quick` shows all of it in
// minutes.
#include "program.hpp"

#include "synthetic/command_line.hpp"
#include "synthetic/run.hpp"

int main(int argc, char** argv) {
  return run_program("synthetic", [&] {
    synthetic::Options options;
    if (const auto code = synthetic::read_options(argc, argv, options)) return *code;
    return synthetic::run(options);
  });
}
