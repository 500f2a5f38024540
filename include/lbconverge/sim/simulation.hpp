// All nodes of a cluster with the production node code, on a virtual clock, each with a kernel of its own, on a network
// that loses, delays and cuts. The same scenario gives the same result, byte for byte. Pure.
#pragma once

#include "lbconverge/node/node.hpp"
#include "lbconverge/sim/checker.hpp"
#include "lbconverge/sim/fault.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lbconverge::sim {

/// All that decides the course of a run.
struct Scenario {
    std::vector<node::ConfigPtr> configs;  ///< one per node that stands for election
    std::uint64_t seed = 1;
    Duration window = std::chrono::seconds(60);  ///< faults happen in it; then the cluster settles
    std::set<FaultKind> kinds;
    std::optional<std::vector<Kept>> kept;  ///< only these of the schedule
    /// For the tests of the checks: changes the effects of a node before they are carried out.
    std::function<void(std::size_t node, node::Effects& effects)> doctor{};
};

enum class MomentKind : std::uint8_t { transition, bound, unbound, believed, started, ended, fault_on, fault_off };
/// A line of the timeline.
struct Moment {
    Instant at;
    MomentKind kind = MomentKind::transition;
    std::size_t node = nobody;
    std::size_t router = nobody;
    std::size_t vip = nobody;
    vrrp::State from = vrrp::State::init, to = vrrp::State::init;
    std::string text;  ///< why, or which fault
};

struct Counts {
    std::uint64_t events = 0, packets = 0, lost = 0, plans = 0, steps = 0, failed_steps = 0, transitions = 0;
    std::uint64_t became_master = 0, announcements = 0;
    Duration simulated{0};
    Duration dark{0};  ///< in which a VIP was on no node, summed over the VIPs, from the first time that it was on one

    Counts& operator+=(const Counts& other);
};

struct Run {
    std::vector<Router> routers;
    std::vector<std::string> nodes;
    std::vector<Fault> faults;  ///< that happened
    std::vector<Moment> moments;
    std::vector<Violation> violations;
    Counts counts;
    Instant settled, end;
};

/// The faults that this scenario brings.
std::vector<Fault> faults_of(const Scenario& scenario);
Run simulate(const Scenario& scenario);

/// A scenario with a violation, reduced to as few and as short faults as still lead to the same kind of violation.
/// At most `tries` runs.
struct Shrunk {
    std::vector<Kept> kept;
    Run run;
    std::size_t tries = 0;
};
Shrunk shrink(const Scenario& scenario, const Run& failed, std::size_t tries = 400);

/// "  12.400 s  lb1  vrrp-51  backup -> master: no master was heard", one line per moment.
std::string timeline_text(const Run& run);
/// A drawing of it, as SVG without scripts.
std::string timeline_svg(const Run& run);

/// "1.250 s".
std::string seconds_text(Instant at);
std::string seconds_text(Duration duration);

}  // namespace lbconverge::sim
