// vade: variational autoencoders and deep clustering, everything that most programs need.
// SPDX-License-Identifier: MIT
//
// Not included: `report/` and `io/png.hpp` (pictures), `testing/` (for tests of derivations), `data/xtensor.hpp` (needs
// xtensor), and what few programs want: `mixture/full_covariance.hpp`, `distributions/full_gaussian_mixture.hpp`,
// `data/synthetic.hpp`, `metrics/energy_distance.hpp`, `optim/sgd.hpp`.
#pragma once

#include <vade/data/column_scale.hpp>
#include <vade/data/csv.hpp>
#include <vade/data/mnist.hpp>
#include <vade/data/npy.hpp>
#include <vade/io/checkpoint.hpp>
#include <vade/metrics/calinski_harabasz.hpp>
#include <vade/metrics/clustering.hpp>
#include <vade/metrics/silhouette.hpp>
#include <vade/mixture/gaussian_mixture.hpp>
#include <vade/mixture/kmeans.hpp>
#include <vade/models/fit_autoencoder.hpp>
#include <vade/models/fit_best.hpp>
#include <vade/models/fit_vade.hpp>
#include <vade/models/fit_vae.hpp>
#include <vade/models/image_clustering.hpp>
#include <vade/models/information_maximisation.hpp>
#include <vade/models/view_stability.hpp>
#include <vade/nn/sequential.hpp>
