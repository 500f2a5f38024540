#include "lbconverge/metrics/bulletin.hpp"

#include "lbconverge/node/node.hpp"

#include <algorithm>
#include <vector>

namespace lbconverge::metrics {

namespace {

using lbconverge::to_text;
using node::Lane;

/// What there is to say, the worst first.
struct Complaints {
    std::vector<std::string> critical;
    std::vector<std::string> warning;
    std::vector<std::string> unknown;
};

std::string counted(std::size_t count, const std::string& one, const std::string& many) {
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

void judge_instance(const node::Instance& instance, Complaints& found) {
    const vrrp::Machine& machine = instance.machine;
    const std::string& name = machine.settings().name;
    if (machine.state() == vrrp::State::fault) found.critical.push_back(name + " is in fault: " + machine.why());
    if (machine.state() == vrrp::State::master && !instance.dark.empty()) {
        found.critical.push_back(name + " is master, and cannot serve " + to_text(instance.dark.front().address) +
                                 ": " + instance.dark.front().why);
    }
    if (!instance.mute.empty()) found.warning.push_back(name + " does not take part: " + instance.mute);
    if (!instance.started && machine.state() == vrrp::State::init) found.unknown.push_back(name + " has not started");
}

void judge_lane(const node::LaneState& lane, std::string_view name, Complaints& found) {
    const std::string prefix = std::string(name) + ": ";
    if (lane.runs == 0) {
        found.unknown.push_back(prefix + "not looked at yet");
    } else if (!lane.last.error.empty()) {
        found.critical.push_back(prefix + lane.last.error);
    } else if (lane.last.blocked > 0) {
        found.warning.push_back(prefix + counted(lane.last.blocked, "row is", "rows are") +
                                " blocked: " + lane.last.obstacle);
    }
}

void judge_servers(const health::BoardSummary& checks, Complaints& found) {
    if (checks.services_short > 0) {
        found.critical.push_back(counted(checks.services_short, "service has", "services have") +
                                 " fewer servers up than the quorum");
    }
    if (checks.services_keeping > 0) {
        found.warning.push_back(counted(checks.services_keeping, "service keeps", "services keep") +
                                " servers that are down");
    }
    if (checks.down > 0) {
        found.warning.push_back(std::to_string(checks.down) + " of " +
                                counted(checks.probes, "check is down", "checks are down"));
    }
}

Complaints findings_of(const node::Node& node) {
    Complaints found;
    if (node.stopping()) found.unknown.push_back("stopping");
    for (const node::Instance& each : node.instances()) judge_instance(each, found);
    judge_lane(node.lane(Lane::network), to_text(Lane::network), found);
    if (node.config().role == Role::director) judge_lane(node.lane(Lane::tables), to_text(Lane::tables), found);
    judge_servers(node.board().summary(), found);
    if (node.fights_count() > 0) {
        found.warning.push_back("another program changes " + counted(node.fights_count(), "row", "rows"));
    }
    return found;
}

std::string good_news(const node::Node& node) {
    std::string text(to_text(node.config().role));
    for (const node::Instance& each : node.instances()) {
        text += ", " + each.machine.settings().name + " " + std::string(to_text(each.machine.state()));
    }
    const health::BoardSummary checks = node.board().summary();
    if (checks.probes == 0) return text;
    return text + "; " + std::to_string(checks.probes - checks.unknown - checks.down) + " of " +
           counted(checks.probes, "check", "checks") + " up";
}

/// One line for any program: Nagios takes what comes after a bar for numbers.
std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    std::replace(text.begin(), text.end(), '|', '/');
    return text;
}

Bulletin bulletin(Condition is, const std::vector<std::string>& found) {
    std::string text = found.front();
    if (found.size() > 1) text += " (and " + std::to_string(found.size() - 1) + " more)";
    return {is, one_line(std::string(to_text(is)) + ": " + text)};
}

}  // namespace

Bulletin bulletin_of(const node::Node& node) {
    const Complaints found = findings_of(node);
    if (!found.unknown.empty()) return bulletin(Condition::unknown, found.unknown);
    if (!found.critical.empty()) return bulletin(Condition::critical, found.critical);
    if (!found.warning.empty()) return bulletin(Condition::warning, found.warning);
    return bulletin(Condition::ok, {good_news(node)});
}

}  // namespace lbconverge::metrics
