// vade: initial weights.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include <vade/core/matrix.hpp>
#include <vade/core/random.hpp>

namespace vade {

/// How the weights `[in x out]` of a layer start. Biases start at zero.
enum class Initialiser {
  he,      ///< N(0, 2 / in): keeps the variance through ReLU layers (He et al. 2015)
  glorot,  ///< U(±√(6 / (in + out))): keeps it through linear and tanh layers (Glorot and Bengio 2010)
  zero,    ///< 0: a head that starts silent
};

/// Weights `[inputs x outputs]` drawn from (seed, layer): other layers do not change them. O(inputs · outputs).
template <Real T>
Matrix<T> initial_weights(Initialiser initialiser, Index inputs, Index outputs, std::uint64_t seed,
                          std::uint32_t layer) {
  Matrix<T> weights(inputs, outputs);
  RandomStream stream(seed, Purpose::initialisation, 0, layer);
  switch (initialiser) {
    case Initialiser::he: {
      const double deviation = std::sqrt(2.0 / static_cast<double>(inputs));
      for (T& w : weights.reshaped()) w = static_cast<T>(deviation * stream.normal<double>());
      break;
    }
    case Initialiser::glorot: {
      const double bound = std::sqrt(6.0 / static_cast<double>(inputs + outputs));
      for (T& w : weights.reshaped()) w = static_cast<T>(stream.uniform(-bound, bound));
      break;
    }
    case Initialiser::zero: weights.setZero(); break;
  }
  return weights;
}

}  // namespace vade
