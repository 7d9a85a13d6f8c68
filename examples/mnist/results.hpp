// What the MNIST example writes: figures, history and pictures.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <vade/core/matrix.hpp>
#include <vade/data/dataset.hpp>
#include <vade/training/report.hpp>

#include "../write_clusters.hpp"

namespace mnist {

using Json = nlohmann::ordered_json;

/// Rows, the clusters they were given, and their codes. Labels of the data score, and nothing else.
struct Clustering {
  vade::LabelledDataset data;
  RowClusters clusters;
  vade::Matrix<float> codes;
  double elbo = 0;
  double reconstruction = 0;
  double kl = 0;
};

/// The figures of one set of rows, keys as in metrics.json. What needs two clusters is null where there is one.
Json scores(const Clustering& c, vade::Index clusters);

/// history.csv: one line for each epoch, one column for each name that any stage has.
void write_history(const std::filesystem::path& path, const std::vector<vade::EpochRecord>& history);

/// latent.png: the first two principal components of the codes, coloured by cluster.
void write_latent(const std::filesystem::path& path, const Clustering& c);

/// samples.png: `images` `[n x height * width]`, `columns` in a row. One label for each row, or none.
void write_samples(const std::filesystem::path& path, const vade::Matrix<float>& images, vade::ImageShape shape,
                   vade::Index columns, const std::vector<std::string>& row_labels);

/// reconstructions.png: images above what the model makes of them.
void write_reconstructions(const std::filesystem::path& path, const vade::Matrix<float>& originals,
                           const vade::Matrix<float>& reconstructions, vade::ImageShape shape);

/// curves.png: a panel for each stage, its loss or the parts of it over the epochs, and one for the indicators of
/// cluster health.
void write_curves(const std::filesystem::path& path, const std::vector<vade::EpochRecord>& history);

}  // namespace mnist
