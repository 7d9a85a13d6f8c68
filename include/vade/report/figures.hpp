// vade: every figure.
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/report/confusion_table.hpp>
#include <vade/report/curves.hpp>
#include <vade/report/image_grid.hpp>
#include <vade/report/projection.hpp>
#include <vade/report/scatter.hpp>
