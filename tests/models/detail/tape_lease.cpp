// vade: tests of models/detail/tape_lease.hpp, and of what a query of one row allocates.
// SPDX-License-Identifier: MIT
#include <vade/models/detail/tape_lease.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <thread>

#include <doctest/doctest.h>

#include <vade/models/fit_vade.hpp>

// Every allocation of this program passes here. They are counted while a flag is set, and otherwise the same as ever.

namespace tape_lease_tests {

std::atomic<bool> counting{false};
std::atomic<int> allocations{0};

/// nullptr where there is no memory.
void* allocate(std::size_t size, std::size_t alignment) {
  if (counting) ++allocations;
  alignment = std::max(alignof(std::max_align_t), alignment);
  const std::size_t bytes = (std::max<std::size_t>(size, 1) + alignment - 1) / alignment * alignment;
  return std::aligned_alloc(alignment, bytes);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  if (void* const memory = allocate(size, alignment)) return memory;
  throw std::bad_alloc();
}

}  // namespace tape_lease_tests

// Not inlined: the compiler would see malloc's relatives behind new and delete, and warn that they do not match.
[[gnu::noinline]] void* operator new(std::size_t size) { return tape_lease_tests::allocate_or_throw(size, 1); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return tape_lease_tests::allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return tape_lease_tests::allocate(size, 1);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return tape_lease_tests::allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace tape_lease_tests {

using vade::Index;
using vade::Tape;
using Lease = vade::detail::TapeLease<float>;

TEST_CASE("A thread leases the same tape again, cleared and without gradients; another thread has its own") {
  const Tape<float>* first = nullptr;
  {
    Lease lease;
    first = &lease.tape();
    lease.tape().constant(3, 4);
  }
  Lease again;
  CHECK(&again.tape() == first);
  CHECK(again.tape().nodes() == 0);
  vade::Parameter<float> p("p", vade::Matrix<float>::Ones(1, 1));
  CHECK(!again.tape().parameter(p).needs_gradient());
  const Tape<float>* other = nullptr;
  std::thread([&] {
    Lease lease;
    other = &lease.tape();
  }).join();
  CHECK(other != first);
}

TEST_CASE("A lease inside a lease has a tape of its own") {
  Lease outer;
  const vade::Var<float> x = outer.tape().constant(vade::Matrix<float>::Ones(1, 2));
  {
    Lease inner;
    CHECK(&inner.tape() != &outer.tape());
    inner.tape().constant(5, 5);
  }
  CHECK(x.value()(0, 1) == 1);
}

TEST_CASE("A tape that grew large is not kept") {
  const auto bytes = [] { return Lease().tape().bytes(); };
  const auto use = [](Index entries) {
    Lease lease;
    lease.tape().constant(1, entries);
  };
  use(Index{1} << 17);
  CHECK(bytes() == std::size_t{1} << 19);
  use(Index{1} << 19);
  CHECK(bytes() == 0);
}

TEST_CASE("A query of one row allocates its answer, and its working memory in the first call only") {
  vade::Matrix<float> x(64, 12);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i * 7 % 11) / 10.0F;
  vade::Vade<float> model({.network = {.inputs = 12, .hidden = {16, 8}, .latent = 3, .seed = 1}, .clusters = 3});
  vade::VadeFitOptions options;
  options.start = vade::AutoencoderStart{.fit = {.epochs = 1, .batch = 32}};
  options.fit = {.epochs = 1, .batch = 32};
  model.fit(vade::Dataset::from_matrix(x), options);
  const vade::Matrix<float> row = x.topRows(1);
  const vade::Labels wanted = model.predict(row);
  allocations = 0;
  counting = true;
  const vade::Labels got = model.predict(row);
  counting = false;
  CHECK(got == wanted);
  CHECK(allocations <= 3);
}

}  // namespace tape_lease_tests
