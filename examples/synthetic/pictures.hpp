// What the synthetic example draws.
#pragma once

#include <filesystem>
#include <string>

#include <vade/data/dataset.hpp>

#include "experiment.hpp"

namespace synthetic {

/// data.png: the test rows, coloured by where they are from.
void draw_data(const std::filesystem::path& folder, const vade::SyntheticInfo& density,
               const vade::LabelledDataset& test);

/// Of one model: generated.png, among real rows; reconstructed.png; latent_before.png and latent_after.png; bound.png.
void draw_model(const std::filesystem::path& folder, const std::string& posterior, const vade::SyntheticInfo& density,
                const vade::LabelledDataset& test, const Outcome& outcome);

}  // namespace synthetic
