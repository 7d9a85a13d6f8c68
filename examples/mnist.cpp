// Images in, clusters out: trains a VaDE (or a VAE) on MNIST or data in its form, and writes figures, pictures and the
// model. `bash examples/mnist.sh` finds everything that this needs; `mnist --help` lists the options.
#include "program.hpp"

#include "mnist/command_line.hpp"
#include "mnist/jobs.hpp"

int main(int argc, char** argv) {
  return run_program("mnist", [&] {
    mnist::Options options;
    if (const auto code = mnist::read_options(argc, argv, options)) return *code;
    if (!options.compared_views.empty()) return mnist::run_compare_views(options);
    return options.preset.ends_with("vae") ? mnist::run_vae(options) : mnist::run_vade(options);
  });
}
