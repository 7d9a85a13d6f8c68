#include "pictures.hpp"

#include <string>
#include <vector>

#include <vade/io/png.hpp>
#include <vade/report/curves.hpp>
#include <vade/report/projection.hpp>
#include <vade/report/scatter.hpp>

namespace synthetic {

namespace {

/// How the groups of a density are called.
vade::report::ScatterOptions style(const vade::SyntheticInfo& density, std::string title) {
  vade::report::ScatterOptions options{
      .title = std::move(title), .max_points = 10000, .mark_centers = false, .width = 1300, .height = 1000};
  switch (density.which) {
    case vade::Synthetic::mixture:
      options.names = {"first", "second", "third"};
      options.legend_title = "part";
      break;
    case vade::Synthetic::three_blobs:
      options.names = {"0", "4", "8", "12"};
      options.legend_title = "angle";
      break;
    default:
      options.names = {"1", "2", "3", "4", "5", "6"};
      options.legend_title = "sixth of z";
  }
  return options;
}

/// Codes as points: themselves in two dimensions; with more, their first two principal components; one dimension gets
/// a random height, so that points do not hide each other.
void draw_codes(const std::filesystem::path& path, const vade::SyntheticInfo& density, const std::string& title,
                const vade::Matrix<float>& codes, const vade::Labels& labels) {
  auto options = style(density, title);
  vade::Matrix<float> points(codes.rows(), 2);
  options.x_label = "first dimension of the code";
  options.y_label = "second dimension";
  if (codes.cols() == 1) {
    points.col(0) = codes;
    for (vade::Index i = 0; i < codes.rows(); ++i) {
      vade::RandomStream stream(1, vade::Purpose::subsample, 0, static_cast<std::uint32_t>(i));
      points(i, 1) = stream.uniform<float>();
    }
    options.x_label = "code";
    options.y_label = "height at random";
    options.equal_axes = false;
  } else if (codes.cols() == 2) {
    points = codes;
  } else {
    points = vade::report::project(vade::report::principal_components(codes, 2), codes);
    options.x_label = "first principal component of the codes";
    options.y_label = "second";
  }
  vade::write_png(path, vade::report::scatter(points, labels, options));
}

}  // namespace

void draw_data(const std::filesystem::path& folder, const vade::SyntheticInfo& density,
               const vade::LabelledDataset& test) {
  vade::write_png(folder / "data.png", vade::report::scatter(test.images.matrix<float>(), test.labels,
                                                             style(density, std::string(density.name) + ": data")));
}

void draw_model(const std::filesystem::path& folder, const std::string& posterior, const vade::SyntheticInfo& density,
                const vade::LabelledDataset& test, const Outcome& outcome) {
  const std::string head = std::string(density.name) + ", " + posterior + " covariance: ";
  auto two = style(density, head + "real and generated");
  two.names = {"real", "generated"};
  two.legend_title = "";
  vade::Matrix<float> both(2 * outcome.generated.rows(), 2);
  both << test.images.matrix<float>(), outcome.generated;
  vade::Labels kinds(test.labels.size(), 0);
  kinds.resize(2 * test.labels.size(), 1);
  vade::write_png(folder / "generated.png", vade::report::scatter(both, kinds, two));
  vade::write_png(folder / "reconstructed.png",
                  vade::report::scatter(outcome.reconstructed, test.labels, style(density, head + "reconstructed")));
  draw_codes(folder / "latent_before.png", density, head + "codes before training", outcome.codes_before, test.labels);
  draw_codes(folder / "latent_after.png", density, head + "codes after training", outcome.codes_after, test.labels);
  if (outcome.history.empty()) return;
  vade::report::Series bound{.name = "bound", .x = {}, .y = {}};
  for (const vade::EpochRecord& record : outcome.history) {
    bound.x.push_back(record.epoch);
    bound.y.push_back(-record.loss);
  }
  vade::write_png(folder / "bound.png",
                  vade::report::curves(std::vector<vade::report::Panel>{{.title = "nats, mean over the training rows",
                                                                         .series = {bound}}},
                                       {.title = head + "bound", .x_label = "epoch", .width = 1300}));
}

}  // namespace synthetic
