// vade: models that were fitted elsewhere: load, and ask.
// SPDX-License-Identifier: MIT
#pragma once

/// For a program that never trains. The models are the same types with the same answers as with `vade/vade.hpp`, and compile
/// in a fraction of the time; `fit` alone is missing, and a call of it does not compile.
///
///     const auto model = vade::Vade<float>::load("model.safetensors");
///     vade::Labels clusters = model.predict(rows);
#include <vade/models/autoencoder.hpp>
#include <vade/models/vade.hpp>
#include <vade/models/vae.hpp>
