#include "metric.hpp"

#include "lbconverge/health/drain.hpp"

namespace lbconverge::metrics {

namespace {

using health::ServerView;

Sample service_sample(const MetricsPicture& picture, std::size_t i, Samples& samples) {
    Sample sample = samples.add();
    sample.labels(service_labels(kinds::Service::key_of(picture.config->services[i])));
    return sample;
}

bool is_decided(const ServerView& seen) { return seen.checked && seen.is != health::Liveness::unknown; }
bool has_answered(const ServerView& seen) { return seen.answered; }
bool is_drained(const ServerView& seen) { return seen.drained; }
bool is_kept(const ServerView& seen) { return seen.kept; }

/// Of the pool the servers that `wanted` names.
template <class Wanted, class Write>
void for_each_server_if(const MetricsPicture& picture, std::size_t i, Samples& samples, Wanted wanted, Write write) {
    const config::Service& service = picture.config->services[i];
    const std::size_t first = picture.board.services[i].first_server;
    std::string labels = service_labels(kinds::Service::key_of(service)) + ",";
    const std::size_t common = labels.size();
    for (std::size_t k = 0; k < service.real_servers.size(); ++k) {
        const ServerView& seen = picture.board.servers[first + k];
        if (!wanted(seen)) continue;
        const config::RealServer& server = service.real_servers[k];
        labels.resize(common);
        append_server_labels(server.address, server.port, labels);
        Sample sample = samples.add();
        sample.labels(labels);
        write(sample, server, seen);
    }
}

template <class Write>
void for_each_server(const MetricsPicture& picture, std::size_t i, Samples& samples, Write write) {
    for_each_server_if(
        picture, i, samples, [](const ServerView&) { return true; }, write);
}

void write_checks(const MetricsPicture& picture, Samples& samples) {
    if (!picture.bulletin) return;
    const health::BoardSummary& checks = picture.checks;
    samples.add().label("state", "up").is(checks.probes - checks.unknown - checks.down);
    samples.add().label("state", "down").is(checks.down);
    samples.add().label("state", "unknown").is(checks.unknown);
}

void write_drain(const MetricsPicture& picture, std::size_t i, Samples& samples) {
    const kinds::Drained& drain = picture.drains[i];
    samples.add().label("server", health::to_text(drain)).is(picture.at - static_cast<double>(drain.age.count()));
}

constexpr Metric file_table[] = {
    Metric{.name = "lbconverge_checks",
           .type = MetricType::gauge,
           .labels = "state",
           .help = "Checks of servers, by what they say. A check that several services share counts once.",
           .each = Each::node,
           .write = [](const MetricsPicture& p, std::size_t, Samples& samples) { write_checks(p, samples); }},
    Metric{.name = "lbconverge_drains",
           .type = MetricType::gauge,
           .labels = "",
           .help = "Servers that the operator has taken out of use.",
           .each = Each::node,
           .write =
               [](const MetricsPicture& p, std::size_t, Samples& samples) {
                   if (p.bulletin) samples.add().is(p.drains.size());
               }},
    Metric{.name = "lbconverge_drain_start_timestamp_seconds",
           .type = MetricType::gauge,
           .labels = "server",
           .help = "Since when the operator has taken the server out of use.",
           .each = Each::drain,
           .write = [](const MetricsPicture& p, std::size_t i, Samples& samples) { write_drain(p, i, samples); }},
    Metric{
        .name = "lbconverge_service_servers",
        .type = MetricType::gauge,
        .labels = "local_address, local_port, proto, local_mark",
        .help = "Real servers of the service in the file.",
        .each = Each::file_service,
        .write = [](const MetricsPicture& p, std::size_t i,
                    Samples& samples) { service_sample(p, i, samples).is(p.config->services[i].real_servers.size()); }},
    Metric{.name = "lbconverge_service_servers_up",
           .type = MetricType::gauge,
           .labels = "local_address, local_port, proto, local_mark",
           .help = "Real servers of the service that are up and not drained.",
           .each = Each::file_service,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { service_sample(p, i, samples).is(p.board.services[i].live); }},
    Metric{.name = "lbconverge_service_servers_kept",
           .type = MetricType::gauge,
           .labels = "local_address, local_port, proto, local_mark",
           .help = "Real servers of the service that stay in the pool although they are down (keep).",
           .each = Each::file_service,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { service_sample(p, i, samples).is(p.board.services[i].kept); }},
    Metric{.name = "lbconverge_service_quorum",
           .type = MetricType::gauge,
           .labels = "local_address, local_port, proto, local_mark",
           .help = "Servers that must be up.",
           .each = Each::file_service,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { service_sample(p, i, samples).is(p.board.services[i].quorum); }},
    Metric{.name = "lbconverge_service_quorum_met",
           .type = MetricType::gauge,
           .labels = "local_address, local_port, proto, local_mark",
           .help = "0: fewer servers are up than the quorum wants.",
           .each = Each::file_service,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { service_sample(p, i, samples).is(!p.board.services[i].lacks_quorum); }},
    Metric{.name = "lbconverge_service_fallback_serves",
           .type = MetricType::gauge,
           .labels = "local_address, local_port, proto, local_mark",
           .help = "1: the fallback has taken over.",
           .each = Each::file_service,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   if (p.config->services[i].fallback)
                       service_sample(p, i, samples).is(p.board.services[i].fallback_serves);
               }},
    Metric{.name = "lbconverge_backend_weight_configured",
           .type = MetricType::gauge,
           .labels = "local_address, local_port, proto, local_mark, remote_address, remote_port",
           .help = "The weight of the server in the file.",
           .each = Each::file_pool,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   for_each_server(p, i, samples,
                                   [](Sample& sample, const auto& server, const auto&) { sample.is(server.weight); });
               }},
    Metric{.name = "lbconverge_backend_up",
           .type = MetricType::gauge,
           .labels = "local_address, local_port, proto, local_mark, remote_address, remote_port",
           .help = "What the check of the server says; no row without a check or an answer.",
           .each = Each::file_pool,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   for_each_server_if(p, i, samples, is_decided, [](Sample& sample, const auto&, const auto& seen) {
                       sample.is(seen.is == health::Liveness::up);
                   });
               }},
    Metric{.name = "lbconverge_backend_check_duration_seconds",
           .type = MetricType::gauge,
           .labels = "local_address, local_port, proto, local_mark, remote_address, remote_port",
           .help = "How long the last check of the server took.",
           .each = Each::file_pool,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   for_each_server_if(p, i, samples, has_answered, [](Sample& sample, const auto&, const auto& seen) {
                       sample.is(std::chrono::duration<double>(seen.took).count());
                   });
               }},
    Metric{.name = "lbconverge_backend_drained",
           .type = MetricType::gauge,
           .labels = "local_address, local_port, proto, local_mark, remote_address, remote_port",
           .help = "1: the operator has taken the server out of use; no row otherwise.",
           .each = Each::file_pool,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   for_each_server_if(p, i, samples, is_drained,
                                      [](Sample& sample, const auto&, const auto&) { sample.is(1); });
               }},
    Metric{.name = "lbconverge_backend_kept",
           .type = MetricType::gauge,
           .labels = "local_address, local_port, proto, local_mark, remote_address, remote_port",
           .help = "1: the server stays in the pool although it is down (keep); no row otherwise.",
           .each = Each::file_pool,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   for_each_server_if(p, i, samples, is_kept,
                                      [](Sample& sample, const auto&, const auto&) { sample.is(1); });
               }},
};

}  // namespace

std::span<const Metric> file_metrics() { return file_table; }

}  // namespace lbconverge::metrics
