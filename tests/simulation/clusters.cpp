#include "clusters.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace lbconverge::test {

namespace {

std::string file(const std::string& path) {
    std::ifstream in(path);
    if (!in) throw std::runtime_error(path + ": cannot be read");
    return {std::istreambuf_iterator<char>(in), {}};
}

constexpr const char* service = R"(
[[service]]
vip = "10.0.0.20"
port = 80
real_servers = ["10.0.0.8", "10.0.0.9"]
)";

/// The service of pair() is without checks; these two share theirs.
constexpr const char* checked = R"(
[[service]]
vip = "10.0.0.20"
port = [443, 8080]
real_servers = ["10.0.0.7", "10.0.0.8", "10.0.0.9"]
check = { type = "tcp", port = 443, interval = "500ms" }
quorum = 2
hysteresis = 1
fallback = "10.0.0.5"
on_down = "remove"
)";

std::string pair(const std::string& vrrp, const std::string& more_of_a = "", const std::string& more_of_b = "") {
    return R"(
        role = "director"
        interface = "eth0"
        vips = ["10.0.0.20"]
        [nodes]
        a = { address = "10.0.0.1", priority = 150$ }
        b = { address = "10.0.0.2"$ }
        [[vrrp]]
        vrid = 51
    )"_with(more_of_a, more_of_b) +
           vrrp + service;
}

constexpr const char* three = R"(
role = "director"
interface = "eth0"
vips = ["10.0.0.20", "10.0.0.21"]
[nodes]
a = { address = "10.0.0.1", priority = 150 }
b = { address = "10.0.0.2", priority = 120 }
c = { address = "10.0.0.3" }
[[vrrp]]
vrid = 51
advert_interval = "500ms"
)";

constexpr const char* crossed = R"(
role = "director"
[[vip]]
address = "10.0.0.20"
interface = "eth0"
vrrp = "left"
[[vip]]
address = "10.0.0.30"
interface = "eth1"
vrrp = "right"
[nodes.a]
address = "10.0.0.1"
[[nodes.a.vrrp]]
name = "left"
vrid = 51
interface = "eth0"
priority = 150
[[nodes.a.vrrp]]
name = "right"
vrid = 52
interface = "eth1"
priority = 100
[nodes.b]
address = "10.0.0.2"
[[nodes.b.vrrp]]
name = "left"
vrid = 51
interface = "eth0"
priority = 100
[[nodes.b.vrrp]]
name = "right"
vrid = 52
interface = "eth1"
priority = 150
)";

/// Of the two instances of `crossed`; with a hook for each, and a track that weighs more than what lies between them.
constexpr const char* together = R"(
[[sync_group]]
name = "both"
members = ["left", "right"]
[[hook]]
on = ["master", "backup", "fault", "stop"]
command = ["/bin/true"]
retries = 2
retry_delay = "200ms"
)";

constexpr const char* tracked = R"(track = ["weighted", "needed", "counted"]
[[track]]
name = "weighted"
process = "haproxy"
weight = 60
[[track]]
name = "needed"
command = ["/bin/true"]
interval = "100ms"
fall = 3
rise = 2
[[track]]
name = "counted"
file = "/run/number"
interval = "100ms"
weight = -70
)";

constexpr const char* both = R"(
role = "both"
interface = "eth0"
vips = ["10.0.0.20"]
[nodes]
a = { address = "10.0.0.1", priority = 150 }
b = { address = "10.0.0.2" }
[[vrrp]]
vrid = 51
[[service]]
vip = "10.0.0.20"
port = 80
real_servers = ["a", "b"]
)";

/// Two VIPs in one subnet, and much beside them that no VIP needs.
constexpr const char* busy = R"(
role = "director"
interface = "eth0"
vips = ["10.0.0.20/24", "10.0.0.21/24"]
[nodes]
a = { address = "10.0.0.1", priority = 150 }
b = { address = "10.0.0.2" }
[sysctl.director]
"net.ipv4.ip_forward" = 1
"net.ipv4.vs.expire_nodest_conn" = 1
[ipvs]
timeouts = { tcp = "600s" }
sync = { id = 7 }
[[vrrp]]
vrid = 51
[[route]]
to = "172.16.0.0/12"
via = "10.0.0.254"
[[route]]
to = "default"
via = "10.0.0.254"
source = "10.0.0.20"
vrrp = "vrrp-51"
)";

constexpr const char* six = R"(
role = "director"
interface = "eth0"
vips = ["2001:db8::20/64"]
[nodes]
a = { address = "2001:db8::1", priority = 150 }
b = { address = "2001:db8::2" }
[[vrrp]]
vrid = 51
)";

}  // namespace

std::vector<Cluster> clusters(const std::string& source_directory) {
    return {
        {"example", file(source_directory + "/examples/four-nodes.toml")},
        {"three directors", three + std::string(service)},
        {"two instances", crossed + std::string(service)},
        {"sync group", crossed + std::string(together) + service},
        {"sync group of the example", file(source_directory + "/examples/s2-two-vips.toml")},
        {"tracks", pair(tracked)},
        {"version 2", pair(R"(
            version = 2
            auth_pass = "secret"
        )"_text)},
        {"no preempt", pair("preempt = false\n")},
        {"preempt delay", pair(R"(
            preempt = "delay 3s"
            start_delay = "1s"
        )"_text)},
        {"unicast", pair(R"(
            unicast = true
            advert_interval = "200ms"
        )"_text)},
        {"role both", both},
        {"routes, settings, synchronisation", busy + std::string(service)},
        {"IPv6", six},
        {"health checks", pair("") + checked},
        {"equal", pair(R"(
            advert_interval = "100ms"
        )"_text,
                       "", ", priority = 150")},
    };
}

std::vector<node::ConfigPtr> electors(const Cluster& cluster) {
    config::Diagnostics problems;
    const config::Document document = config::Document::parse({{"lb.toml", cluster.toml}}, problems);
    std::vector<node::ConfigPtr> configs;
    for (const std::string& name : document.nodes()) {
        auto config = document.config_for(name, problems);
        if (!config || config->role == Role::real_server) continue;
        configs.push_back(std::make_shared<config::Config>(std::move(*config)));
    }
    for (const config::Diagnostic& each : problems.all()) {
        if (each.severity == config::Severity::error) {
            throw std::runtime_error(cluster.name + ": " + config::to_text(each, document.files()));
        }
    }
    return configs;
}

}  // namespace lbconverge::test
