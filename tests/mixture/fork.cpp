// vade: k-means and mixtures in a child of fork.
// SPDX-License-Identifier: MIT
#include <vade/mixture/gaussian_mixture.hpp>
#include <vade/mixture/kmeans.hpp>

#include <atomic>
#include <thread>

#include <doctest/doctest.h>

#include <vade/core/default_pool.hpp>
#include <vade/core/random.hpp>

#include "../support/child_process.hpp"
#include "../support/sanitizers.hpp"

#if defined(VADE_TEST_FORK)

namespace {

TEST_CASE("A child of fork clusters to the same bytes, also while another thread of its parent was clustering") {
  const int before = vade::threads();
#if defined(VADE_TEST_FORK_BESIDE_THREADS)
  vade::set_threads(8);
#else
  vade::set_threads(1);
#endif
  vade::Matrix<float> x(1200, 5);
  vade::fill_normal(x, 3, vade::Purpose::user);
  const auto k_means = [&] { return vade::kmeans<float>(x, {.clusters = 4, .restarts = 1, .seed = 1}); };
  const auto mixture = [&] {
    vade::GaussianMixture<float> model;
    model.fit(x, {.clusters = 3, .seed = 1});
    return model;
  };
  const auto wanted = k_means();
  const auto model = mixture();
  const auto agree = [&] {
    const auto result = k_means();
    if (result.labels != wanted.labels || result.centres != wanted.centres) return 1;
    return mixture().means() == model.means() ? 0 : 2;
  };
  CHECK(tests::status_of_child(agree) == 0);

#if defined(VADE_TEST_FORK_BESIDE_THREADS)
  std::atomic<bool> busy{false}, done{false};
  std::thread user([&] {
    while (!done) {
      k_means();
      busy = true;
    }
  });
  while (!busy) std::this_thread::yield();
  for (int i = 0; i < 2; ++i) CHECK(tests::status_of_child(agree) == 0);
  done = true;
  user.join();
#endif
  vade::set_threads(before);
}

}  // namespace

#endif
