// vade tests: what the tests of data files share.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include <vade/data/idx.hpp>

namespace tests {

/// An IDX array of these values, in the memory's own order of bytes.
template <class T>
vade::IdxArray array_of(vade::IdxType type, const std::vector<T>& values, std::vector<std::size_t> shape) {
  vade::IdxArray array{type, std::move(shape), std::vector<std::byte>(values.size() * sizeof(T))};
  std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

}  // namespace tests
