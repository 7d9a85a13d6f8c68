// vade: the default arguments of a fit that is defined elsewhere.
// SPDX-License-Identifier: MIT
#pragma once

namespace vade::detail {

/// Options of a fit as they are by default, for a declaration that does not have their types yet. `T` is a parameter of
/// the template around it: compilers then look at the argument only where `fit` is called.
template <class T>
struct FitDefault {
  template <class Options>
  operator const Options&() const {
    static_assert(
        requires { sizeof(Options); },
        "vade: a call of fit needs #include <vade/vade.hpp>, or the header of this fit: models/fit_vade.hpp, "
        "models/fit_vae.hpp or models/fit_autoencoder.hpp");
    static const Options defaults{};
    return defaults;
  }
};

}  // namespace vade::detail
