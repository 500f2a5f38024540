#include "textfile.hpp"

#include "lbconverge/metrics/text.hpp"
#include "lbconverge/node/lane_work.hpp"

#include <filesystem>
#include <fstream>

namespace lbconverge::cli {

namespace fs = std::filesystem;

namespace {

/// node_exporter does not read it, since it does not end in .prom.
std::string fresh_name(const std::string& path) { return path + ".new"; }

tl::unexpected<Error> not_written(const std::string& path) {
    return fail(ErrorKind::failed, path + ": cannot be written", "--textfile names a file in a folder that is there");
}

double seconds_of(std::chrono::system_clock::time_point at) {
    return std::chrono::duration<double>(std::chrono::floor<std::chrono::milliseconds>(at).time_since_epoch()).count();
}

metrics::MetricsPicture picture_with(metrics::LaneFigures run, node::ConfigPtr config,
                                     std::chrono::system_clock::time_point ended) {
    run.name = "all";
    run.runs = 1;
    run.failures = run.failed ? 1 : 0;
    run.finished = seconds_of(ended);
    metrics::MetricsPicture picture{.version = LBCONVERGE_VERSION, .config = std::move(config)};
    picture.lanes.push_back(std::move(run));
    picture.at = seconds_of(ended);
    return picture;
}

}  // namespace

Result<void> prepare_textfile(const std::string& path) {
    if (fs::is_directory(path)) return not_written(path);
    std::ofstream out(fresh_name(path), std::ios::binary);
    if (!out) return not_written(path);
    out.close();
    std::error_code ignored;
    fs::remove(fresh_name(path), ignored);
    return {};
}

Result<void> write_textfile(const std::string& path, const metrics::MetricsPicture& picture) {
    constexpr std::size_t piece = std::size_t{1} << 20;
    const std::string fresh = fresh_name(path);
    std::ofstream out(fresh, std::ios::binary);
    metrics::MetricsText text(std::make_shared<const metrics::MetricsPicture>(picture));
    std::string some;
    for (bool more = true; more; some.clear()) {
        more = text.write(piece, some);
        out << some;
    }
    out.close();
    std::error_code error;
    if (out) fs::rename(fresh, path, error);
    if (!out || error) return not_written(path);
    return {};
}

metrics::MetricsPicture picture_of(const plan::Outcome& outcome, const plan::Task& task,
                                   std::chrono::system_clock::time_point ended, std::chrono::duration<double> took) {
    node::Converge job;
    job.config = std::make_shared<const config::Config>(task.config);
    const node::Converged done = node::converged_of(job, outcome);
    metrics::LaneFigures run{.in_sync = done.error.empty() && done.obstacle.empty(),
                             .failed = !done.error.empty(),
                             .changes = done.done,
                             .repaired = done.repaired.size() + done.cleared.size(),
                             .seconds = took.count(),
                             .blocked = done.blocked,
                             .held = done.held,
                             .foreign = done.foreign,
                             .draining = done.deferred};
    return picture_with(std::move(run), job.config, ended);
}

metrics::MetricsPicture picture_of_failure(std::chrono::system_clock::time_point ended) {
    return picture_with({.failed = true}, std::make_shared<const config::Config>(), ended);
}

}  // namespace lbconverge::cli
