// The matrix products of one training step of the network 784-512-512-2048-10, by our kernel and, beside it, by Eigen
// and (with VADE_WITH_BLAS) the user's BLAS in each tile; all on the same pool. Prints GF/s. The back-ends alternate
// step by step, so that all see the same machine; the table shows, of many steps, the median and the sum of each
// product's best time, which on a machine with other work is nearer to what the kernel can do.
#include <vade/kernel/product.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace {

using vade::Index;
using vade::Matrix;
using vade::detail::Form;
using vade::detail::Rows;
using vade::detail::TileCall;

using Product = void (*)(Rows<const float>, Rows<const float>, Rows<float>, bool, TileCall);

/// One way to compute, its three forms, and what they took: `[product][repetition]` seconds.
struct Backend {
  std::string name;
  Product forward, weight_gradient, input_gradient;
  std::vector<std::vector<double>> seconds;
};

template <Form form>
struct ByEigen {
  static constexpr Product run = &vade::detail::product_per_tile<vade::detail::EigenTile, form, float>;
};

#if VADE_VECTOR_BYTES > 0
template <Form form>
struct ByPanels {
  static void run(Rows<const float> a, Rows<const float> b, Rows<float> c, bool accumulate, TileCall epilogue) {
    vade::detail::PackedProduct<form, float>(a, b, c, accumulate, epilogue).run();
  }
};
#endif

#if defined(VADE_WITH_BLAS)
template <Form form>
struct ByBlas {
  static constexpr Product run = &vade::detail::product_per_tile<vade::detail::BlasTile, form, float>;
};
#endif

std::vector<Backend> backends() {
  std::vector<Backend> all;
#if VADE_VECTOR_BYTES > 0
  all.push_back({"panels", &ByPanels<Form::a_b>::run, &ByPanels<Form::at_b>::run, &ByPanels<Form::a_bt>::run, {}});
#endif
  all.push_back({"Eigen", ByEigen<Form::a_b>::run, ByEigen<Form::at_b>::run, ByEigen<Form::a_bt>::run, {}});
#if defined(VADE_WITH_BLAS)
  all.push_back({"BLAS", ByBlas<Form::a_b>::run, ByBlas<Form::at_b>::run, ByBlas<Form::a_bt>::run, {}});
#endif
  return all;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

double best(const std::vector<double>& values) { return *std::min_element(values.begin(), values.end()); }

struct Layer {
  Matrix<float> input, weights, gradient, output;
};

constexpr auto nothing = [](Index, Index, Index, Index) {};

/// A training step's products in their order; each adds its time to `seconds`, and the whole adds its own at the end.
void step(Backend& by, std::vector<Layer>& layers) {
  const auto rows = [](auto& m) { return vade::detail::rows_of(m); };
  const auto read = [](const Matrix<float>& m) { return vade::detail::rows_of(m); };
  by.seconds.resize(layers.size() * 3);
  std::size_t product = 0;
  const auto timed = [&](Product run, Rows<const float> a, Rows<const float> b, Rows<float> c) {
    const double start = now();
    run(a, b, c, false, TileCall::of(nothing));
    by.seconds[product++].push_back(now() - start);
  };
  const double start = now();
  for (Layer& l : layers) timed(by.forward, read(l.input), read(l.weights), rows(l.output));
  for (std::size_t i = layers.size(); i-- > 0;) {
    Layer& l = layers[i];
    timed(by.weight_gradient, read(l.input), read(l.output), rows(l.gradient));
    if (i > 0) timed(by.input_gradient, read(l.output), read(l.weights), rows(l.input));
  }
  by.seconds[product].push_back(now() - start);
}

void measure(Index batch, std::vector<Backend> all) {
  constexpr Index widths[][2] = {{784, 512}, {512, 512},  {512, 2048}, {2048, 20},
                                 {10, 2048}, {2048, 512}, {512, 512},  {512, 784}};
  std::vector<Layer> layers;
  std::vector<double> gflop;
  for (const auto& [in, out] : widths) {
    layers.push_back({Matrix<float>(batch, in), Matrix<float>::Random(in, out) * 0.03f, Matrix<float>::Zero(in, out),
                      Matrix<float>(batch, out)});
    gflop.push_back(2e-9 * static_cast<double>(batch * in * out));
  }
  Matrix<float> large = Matrix<float>::Random(1024, 1024), square(1024, 1024);
  std::vector<double> square_seconds;
  for (Index repetition = 0; repetition < 40 * 128 / batch; ++repetition) {
    for (Backend& by : all) {
      for (Layer& l : layers) l.input.setConstant(0.5f);
      step(by, layers);
    }
    const auto view = vade::detail::rows_of(std::as_const(large));
    const double start = now();
    all.front().forward(view, view, vade::detail::rows_of(square), false, TileCall::of(nothing));
    square_seconds.push_back(now() - start);
  }

  const std::size_t depth = layers.size();
  double total = -gflop[0];
  for (const double g : gflop) total += 3 * g;
  std::printf("\nbatch %ld, %d threads; 1024 x 1024 x 1024: median %.0f, best %.0f GF/s\n", static_cast<long>(batch),
              vade::default_pool().threads(), 2.147483648 / median(square_seconds), 2.147483648 / best(square_seconds));
  for (const Backend& by : all) {
    double sum = 0;
    for (std::size_t i = 0; i + 1 < by.seconds.size(); ++i) sum += best(by.seconds[i]);
    std::printf("  %-7s whole step: median %4.0f GF/s, best products %4.0f GF/s\n", by.name.c_str(),
                total / median(by.seconds.back()), total / sum);
  }
  std::printf("  %-12s", "best, GF/s");
  for (const Backend& by : all) std::printf("  %-7s forward, weights', input's gradient", by.name.c_str());
  for (std::size_t i = 0; i < depth; ++i) {
    std::printf("\n  %4ld x %-5ld", static_cast<long>(widths[i][0]), static_cast<long>(widths[i][1]));
    for (const Backend& by : all) {
      const std::size_t back = depth + 2 * (depth - 1 - i);
      std::printf("  %10.0f %10.0f %10.0f %12s", gflop[i] / best(by.seconds[i]), gflop[i] / best(by.seconds[back]),
                  i > 0 ? gflop[i] / best(by.seconds[back + 1]) : 0.0, "");
    }
  }
  std::printf("\n");
}

}  // namespace

TEST_CASE("matrix products of a training step") {
  for (const Index batch : {64, 128, 256, 512}) measure(batch, backends());
}

TEST_CASE("matrix products of one row, in the calling thread") {
  constexpr Index widths[][2] = {{784, 512}, {512, 512}, {512, 2048}, {2048, 20}};
  for (const auto& [in, out] : widths) {
    const Matrix<float> x = Matrix<float>::Random(1, in), w = Matrix<float>::Random(in, out);
    Matrix<float> y(1, out);
    std::vector<double> ours, eigen;
    for (int repetition = 0; repetition < 300; ++repetition) {
      double start = now();
      vade::product(x, w, y);
      ours.push_back(now() - start);
      start = now();
      y.noalias() = x * w;
      eigen.push_back(now() - start);
    }
    std::printf("  one row, %4ld x %-4ld  median %5.1f µs, best %5.1f (Eigen: %5.1f, %5.1f)\n", static_cast<long>(in),
                static_cast<long>(out), median(ours) * 1e6, best(ours) * 1e6, median(eigen) * 1e6, best(eigen) * 1e6);
  }
}
