#include "draw.hpp"

#include "lbconverge/sim/random.hpp"

namespace lbconverge::test {

namespace {

using sim::Random;

/// Streams of random numbers; those of the simulation begin elsewhere.
constexpr std::uint64_t cluster_stream = 7'000;
constexpr std::uint64_t most_nodes = 5;
constexpr std::uint64_t most_routers = 3;
constexpr const char* intervals[] = {"100ms", "200ms", "500ms", "1s"};

template <std::size_t size>
const char* one_of(Random& random, const char* const (&words)[size]) {
    return words[random.below(size)];
}

std::string text(std::uint64_t number) { return std::to_string(number); }

/// A virtual router, with what all its nodes must agree on.
struct DrawnRouter {
    std::uint64_t number = 0;
    std::string interface;
    bool ipv6 = false;
    std::uint64_t version = 3;
    bool unicast = false;
    bool password = false;
    std::string interval;  ///< of all nodes; empty: each has its own
    std::string preempt;   ///< likewise
    std::uint64_t vips = 1;

    [[nodiscard]] std::string name() const { return "r" + text(number); }
    [[nodiscard]] std::string vip(std::uint64_t which) const {
        const std::string host = text(20 + 10 * number + which);
        return ipv6 ? "2001:db8::" + host : "10.0.0." + host;
    }
};

struct DrawnCluster {
    std::uint64_t nodes = 2;
    bool both = false;    ///< the nodes are real servers, too
    bool groups = false;  ///< the first two routers, or all, are a sync group
    bool grouped_all = false;
    bool equal = false;  ///< priorities are
    bool tracks = false;
    bool hooks = false;
    std::uint64_t service = 0;  ///< none, one without checks, one with checks
    std::vector<DrawnRouter> routers;
};

std::string preempt_of(Random& random) {
    constexpr const char* forms[] = {"true", "true", "false", "\"delay 1s\"", "\"delay 3s\""};
    return one_of(random, forms);
}

DrawnRouter draw_router(Random& random, std::uint64_t number, bool both) {
    DrawnRouter router{.number = number};
    router.interface = random.chance(400) ? "eth1" : "eth0";
    router.ipv6 = !both && random.chance(300);
    router.version = !router.ipv6 && random.chance(300) ? 2 : 3;
    router.unicast = random.chance(300) && !router.ipv6;
    router.password = router.version == 2 && random.chance(400);
    if (both || router.version == 2 || random.chance(700)) {
        router.interval = one_of(random, intervals);
        if (router.version == 2) router.interval = random.chance(700) ? "1s" : "2s";
    }
    if (random.chance(600)) router.preempt = preempt_of(random);
    router.vips = 1 + random.below(2);
    return router;
}

DrawnCluster draw(Random& random) {
    DrawnCluster cluster;
    cluster.nodes = 2 + random.below(most_nodes - 1);
    if (random.chance(400)) cluster.nodes = 2;
    cluster.both = random.chance(80);
    const std::uint64_t routers = cluster.both || random.chance(500) ? 1 : 1 + random.below(most_routers);
    for (std::uint64_t i = 0; i < routers; ++i) cluster.routers.push_back(draw_router(random, i, cluster.both));
    for (DrawnRouter& each : cluster.routers) {  // peers know a node by one address, which is on its first interface
        if (each.unicast) each.interface = cluster.routers.front().interface;
    }
    cluster.groups = routers > 1 && random.chance(600);
    cluster.grouped_all = random.chance(500);
    cluster.equal = random.chance(250);
    cluster.tracks = random.chance(300);
    cluster.hooks = random.chance(200);
    cluster.service = cluster.both ? 1 : random.below(10) < 7 ? random.below(2) : 2;
    return cluster;
}

std::string vips_text(const DrawnCluster& cluster) {
    std::string file;
    for (const DrawnRouter& router : cluster.routers) {
        for (std::uint64_t i = 0; i < router.vips; ++i) {
            file += R"(
                [[vip]]
                address = "$"
                interface = "$"
                vrrp = "$"
            )"_with(router.vip(i), router.interface, router.name());
        }
    }
    return file;
}

std::string shared_text(const DrawnCluster& cluster) {
    std::string file;
    if (cluster.groups) {
        const bool third = cluster.routers.size() > 2 && cluster.grouped_all;
        file += R"(
            [[sync_group]]
            name = "together"
            members = ["r0", "r1"$]
        )"_with(std::string(third ? ", \"r2\"" : ""));
    }
    if (cluster.tracks) {
        file += R"(
            [[track]]
            name = "weighted"
            process = "haproxy"
            weight = -60
            [[track]]
            name = "needed"
            command = ["/bin/true"]
            interval = "200ms"
            fall = 2
            rise = 2
        )"_text;
    }
    if (cluster.hooks) {
        file += R"(
            [[hook]]
            on = ["master", "backup", "fault", "stop"]
            command = ["/bin/true"]
            retries = 1
            retry_delay = "200ms"
        )"_text;
    }
    return file;
}

std::string service_text(const DrawnCluster& cluster) {
    if (cluster.service == 0) return {};
    const DrawnRouter& first = cluster.routers.front();
    std::string file = R"(
        [[service]]
        vip = "$"
        port = 80
    )"_with(first.vip(0));
    if (cluster.both) return file + "real_servers = [\"n1\", \"n2\"]\n";
    file += first.ipv6 ? "real_servers = [\"2001:db8::8\", \"2001:db8::9\"]\n"
                       : "real_servers = [\"10.0.0.8\", \"10.0.0.9\"]\n";
    if (cluster.service == 2) file += "check = { type = \"tcp\", interval = \"2s\" }\n";
    return file;
}

/// One node's instance of a router. Nodes differ in whatever they may differ in.
std::string instance_text(Random& random, const DrawnCluster& cluster, const DrawnRouter& router, std::uint64_t node) {
    std::string file = R"(
        [[nodes.n$.vrrp]]
        name = "$"
        vrid = $
        interface = "$"
        version = $
        priority = $
        advert_interval = "$"
        preempt = $
    )"_with(text(node), router.name(), text(51 + router.number), router.interface, text(router.version),
            text(cluster.equal ? 100 : 1 + random.below(254)),
            router.interval.empty() ? std::string(one_of(random, intervals)) : router.interval,
            router.preempt.empty() ? preempt_of(random) : router.preempt);
    if (router.unicast) file += "unicast = true\n";
    if (router.password) file += "auth_pass = \"secret\"\n";
    if (router.version == 3 && random.chance(100)) file += "checksum = \"message\"\n";
    if (random.chance(100)) file += "start_delay = \"1s\"\n";
    if (random.chance(200)) file += "garp = { refresh = \"2s\" }\n";
    if (cluster.tracks && random.chance(700)) file += "track = [\"weighted\", \"needed\"]\n";
    return file;
}

}  // namespace

Cluster draw_cluster(std::uint64_t seed) {
    Random random = Random(seed).stream(cluster_stream);
    const DrawnCluster cluster = draw(random);
    std::string file = "role = \"" + std::string(cluster.both ? "both" : "director") + "\"\ninterface = \"eth0\"\n";
    file += vips_text(cluster) + shared_text(cluster) + service_text(cluster);
    for (std::uint64_t node = 1; node <= cluster.nodes; ++node) {
        file += "[nodes.n" + text(node) + "]\naddress = \"10.0.0." + text(node) + "\"\n";
        for (const DrawnRouter& each : cluster.routers) file += instance_text(random, cluster, each, node);
    }
    return {"drawn", file};
}

}  // namespace lbconverge::test
