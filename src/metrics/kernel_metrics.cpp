#include "metric.hpp"

namespace lbconverge::metrics {

namespace {

using kinds::ServerTraffic;

Sample kernel_sample(const MetricsPicture& picture, std::size_t i, Samples& samples) {
    Sample sample = samples.add();
    sample.labels(service_labels(picture.traffic->services()[i].key));
    return sample;
}

struct Connections {
    std::uint64_t active = 0;
    std::uint64_t inactive = 0;
};
Connections connections_of(const MetricsPicture& picture, std::size_t i) {
    Connections sum;
    for (const ServerTraffic& each : picture.traffic->servers_of(i)) {
        sum.active += each.active;
        sum.inactive += each.inactive;
    }
    return sum;
}

template <class Write>
void for_each_counted(const MetricsPicture& picture, std::size_t i, Samples& samples, Write write) {
    std::string labels = service_labels(picture.traffic->services()[i].key) + ",";
    const std::size_t common = labels.size();
    for (const ServerTraffic& each : picture.traffic->servers_of(i)) {
        labels.resize(common);
        append_server_labels(each.address, each.port, labels);
        Sample sample = samples.add();
        sample.labels(labels);
        write(sample, each);
    }
}

constexpr Metric kernel_table[] = {
    Metric{.name = "lbconverge_ipvs_read_successful",
           .type = MetricType::gauge,
           .labels = "",
           .help = "0: the tables of IPVS could not be read, and all metrics from them are missing.",
           .each = Each::node,
           .write =
               [](const MetricsPicture& p, std::size_t, Samples& samples) {
                   if (p.traffic_read) samples.add().is(*p.traffic_read);
               }},
    Metric{.name = "lbconverge_service_connections_active",
           .type = MetricType::gauge,
           .labels = "local_address, local_port, proto, local_mark",
           .help = "Established connections of the service.",
           .each = Each::kernel_service,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { kernel_sample(p, i, samples).is(connections_of(p, i).active); }},
    Metric{.name = "lbconverge_service_connections_inactive",
           .type = MetricType::gauge,
           .labels = "local_address, local_port, proto, local_mark",
           .help = "Other connections of the service that are remembered.",
           .each = Each::kernel_service,
           .write = [](const MetricsPicture& p, std::size_t i,
                       Samples& samples) { kernel_sample(p, i, samples).is(connections_of(p, i).inactive); }},
    Metric{.name = "lbconverge_backend_weight",
           .type = MetricType::gauge,
           .labels = "local_address, local_port, proto, local_mark, remote_address, remote_port",
           .help = "The weight of the server in the kernel.",
           .each = Each::kernel_pool,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   for_each_counted(p, i, samples,
                                    [](Sample& sample, const ServerTraffic& server) { sample.is(server.weight); });
               }},
    Metric{.name = "lbconverge_backend_connections_active",
           .type = MetricType::gauge,
           .labels = "local_address, local_port, proto, local_mark, remote_address, remote_port",
           .help = "Established connections of the server.",
           .each = Each::kernel_pool,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   for_each_counted(p, i, samples,
                                    [](Sample& sample, const ServerTraffic& server) { sample.is(server.active); });
               }},
    Metric{.name = "lbconverge_backend_connections_inactive",
           .type = MetricType::gauge,
           .labels = "local_address, local_port, proto, local_mark, remote_address, remote_port",
           .help = "Other connections of the server that are remembered.",
           .each = Each::kernel_pool,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   for_each_counted(p, i, samples,
                                    [](Sample& sample, const ServerTraffic& server) { sample.is(server.inactive); });
               }},
    Metric{.name = "lbconverge_service_connections_total",
           .type = MetricType::counter,
           .labels = "local_address, local_port, proto, local_mark",
           .help = "Connections that came to the service.",
           .each = Each::kernel_service,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   kernel_sample(p, i, samples).is(p.traffic->services()[i].traffic.connections);
               }},
    Metric{.name = "lbconverge_backend_connections_total",
           .type = MetricType::counter,
           .labels = "local_address, local_port, proto, local_mark, remote_address, remote_port",
           .help = "Connections that came to the server.",
           .each = Each::kernel_pool,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   for_each_counted(p, i, samples, [](Sample& sample, const ServerTraffic& server) {
                       sample.is(server.traffic.connections);
                   });
               }},
    Metric{.name = "lbconverge_service_incoming_packets_total",
           .type = MetricType::counter,
           .labels = "local_address, local_port, proto, local_mark",
           .help = "Packets that came from clients.",
           .each = Each::kernel_service,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   kernel_sample(p, i, samples).is(p.traffic->services()[i].traffic.in_packets);
               }},
    Metric{.name = "lbconverge_backend_incoming_packets_total",
           .type = MetricType::counter,
           .labels = "local_address, local_port, proto, local_mark, remote_address, remote_port",
           .help = "Packets that came from clients.",
           .each = Each::kernel_pool,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   for_each_counted(p, i, samples, [](Sample& sample, const ServerTraffic& server) {
                       sample.is(server.traffic.in_packets);
                   });
               }},
    Metric{.name = "lbconverge_service_outgoing_packets_total",
           .type = MetricType::counter,
           .labels = "local_address, local_port, proto, local_mark",
           .help = "Packets that went to clients through this node (masquerading).",
           .each = Each::kernel_service,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   kernel_sample(p, i, samples).is(p.traffic->services()[i].traffic.out_packets);
               }},
    Metric{.name = "lbconverge_backend_outgoing_packets_total",
           .type = MetricType::counter,
           .labels = "local_address, local_port, proto, local_mark, remote_address, remote_port",
           .help = "Packets that went to clients through this node (masquerading).",
           .each = Each::kernel_pool,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   for_each_counted(p, i, samples, [](Sample& sample, const ServerTraffic& server) {
                       sample.is(server.traffic.out_packets);
                   });
               }},
    Metric{
        .name = "lbconverge_service_incoming_bytes_total",
        .type = MetricType::counter,
        .labels = "local_address, local_port, proto, local_mark",
        .help = "Octets that came from clients.",
        .each = Each::kernel_service,
        .write = [](const MetricsPicture& p, std::size_t i,
                    Samples& samples) { kernel_sample(p, i, samples).is(p.traffic->services()[i].traffic.in_bytes); }},
    Metric{.name = "lbconverge_backend_incoming_bytes_total",
           .type = MetricType::counter,
           .labels = "local_address, local_port, proto, local_mark, remote_address, remote_port",
           .help = "Octets that came from clients.",
           .each = Each::kernel_pool,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   for_each_counted(p, i, samples, [](Sample& sample, const ServerTraffic& server) {
                       sample.is(server.traffic.in_bytes);
                   });
               }},
    Metric{
        .name = "lbconverge_service_outgoing_bytes_total",
        .type = MetricType::counter,
        .labels = "local_address, local_port, proto, local_mark",
        .help = "Octets that went to clients through this node (masquerading).",
        .each = Each::kernel_service,
        .write = [](const MetricsPicture& p, std::size_t i,
                    Samples& samples) { kernel_sample(p, i, samples).is(p.traffic->services()[i].traffic.out_bytes); }},
    Metric{.name = "lbconverge_backend_outgoing_bytes_total",
           .type = MetricType::counter,
           .labels = "local_address, local_port, proto, local_mark, remote_address, remote_port",
           .help = "Octets that went to clients through this node (masquerading).",
           .each = Each::kernel_pool,
           .write =
               [](const MetricsPicture& p, std::size_t i, Samples& samples) {
                   for_each_counted(p, i, samples, [](Sample& sample, const ServerTraffic& server) {
                       sample.is(server.traffic.out_bytes);
                   });
               }},
};

}  // namespace

std::span<const Metric> kernel_metrics() { return kernel_table; }

}  // namespace lbconverge::metrics
