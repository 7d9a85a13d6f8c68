// vade: one include brings every figure.
// SPDX-License-Identifier: MIT
#include <vade/report/figures.hpp>

#include <doctest/doctest.h>

using namespace vade::report;

TEST_CASE("codes become a picture in three calls") {
  vade::Matrix<float> codes = vade::Matrix<float>::Random(50, 10);
  const vade::Labels labels(50, 0);
  const auto axes = principal_components(codes, 2);
  const vade::Image picture = scatter(project(axes, codes), labels);
  CHECK(picture.rgb.size() == static_cast<std::size_t>(picture.width * picture.height * 3));
  CHECK(vade::encode_png(picture).size() > 1000);
}
