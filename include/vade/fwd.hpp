// vade: names alone, for headers that pass things on; costs no compile time. Include what you use where you use it.
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/core/real.hpp>

/// What a header of one's own needs to speak of models and data by reference:
///
///     #include <vade/fwd.hpp>
///     void show(const vade::Vade<float>& model, const vade::Dataset& images);
///
/// Matrices are Eigen's, and come with `core/matrix.hpp`. The default arguments of templates stand here and nowhere else.
namespace vade {

// data/
class Dataset;
struct LabelledDataset;
struct Mnist;
struct CsvTable;

// io/
class Checkpoint;

// autodiff/
template <Real T>
class Parameter;
template <Real T>
class Tape;
template <Real T>
class Var;

// distributions/
struct DiagonalPosterior;
struct FullPosterior;

// mixture/
struct DiagonalCovariance;
struct FullCovariance;
template <Real T, class Covariance = DiagonalCovariance>
class GaussianMixture;

// training/
struct FitOptions;
struct FitReport;  // a call of fit needs vade/vade.hpp, or models/fit_vade.hpp, fit_vae.hpp or fit_autoencoder.hpp
struct Observer;

// models/
struct NetworkOptions;
struct VaeFitOptions;
struct VadeOptions;
struct VadeFitOptions;
template <Real T>
class Autoencoder;
template <Real T>
class InformationMaximisingClassifier;
template <Real T, class Posterior = DiagonalPosterior>
class Vae;
template <Real T, class Posterior = DiagonalPosterior>
class Vade;

}  // namespace vade
