// The faults of a simulated cluster, and their times. A schedule is made up front from the seed alone, so that a run
// with some of its faults left out is the same run otherwise. Pure.
#pragma once

#include "lbconverge/model/enum_names.hpp"
#include "lbconverge/model/instant.hpp"
#include "lbconverge/model/result.hpp"
#include "lbconverge/sim/random.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::sim {

using lbconverge::from_text;
using lbconverge::to_text;

enum class FaultKind : std::uint8_t {
    loss,       ///< packets of these nodes get lost; parameter: per mille
    delay,      ///< packets of these nodes take longer, all alike; parameter: milliseconds
    reorder,    ///< a third of the packets of these nodes takes longer; parameter: milliseconds
    duplicate,  ///< packets of these nodes arrive twice; parameter: per mille
    partition,  ///< these nodes and the others do not hear each other
    one_way,    ///< the others do not hear these nodes
    crash,      ///< the process is killed, the kernel goes on; started again at the end
    power,      ///< the machine is off; started again, with an empty kernel, at the end
    pause,      ///< SIGSTOP to SIGCONT: nothing runs, packets queue up; parameter 1: the machine, which gets none;
                ///< 2: a suspended guest, whose clock stands still as well
    slow,       ///< kernel work takes long; parameter: milliseconds per change
    failing,    ///< kernel work fails; parameter: per mille of the changes
    link,       ///< an interface has no carrier; parameter: which, modulo their number
    clock,      ///< the clock runs at another rate; parameter: millionths of the true one
    reload,     ///< another configuration is read, and at the end the old one; parameter: what differs
    stop,       ///< SIGTERM; started again at the end
    keep,       ///< stopped with everything kept as it is, for a new version; started again at the end
    track,      ///< what a track watches is gone; parameter: which track, modulo their number
    gone,       ///< an interface is not there, and comes back as another one; parameter: which, modulo their number
    refused,    ///< the kernel refuses an address for good; parameter: which VIP, modulo their number
    setting,    ///< the kernel refuses a setting for good; parameter: which of those of the file, modulo their number
    step,       ///< the kernel refuses another row of the file for good; parameter: which, modulo their number
    route,      ///< another's route stands where one of the file belongs; parameter: which, modulo their number
    server,     ///< a real server does not answer the checks of these nodes; parameter: which, modulo their number
    address,    ///< an interface has lost the node's own addresses; parameter: which, modulo their number
    mac,        ///< an interface has another link address; parameter: which, modulo their number
    no_socket,  ///< VRRP has no socket on an interface; parameter: which, modulo their number
    unsent,     ///< the kernel refuses to send VRRP on an interface; parameter: which, modulo their number
    untold,     ///< gratuitous ARP does not get through: lost, or with an odd parameter refused; parameter: per mille
    foreign,    ///< a stranger advertises with the VRID of a router; parameter: which router, and its advertisements
    peer,       ///< a router of another make takes part in all elections; parameter: its priority, how it ends
};
constexpr auto names_of(FaultKind) {
    return enum_names<FaultKind>({{FaultKind::loss, "loss"},
                                  {FaultKind::delay, "delay"},
                                  {FaultKind::reorder, "reorder"},
                                  {FaultKind::duplicate, "duplicate"},
                                  {FaultKind::partition, "partition"},
                                  {FaultKind::one_way, "one-way"},
                                  {FaultKind::crash, "crash"},
                                  {FaultKind::power, "power"},
                                  {FaultKind::pause, "pause"},
                                  {FaultKind::slow, "slow"},
                                  {FaultKind::failing, "failing"},
                                  {FaultKind::link, "link"},
                                  {FaultKind::clock, "clock"},
                                  {FaultKind::reload, "reload"},
                                  {FaultKind::stop, "stop"},
                                  {FaultKind::keep, "keep"},
                                  {FaultKind::track, "track"},
                                  {FaultKind::gone, "gone"},
                                  {FaultKind::refused, "refused"},
                                  {FaultKind::setting, "setting"},
                                  {FaultKind::step, "step"},
                                  {FaultKind::route, "route"},
                                  {FaultKind::server, "server"},
                                  {FaultKind::address, "address"},
                                  {FaultKind::mac, "mac"},
                                  {FaultKind::no_socket, "no-socket"},
                                  {FaultKind::unsent, "unsent"},
                                  {FaultKind::untold, "untold"},
                                  {FaultKind::foreign, "foreign"},
                                  {FaultKind::peer, "peer"}});
}
constexpr std::size_t fault_kinds = names_of(FaultKind{}).size();

struct Fault {
    std::size_t id = 0;  ///< its place in the whole schedule
    FaultKind kind = FaultKind::loss;
    Instant start;
    Duration duration{0};
    std::uint64_t nodes = 1;  ///< one bit per node
    std::uint64_t parameter = 0;

    [[nodiscard]] Instant end() const { return start + duration; }
    [[nodiscard]] bool touches(std::size_t node) const { return (nodes >> node & 1U) != 0; }
};
/// "#3 pause lb1, 12.400 s to 14.100 s".
std::string to_text(const Fault& fault, std::span<const std::string> nodes);

struct ScheduleRules {
    std::size_t nodes = 2;  ///< at most 64
    Duration window = std::chrono::seconds(60);
    std::set<FaultKind> kinds;  ///< empty: nothing goes wrong
};
/// In the order of their ids. All are over at the end of the window.
std::vector<Fault> make_schedule(Random random, const ScheduleRules& rules);

/// Which faults of a schedule happen: "3,7:1500ms", where a time replaces the fault's duration; or "none".
struct Kept {
    std::size_t id = 0;
    Duration duration{0};  ///< 0: as it was
    bool operator==(const Kept&) const = default;
};
std::string to_text(std::span<const Kept> kept);
Result<std::vector<Kept>> parse_kept(std::string_view text);
std::vector<Fault> only(const std::vector<Fault>& schedule, std::span<const Kept> kept);

}  // namespace lbconverge::sim
