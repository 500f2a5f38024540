// What a node's keepalived.conf says, in neutral terms: as written, with the defaults of keepalived filled in where it
// has been interpreted. Private to import.
#pragma once

#include "lbconverge/model/address.hpp"
#include "lbconverge/model/enumerations.hpp"
#include "tree.hpp"

#include <map>

namespace lbconverge::importer {

/// Times are microseconds: keepalived's finest unit.
using Micros = std::int64_t;
constexpr Micros second = 1'000'000;

/// A command and who runs it.
struct Script {
    std::vector<std::string> command;  ///< program and arguments; with a shell where keepalived uses one
    std::string user;                  ///< empty: keepalived's own choice
};

struct VipLine {
    Place place;
    IpAddress address;
    std::uint8_t prefix = 0;
    bool prefix_given = false;
    std::string interface;
    std::string label;
    std::optional<IpAddress> broadcast;
    std::string scope;
    bool used_as_source = false;  ///< IPv6: not deprecated
    Comments comments;
};

struct RouteLine {
    Place place;
    std::string to;
    std::string via;
    std::string interface;
    std::string source;
    std::string table;
    Comments comments;
};

/// What an instance tracks: a name of a script, process or file, or an interface.
enum class TrackKind : std::uint8_t { script, process, file, interface };

struct TrackUse {
    Place place;
    TrackKind what = TrackKind::script;
    std::string name;
    std::optional<std::int32_t> weight;
};

/// vrrp_script, vrrp_track_process or track_file.
struct TrackEntry {
    Place place;
    TrackKind what = TrackKind::script;
    std::string name;
    Script script;
    std::string target;  ///< process or file
    Micros interval = second;
    Micros timeout = 0;
    Micros delay = 0;
    std::uint32_t rise = 1;
    std::uint32_t fall = 1;
    std::int32_t weight = 0;
    bool reverse = false;
    Comments comments;
};

/// A notify script.
struct HookEntry {
    Place place;
    std::vector<std::string> on;  ///< our states; empty: notify, which hears of all of them
    Script script;
};

enum class AuthType : std::uint8_t { none, password, ipsec };

struct InstanceBlock {
    Place place;
    std::string name;
    bool master = false;
    std::string interface;
    std::uint32_t vrid = 0;
    std::optional<std::uint32_t> own_priority;
    std::uint32_t priority = 100;  ///< its own, or what keepalived takes instead
    Place priority_place;
    std::optional<Micros> interval;
    Place interval_place;
    std::uint32_t version = 0;  ///< 0: that of global_defs
    AuthType authentication = AuthType::none;
    std::string password;
    Place password_place;
    std::optional<bool> strict;  ///< else as in global_defs
    bool nopreempt = false;
    Place nopreempt_place;
    Micros preempt_delay = 0;
    Place preempt_delay_place;
    std::optional<Family> family;  ///< that of its first address
    std::optional<IpAddress> source;
    std::vector<IpAddress> peers;
    Place peers_place;
    std::uint32_t min_ttl = 0;
    std::optional<Micros> garp_delay, garp_refresh;
    std::optional<std::uint32_t> garp_repeat;
    bool promote_secondaries = false;
    std::vector<VipLine> addresses;
    std::vector<RouteLine> routes;
    std::vector<TrackUse> tracks;
    std::vector<HookEntry> hooks;
    Comments comments;
};

struct GroupBlock {
    Place place;
    std::string name;
    std::vector<std::string> members;
    std::vector<TrackUse> tracks;
    std::vector<HookEntry> hooks;
    bool weighted = false;  ///< sync_group_tracking_weight
    Comments comments;
};

enum class CheckerKind : std::uint8_t { tcp, http, https, smtp, dns, misc, udp, ping };

/// What a checker, its real server and its service may each say; the innermost counts.
struct CheckTimes {
    std::optional<Micros> loop, timeout;
    std::optional<std::uint32_t> retry;
};

struct CheckerBlock {
    Place place;
    CheckerKind kind = CheckerKind::tcp;
    CheckTimes times;
    std::uint32_t port = 0;
    std::string path;
    std::string host;
    std::string expect;
    std::vector<std::uint32_t> status;
    bool status_given = false;
    bool has_url = false;
    Script script;
    Micros script_timeout = 0;
    bool dynamic = false;
};

/// How packets reach a real server.
struct Forwarding {
    Forward method = Forward::masquerade;
    std::string tunnel_type;
    std::uint32_t tunnel_port = 0;
    std::string tunnel_checksum;
};

struct ServerBlock {
    Place place;
    IpAddress address;
    std::uint32_t port = 0;
    std::optional<std::uint32_t> own_weight;
    std::uint32_t weight = 1;  ///< its own, or that of its service
    std::optional<Forwarding> forwarding;
    std::uint32_t upper = 0, lower = 0;
    std::optional<bool> inhibit;
    std::string host;
    CheckTimes times;
    std::vector<CheckerBlock> checkers;
    Comments comments;
};

/// An address or a mark for which a virtual_server works.
struct ServiceTarget {
    std::optional<IpAddress> first;
    std::uint32_t count = 1;  ///< that many addresses, the first one included
    std::uint32_t port = 0;
    std::uint32_t fwmark = 0;
    std::optional<Family> family;
    Place place;
};

struct ServiceBlock {
    Place place;
    std::vector<ServiceTarget> targets;  ///< one, or those of its group
    std::string group;
    std::string protocol;
    std::string scheduler;
    std::vector<std::string> flags;
    std::optional<Forwarding> forwarding;
    std::optional<std::uint32_t> persistence;
    std::string persistence_mask;
    std::string persistence_engine;
    bool one_packet = false;
    std::uint32_t quorum = 1, hysteresis = 0;
    Place quorum_place;
    bool inhibit = false;
    std::uint32_t usual_weight = 1;  ///< of servers that say none
    std::string host;
    std::optional<Family> family;
    CheckTimes times;
    std::vector<ServerBlock> servers;
    std::optional<ServerBlock> sorry;
    Comments comments;
};

struct SyncDaemonEntry {
    Place place;
    std::string interface;
    std::string follow;
    std::string id, group, port, ttl;
};

/// One node.
struct NodeModel {
    std::string name;
    std::uint32_t file = 0;
    bool of_keepalived = true;  ///< else remarks about what keepalived does are none
    std::string router_id;
    std::uint32_t version = 2;
    bool strict = false;
    std::string script_user;
    bool script_user_said = false;
    std::string default_interface;
    std::optional<Micros> garp_delay, garp_refresh;
    std::optional<std::uint32_t> garp_repeat;
    Micros startup_delay = 0;
    std::uint32_t realtime_priority = 0;
    std::optional<SyncDaemonEntry> sync;
    std::map<std::string, std::uint32_t> timeouts;  ///< by our keys
    std::vector<RouteLine> routes;
    std::vector<TrackEntry> tracks;
    std::vector<InstanceBlock> instances;
    std::vector<GroupBlock> groups;
    std::map<std::string, std::vector<ServiceTarget>> target_groups;
    std::vector<ServiceBlock> services;
    std::vector<std::string> header;  ///< comments at the beginning of the file

    /// Nothing of the file has a place in ours.
    [[nodiscard]] bool empty() const {
        return instances.empty() && services.empty() && groups.empty() && routes.empty() && tracks.empty() &&
               timeouts.empty() && !sync;
    }
};

/// Reads what the statements of one node say.
NodeModel model_of(const std::vector<Statement>& statements, std::string name, Remarks& remarks);

}  // namespace lbconverge::importer
