// What a node is told and what it asks for: events, effects, and the lanes of kernel work. Plain values, apart from the
// node itself (node.hpp), which brings the machine, the board and all kinds along.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/health/messages.hpp"
#include "lbconverge/kinds/health.hpp"
#include "lbconverge/model/enum_names.hpp"
#include "lbconverge/model/instant.hpp"
#include "lbconverge/model/level.hpp"
#include "lbconverge/node/tracks.hpp"
#include "lbconverge/plan/announcement.hpp"
#include "lbconverge/wire/announcement.hpp"
#include "lbconverge/wire/vrrp.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lbconverge::node {

using lbconverge::to_text;

using ConfigPtr = std::shared_ptr<const config::Config>;

/// Kernel work goes on in two lanes at once, so that a VIP never waits for a large table: `network` (addresses and
/// settings) and `tables` (IPVS). A node of role both has only `network`, which does everything: there the order of the
/// steps keeps packets from looping between two nodes.
enum class Lane : std::uint8_t { network, tables };
constexpr auto names_of(Lane) { return enum_names<Lane>({{Lane::network, "network"}, {Lane::tables, "tables"}}); }
constexpr std::size_t lane_count = 2;

/// A VRRP message with what its IP header says.
struct Packet {
    InterfaceName interface;
    IpAddress source;
    IpAddress destination;
    std::uint8_t ttl = wire::vrrp_ttl;
    std::vector<std::byte> message;
};

/// What is true of an interface now.
struct InterfaceState {
    InterfaceName name;
    bool up = false;                   ///< and with a carrier
    std::vector<IpAddress> addresses;  ///< without the VIPs; the node's own addresses most likely come first
    /// The link-local ones among them that the kernel formed: no other node has them, unlike one that a person chose.
    std::vector<IpAddress> formed{};
    wire::LinkAddress link_address{};  ///< MAC; zero where there is none
    bool operator==(const InterfaceState&) const = default;
};

// ---- events --------------------------------------------------------------------------------------------------------

