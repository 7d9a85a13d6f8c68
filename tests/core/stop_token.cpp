// vade: tests of core/stop_token.hpp.
// SPDX-License-Identifier: MIT
#include <vade/core/stop_token.hpp>

#include <thread>

#include <doctest/doctest.h>

TEST_CASE_TEMPLATE("A token answers what its source was asked; a token without a source never stops", Source,
                   vade::StopSource, vade::detail::FlagStopSource) {
  Source source;
  const auto token = source.get_token();
  const decltype(source.get_token()) nobody;
  CHECK(token.stop_possible());
  CHECK(source.stop_possible());
  CHECK(!nobody.stop_possible());
  CHECK(!token.stop_requested());

  Source copy = source;
  bool first = false;
  std::thread([&] { first = copy.request_stop(); }).join();
  CHECK(first);
  CHECK(!source.request_stop());
  CHECK(token.stop_requested());
  CHECK(source.stop_requested());
  CHECK(source.get_token().stop_requested());
  CHECK(!nobody.stop_requested());
  CHECK(!Source().stop_requested());
}
