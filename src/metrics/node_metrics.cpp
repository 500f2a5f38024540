#include "metric.hpp"

namespace lbconverge::metrics {

namespace {

using lbconverge::to_text;

Sample lane_sample(const MetricsPicture& picture, std::size_t i, Samples& samples) {
    Sample sample = samples.add();
    sample.label("lane", picture.lanes[i].name);
    return sample;
}

void write_condition(const MetricsPicture& picture, Samples& samples) {
    if (!picture.bulletin) return;
    for (const auto& [value, name] : names_of(Condition{})) {
        samples.add().label("condition", name).is(picture.bulletin->is == value);
    }
}

constexpr Metric node_table[] = {
    Metric{.name = "lbconverge_build_info",
           .type = MetricType::gauge,
           .labels = "version",
           .help = "The version of the program.",
           .each = Each::node,
           .write = [](const MetricsPicture& p, std::size_t,
                       Samples& samples) { samples.add().label("version", p.version).is(1); }},
    Metric{.name = "lbconverge_node_info",
           .type = MetricType::gauge,
           .labels = "node, role",
           .help = "The name of the node in the file, and its role.",
           .each = Each::node,
           .write =
               [](const MetricsPicture& p, std::size_t, Samples& samples) {
                   samples.add().label("node", p.config->node).label("role", to_text(p.config->role)).is(1);
               }},
    Metric{.name = "lbconverge_condition",
           .type = MetricType::gauge,
           .labels = "condition",
           .help = "How the node is, as lbconverge health says: 1 for what it is, 0 for the others.",
           .each = Each::node,
           .write = [](const MetricsPicture& p, std::size_t, Samples& samples) { write_condition(p, samples); }},
    Metric{.name = "lbconverge_configuration_stale",
           .type = MetricType::gauge,
           .labels = "",
           .help = "1: the files differ from those that are in use; reload, or look why it failed.",
           .each = Each::node,
           .write =
               [](const MetricsPicture& p, std::size_t, Samples& samples) {
                   if (p.stale) samples.add().is(*p.stale);
               }},
    Metric{.name = "lbconverge_configuration_last_reload_successful",
           .type = MetricType::gauge,
           .labels = "",
           .help = "0: the last attempt to read the files again failed, and those before are in use.",
           .each = Each::node,
           .write =
               [](const MetricsPicture& p, std::size_t, Samples& samples) {
                   if (p.reload) samples.add().is(p.reload->good);
               }},
    Metric{.name = "lbconverge_configuration_last_reload_success_timestamp_seconds",
           .type = MetricType::gauge,
           .labels = "",
           .help = "When the files that are in use were read.",
           .each = Each::node,
           .write =
               [](const MetricsPicture& p, std::size_t, Samples& samples) {
                   if (p.reload) samples.add().is(p.reload->good_at);
               }},
    Metric{.name = "lbconverge_track_up",
           .type = MetricType::gauge,
           .labels = "track",
           .help = "1: what the track looks at is good.",
           .each = Each::track,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { samples.add().label("track", p.tracks[i].name).is(p.tracks[i].up); }},
    Metric{.name = "lbconverge_lane_busy",
           .type = MetricType::gauge,
           .labels = "lane",
           .help = "1: the lane works with the kernel now.",
           .each = Each::lane,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { lane_sample(p, i, samples).is(p.lanes[i].busy); }},
    Metric{.name = "lbconverge_lane_in_sync",
           .type = MetricType::gauge,
           .labels = "lane",
           .help = "1: at the last look the kernel was as the file wants it.",
           .each = Each::lane,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { lane_sample(p, i, samples).is(p.lanes[i].in_sync); }},
    Metric{.name = "lbconverge_lane_last_run_successful",
           .type = MetricType::gauge,
           .labels = "lane",
           .help = "0: the last convergence ended with an error.",
           .each = Each::lane,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   if (p.lanes[i].runs > 0) lane_sample(p, i, samples).is(!p.lanes[i].failed);
               }},
    Metric{.name = "lbconverge_lane_last_run_timestamp_seconds",
           .type = MetricType::gauge,
           .labels = "lane",
           .help = "When the last convergence ended.",
           .each = Each::lane,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   if (p.lanes[i].runs > 0) lane_sample(p, i, samples).is(p.lanes[i].finished);
               }},
    Metric{.name = "lbconverge_lane_last_run_duration_seconds",
           .type = MetricType::gauge,
           .labels = "lane",
           .help = "How long the last convergence took.",
           .each = Each::lane,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   if (p.lanes[i].runs > 0) lane_sample(p, i, samples).is(p.lanes[i].seconds);
               }},
    Metric{.name = "lbconverge_lane_runs_total",
           .type = MetricType::counter,
           .labels = "lane",
           .help = "Convergences.",
           .each = Each::lane,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { lane_sample(p, i, samples).is(p.lanes[i].runs); }},
    Metric{.name = "lbconverge_lane_failures_total",
           .type = MetricType::counter,
           .labels = "lane",
           .help = "Convergences that ended with an error.",
           .each = Each::lane,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { lane_sample(p, i, samples).is(p.lanes[i].failures); }},
    Metric{.name = "lbconverge_lane_changes_total",
           .type = MetricType::counter,
           .labels = "lane",
           .help = "Rows of the kernel that were made, changed or removed.",
           .each = Each::lane,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { lane_sample(p, i, samples).is(p.lanes[i].changes); }},
    Metric{.name = "lbconverge_lane_repairs_total",
           .type = MetricType::counter,
           .labels = "lane",
           .help = "Drift: rows that were put back or removed because another program had changed them.",
           .each = Each::lane,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { lane_sample(p, i, samples).is(p.lanes[i].repaired); }},
    Metric{.name = "lbconverge_lane_blocked_rows",
           .type = MetricType::gauge,
           .labels = "lane",
           .help = "Rows that cannot be as the file wants them; status says why.",
           .each = Each::lane,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { lane_sample(p, i, samples).is(p.lanes[i].blocked); }},
    Metric{.name = "lbconverge_lane_held_rows",
           .type = MetricType::gauge,
           .labels = "lane",
           .help = "Rows that stay as they are, since it is not known yet how they should be.",
           .each = Each::lane,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { lane_sample(p, i, samples).is(p.lanes[i].held); }},
    Metric{.name = "lbconverge_lane_foreign_rows",
           .type = MetricType::gauge,
           .labels = "lane",
           .help = "Rows of other programs, which are left alone.",
           .each = Each::lane,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { lane_sample(p, i, samples).is(p.lanes[i].foreign); }},
    Metric{.name = "lbconverge_lane_draining_rows",
           .type = MetricType::gauge,
           .labels = "lane",
           .help = "Rows whose removal waits for connections to end.",
           .each = Each::lane,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { lane_sample(p, i, samples).is(p.lanes[i].draining); }},
    Metric{.name = "lbconverge_fights",
           .type = MetricType::gauge,
           .labels = "",
           .help = "Rows that another program keeps changing.",
           .each = Each::node,
           .write =
               [](const MetricsPicture& p, std::size_t, Samples& samples) {
                   if (p.fights) samples.add().is(*p.fights);
               }},
    Metric{
        .name = "lbconverge_left_alone_rows",
        .type = MetricType::gauge,
        .labels = "",
        .help = "Rows that are not tried for a while, since the kernel refuses them or another program changes them.",
        .each = Each::node,
        .write =
            [](const MetricsPicture& p, std::size_t, Samples& samples) {
                if (p.left_alone) samples.add().is(*p.left_alone);
            }},
};

}  // namespace

std::span<const Metric> node_metrics() { return node_table; }

}  // namespace lbconverge::metrics