/// Time has passed, and everything that has arrived until now has been handed over: only a Tick fires the timers of the
/// election, since the packet that a timer waits for may lie in a queue behind another one.
struct Tick {};
struct Arrived {
    Packet packet;
};
/// All interfaces, whenever anything about one has changed. `holding`: VIPs that are on an answering interface now.
struct Links {
    std::vector<InterfaceState> links;
    std::vector<IpAddress> holding;
};
/// The kernel did not send an advertisement of the instance at this place.
struct Unsent {
    InterfaceName interface;
    Family family = Family::ipv4;
    std::uint8_t vrid = 0;
    std::string why;
};
/// Nothing can be sent or heard at this place. Each attempt to repair that ends with this event: `why` is empty when it
/// has succeeded.
struct NoSocket {
    InterfaceName interface;
    Family family = Family::ipv4;
    std::string why;
};
/// Another failure of the code around the node. The same one may come again and again.
struct Trouble {
    std::string what;
};
/// Addresses or routes have changed: the network lane should look.
struct Disturbed {};
/// A row, as "address 192.0.2.20/32 eth0", and what is wrong with it.
struct BadRow {
    std::string row;
    std::string why;
    bool operator==(const BadRow&) const = default;
};
/// A VIP that clients do not get here, and why.
struct DarkVip {
    IpAddress address;
    std::string why;
    bool operator==(const DarkVip&) const = default;
};
/// A lane has finished what Converge asked for.
struct Converged {
    Lane lane = Lane::network;
    std::size_t done = 0;                ///< changes made
    std::vector<std::string> repaired;   ///< rows that were put back because another program had changed them
    std::vector<std::string> cleared{};  ///< rows that were removed because another program had made them
    std::string error;                   ///< why the work failed; empty: all that could be done is done
    std::string obstacle;                ///< why not everything could be done; empty: all is as desired
    bool overtaken = false;              ///< it stopped because the node had overtaken it
    std::size_t held = 0, foreign = 0, deferred = 0, blocked = 0;
    std::vector<health::Found> found{};  ///< of the servers that Converge::health knew nothing of
    std::vector<BadRow> refused{};       ///< what the kernel refused when it was asked
    std::vector<DarkVip> unbound{};      ///< wanted on an interface, and not there
    std::vector<DarkVip> unserved{};     ///< VIPs for which no service could be loaded with a server
};
/// A run of the network lane that is still at work has bound these VIPs. It announces nothing itself.
struct VipsBound {
    std::vector<plan::Announcement> vips;
};
/// Of Effects::announce, the devices did not take so many frames; or the kernel refused others, and why.
struct Untaken {
    std::vector<plan::Announcement> rest;
    std::string why;
};
/// A one-shot apply asks for convergence now.
struct Asked {};
/// A new configuration, already checked.
struct Reload {
    ConfigPtr config;
};
/// SIGTERM. SIGUSR2 sets `keep`: leave everything as it is and advertise nothing, because a restart follows.
struct Stop {
    bool keep = false;
};
/// A new reading of a track. For tracks of interfaces, Links has it.
struct Tracked {
    std::string track;
    TrackReading reading;
};
/// A run of a hook is over, and its process is gone.
struct HookEnded {
    std::uint64_t id = 0;  ///< of RunHook
    bool good = false;
    std::string said;  ///< "exit status 1: connection refused"
    Duration took{0};
};
/// Answers to health checks.
struct Probed {
    std::vector<health::ProbeAnswer> answers;
};
/// What the last daemon knew about servers. It comes before all other events.
struct Remembered {
    kinds::Health health;
};
/// The operator takes a server out of use, or (`undo`) gives it back.
struct DrainAsked {
    kinds::Drained what;
    bool undo = false;
};
using Event = std::variant<Tick, Arrived, Links, Disturbed, Converged, Asked, Reload, Stop, Tracked, HookEnded, Probed,
                           Remembered, DrainAsked, Unsent, NoSocket, Trouble, VipsBound, Untaken>;

// ---- effects -------------------------------------------------------------------------------------------------------

/// Bring the lane to the state that this configuration and this election want.
struct Converge {
    Lane lane = Lane::network;
    kinds::Part part = kinds::Part::all;
    ConfigPtr config;
    Election election;
    bool urgent = false;  ///< a VIP waits for it, so the first plan may use what was seen last
    std::shared_ptr<const kinds::Health> health{};
    std::vector<BadRow> avoid{};  ///< rows that are not to be made or changed now
};
/// Run this program; HookEnded comes in any case.
struct RunHook {
    std::uint64_t id = 0;
    std::vector<std::string> command;
    std::string user;
    std::map<std::string, std::string> environment;
    std::string environment_file;
    Duration timeout{0};
};
using lbconverge::Level;
struct Say {
    Level level = Level::info;
    std::string text;
};
/// What one turn asks for. Packets are sent first and wait for nothing.
struct Effects {
    std::vector<Packet> send;
    /// Lanes whose election has changed while they were at work. They must do nothing more. Converged comes as always,
    /// without an error.
    std::vector<Lane> overtaken;
    std::vector<Converge> converge;
    /// Gratuitous ARP and neighbour advertisements to send at once, after the packets, since later they may not be true
    /// any more: one frame of each, in this order, before the second of any. What a device does not take comes back as
    /// Untaken.
    std::vector<plan::Announcement> announce;
    std::vector<RunHook> run_hooks;
    std::vector<std::uint64_t> end_hooks;  ///< runs that a newer state has overtaken
    std::vector<Say> say;
    std::vector<health::ProbeRequest> probe;
    /// Health to be saved for the next daemon, and for commands that run without one. It replaces an older one that is
    /// not saved yet.
    std::shared_ptr<const kinds::Health> remember;
    bool exit = false;  ///< everything that had to be done before the end is done
};

}  // namespace lbconverge::node
