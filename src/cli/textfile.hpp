// The metrics of a run of `apply`, in a file for node_exporter (--textfile). Private to src/cli.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/metrics/picture.hpp"
#include "lbconverge/model/result.hpp"
#include "lbconverge/plan/convergence.hpp"

#include <chrono>
#include <string>

namespace lbconverge::cli {

/// Fails if the file will not be writable, before anything is done.
Result<void> prepare_textfile(const std::string& path);
/// Replaces the file in one step, so that nobody reads half of it.
Result<void> write_textfile(const std::string& path, const metrics::MetricsPicture& picture);

/// What a run says. `took`: how long it lasted.
metrics::MetricsPicture picture_of(const plan::Outcome& outcome, const plan::Task& task,
                                   std::chrono::system_clock::time_point ended, std::chrono::duration<double> took);
/// A run that could not begin: the configuration cannot be used.
metrics::MetricsPicture picture_of_failure(std::chrono::system_clock::time_point ended);

}  // namespace lbconverge::cli
