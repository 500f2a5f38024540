// The real servers of a simulated cluster, as health checks see them.
#include "world.hpp"

#include <algorithm>

namespace lbconverge::sim {

using std::chrono::microseconds;
using std::chrono::seconds;

namespace {

/// What a healthy server takes for its answer.
constexpr Duration least_answer = microseconds(200);
constexpr Duration most_answer = microseconds(2000);
/// A server that did not answer a moment ago may still be taken for down: rise and fall take their time, and clocks of
/// nodes may run at half the rate.
constexpr Duration lately = seconds(30);

}  // namespace

std::vector<IpAddress> World::servers() const {
    std::vector<IpAddress> all;
    for (const Host& host : hosts_) {
        for (const config::Service& service : host.base->services) {
            for (const config::RealServer& server : service.real_servers) all.push_back(server.address);
        }
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

bool World::failing_server(std::size_t node, const IpAddress& address, Duration within) const {
    const std::vector<IpAddress> all = servers();
    return std::any_of(run_.faults.begin(), run_.faults.end(), [&](const Fault& each) {
        const bool this_one =
            each.kind == FaultKind::server && each.touches(node) && all[each.parameter % all.size()] == address;
        return this_one && each.start <= queue_.now() && queue_.now() < each.end() + within;
    });
}

void World::probe(std::size_t node, const std::vector<health::ProbeRequest>& requests) {
    node::Probed event;
    for (const health::ProbeRequest& each : requests) {
        const bool fails = failing_server(node, each.address, Duration{0});
        event.answers.push_back({each.id, each.run, !fails, fails ? "connect refused" : "answered"});
    }
    for_process(node, hosts_[node].random.between(least_answer, most_answer),
                [this, node, event] { turn(node, event); });
}

/// S9, after a change of one of its servers.
void World::look_at_pool(std::size_t node, const node::Converge& ask, const kinds::Service::Key& key) {
    for (const Row<kinds::RealServer>& row : hosts_[node].kernel.node.get<kinds::RealServer>().rows()) {
        if (row.key.service == key && row.value.weight > 0) return;
    }
    if (kinds::Service::lost(key, {*ask.config, ask.election, {}})) return;
    for (const config::Service& service : ask.config->services) {
        if (kinds::Service::key_of(service) != key) continue;
        for (const config::RealServer& server : service.real_servers) {
            if (server.weight == 0 || failing_server(node, server.address, lately)) continue;
            checker_->emptied_pool(
                queue_.now(), node,
                "the pool of " + kinds::Service::id(key) + " is empty, and " + to_text(server.address) + " is well");
        }
    }
}

}  // namespace lbconverge::sim
