// vade: gradient clipping by the global norm.
// SPDX-License-Identifier: MIT
#pragma once

namespace vade {

/// The factor that brings gradients of global norm `norm` down to `limit` (Pascanu et al. 2013): limit / norm where the
/// norm is above the limit, else 1. A limit of 0 switches clipping off.
inline double clipping_scale(double norm, double limit) { return limit > 0 && norm > limit ? limit / norm : 1.0; }

}  // namespace vade
