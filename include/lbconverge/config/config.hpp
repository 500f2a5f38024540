// The configuration of one node as a plain value: defaults filled in, names resolved, node overrides applied.
// Made by config::Document; read by the kinds' desire() and by lint. Owns no file and no TOML.
#pragma once

#include "lbconverge/config/listen_address.hpp"
#include "lbconverge/model/address.hpp"
#include "lbconverge/model/destination.hpp"
#include "lbconverge/model/enumerations.hpp"
#include "lbconverge/model/name.hpp"
#include "lbconverge/model/signing_key.hpp"
#include "lbconverge/model/source.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::config {

using lbconverge::to_text;

using std::chrono::milliseconds;

/// How a real server takes packets for a VIP.
enum class Accept : std::uint8_t { loopback, interface, redirect };
constexpr auto names_of(Accept) {
    return enum_names<Accept>(
        {{Accept::loopback, "loopback"}, {Accept::interface, "interface"}, {Accept::redirect, "redirect"}});
}
enum class ArpMethod : std::uint8_t { sysctl, filter, none };
constexpr auto names_of(ArpMethod) {
    return enum_names<ArpMethod>(
        {{ArpMethod::sysctl, "sysctl"}, {ArpMethod::filter, "filter"}, {ArpMethod::none, "none"}});
}
enum class Active : std::uint8_t { always, master };
constexpr auto names_of(Active) { return enum_names<Active>({{Active::always, "always"}, {Active::master, "master"}}); }
enum class OnDown : std::uint8_t { drain, remove };
constexpr auto names_of(OnDown) { return enum_names<OnDown>({{OnDown::drain, "drain"}, {OnDown::remove, "remove"}}); }
enum class OnExit : std::uint8_t { release_vips, keep };
constexpr auto names_of(OnExit) {
    return enum_names<OnExit>({{OnExit::release_vips, "release-vips"}, {OnExit::keep, "keep"}});
}
enum class Checksum : std::uint8_t { pseudo_header, message };
constexpr auto names_of(Checksum) {
    return enum_names<Checksum>({{Checksum::pseudo_header, "pseudo-header"}, {Checksum::message, "message"}});
}
enum class CheckType : std::uint8_t { none, tcp, http, https, udp, dns, exec, file };
constexpr auto names_of(CheckType) {
    return enum_names<CheckType>({{CheckType::none, "none"},
                                  {CheckType::tcp, "tcp"},
                                  {CheckType::http, "http"},
                                  {CheckType::https, "https"},
                                  {CheckType::udp, "udp"},
                                  {CheckType::dns, "dns"},
                                  {CheckType::exec, "exec"},
                                  {CheckType::file, "file"}});
}

/// One entry of [nodes].
struct Node {
    std::string name;
    std::optional<Role> role;  ///< its own, or that of the top level
    std::optional<IpAddress> address;
    std::optional<std::uint8_t> priority;
    bool owner = false;  ///< priority 255 in its entry: the VIP may be its own address (RFC 9568 §8.3.2)
    Source source;
};

struct Vip {
    IpAddress address;
    std::uint8_t prefix = 32;  ///< full length on a real server that shares its VIPs with directors
    std::string name;
    InterfaceName interface;  ///< of a director (or accept = "interface"); may be empty on a real server
    std::string vrrp;         ///< name of the instance; empty: always active
    ShortName label;
    std::optional<IpAddress> broadcast;
    std::optional<Scope> scope;  ///< default: host on lo, else global
    bool deprecated = true;      ///< IPv6: never chosen as a source address
    Accept accept = Accept::loopback;
    Source source;
};

struct Arp {
    std::uint32_t arp_ignore = 1;
    std::uint32_t arp_announce = 2;
    bool automatic = true;                  ///< interfaces = "auto"
    std::vector<InterfaceName> interfaces;  ///< else these ("all" and "default" are allowed)
    ArpMethod method = ArpMethod::sysctl;
    std::optional<IpAddress> source_address;
    Source source;  ///< of [arp]; unknown when the file has none
    Source ignore_source, announce_source, interfaces_source;
};

/// One "net.…" setting that applies to this node's role.
struct Sysctl {
    std::string path;   ///< below /proc/sys, with slashes: "net/ipv4/conf/eth0.100/rp_filter"
    std::string value;  ///< white space collapsed to single spaces
    Source source;
};

struct Route {
    IpAddress to;
    std::uint8_t prefix = 0;  ///< 0: the default route
    std::optional<IpAddress> via;
    InterfaceName interface;
    std::optional<IpAddress> source_address;
    std::uint32_t table = 254;  ///< RT_TABLE_MAIN
    std::string vrrp;
    Source source;
};

struct Check {
    CheckType type = CheckType::none;
    milliseconds interval{2000};
    milliseconds timeout{1000};
    std::uint32_t fall = 3;
    std::uint32_t rise = 2;
    std::uint16_t port = 0;  ///< 0: the real server's port
    std::string path = "/";
    std::string host;
    std::string expect;
    std::vector<std::uint16_t> status;  ///< http: the answers that are good; none: 200 to 399
    bool verify = false;                ///< https: the certificate must be good, and for `host`
    std::vector<std::string> command;
    std::string user;
    std::string via;  ///< "" or "vip"
    Source source;    ///< the first place, if the file has the same check several times

    bool operator==(const Check&) const = default;
};

/// mh-fallback and sh-fallback: IP_VS_SVC_F_SCHED1 (linux/ip_vs.h).
constexpr std::uint32_t fallback_flag = 0x8;
inline bool has_fallback_flag(const ShortName& scheduler) { return scheduler == "mh" || scheduler == "sh"; }

/// If more than half of a pool fails its checks at once, most likely the check is wrong, or what it depends on.
constexpr std::uint8_t default_keep = 50;

struct RealServer {
    IpAddress address;
    Forward forward = Forward::direct;
    std::uint16_t port = 0;
    std::uint32_t weight = 1;
    std::uint32_t upper_threshold = 0;
    std::uint32_t lower_threshold = 0;
    std::uint16_t tunnel_port = 0;
    std::uint8_t tunnel_flags = 0;  ///< IP_VS_TUNNEL_ENCAP_FLAG_* (linux/ip_vs.h): 1 checksum, 2 remote checksum
    TunnelType tunnel_type = TunnelType::ipip;
    std::int32_t check = -1;  ///< index into Config::checks; -1: the service's check
    Source source;
};

/// Packets that get the mark of a service.
struct Marked {
    Destination destination;
    Source source;
};

/// One virtual service. A [[service]] with several ports becomes several of these.
struct Service {
    std::string name;
    IpAddress vip;  ///< unless fwmark != 0; then only its family counts
    Protocol protocol = Protocol::tcp;
    std::uint16_t port = 0;
    std::uint32_t fwmark = 0;
    std::string vip_name;       ///< as written, when the file used the VIP's name
    std::vector<Marked> marks;  ///< with fwmark: the packets that we mark; none: another program marks them
    ShortName scheduler = "wlc";
    std::uint32_t scheduler_flags = 0;  ///< IP_VS_SVC_F_SCHED1..3 (linux/ip_vs.h): 0x8, 0x10, 0x20
    std::uint32_t persistence = 0;      ///< seconds; 0: off
    ShortName persistence_engine;
    std::uint8_t persistence_mask = 0;  ///< prefix length; 32 or 128 unless given
    bool one_packet = false;
    Forward forward = Forward::direct;
    OnDown on_down = OnDown::remove;
    std::uint8_t keep = default_keep;  ///< per cent of its servers that stay in the pool at least
    Active active = Active::always;    ///< role both: master
    std::vector<RealServer> real_servers;
    std::optional<RealServer> fallback;
    std::int32_t check = -1;       ///< index into Config::checks; -1: none
    std::uint32_t quorum = 1;      ///< servers that must be up, or the fallback takes over
    std::uint32_t hysteresis = 0;  ///< how many more must be up before the fallback ends
    milliseconds drain_timeout{60000};
    Source source;
};

/// VRRP preemption: yes, no, or yes after a delay.
struct Preempt {
    bool enabled = true;
    milliseconds delay{0};
};

struct Vrrp {
    std::string name;  ///< default: "vrrp-VRID"
    std::uint8_t vrid = 0;
    Family family = Family::ipv4;  ///< that of its source, its peers or its first VIP
    InterfaceName interface;
    std::uint8_t priority = 100;
    std::uint8_t version = 3;
    milliseconds advert_interval{1000};
    Preempt preempt;
    std::string auth_pass;  ///< secret: never printed
    std::string auth_pass_file;
    std::string auth_key_file;
    AuthMode auth_mode = AuthMode::enforce;
    std::uint8_t auth_active_key = 0;   ///< id of the key that signs; 0: the only one of the file
    std::vector<SigningKey> auth_keys;  ///< what is in the file, once it is read; secret: never printed
    Checksum checksum = Checksum::pseudo_header;
    std::optional<IpAddress> source_address;
    bool unicast = false;
    std::vector<IpAddress> peers;
    std::optional<std::uint8_t> min_ttl;
    std::vector<std::string> track;
    std::uint32_t garp_count = 5;
    milliseconds garp_repeat{5000};
    milliseconds garp_refresh{0};
    milliseconds start_delay{0};
    Source source;
};

struct SyncGroup {
    std::string name;
    std::vector<std::string> members;
    Source source;
};

enum class TrackType : std::uint8_t { process, command, interface, file, service };
constexpr auto names_of(TrackType) {
    return enum_names<TrackType>({{TrackType::process, "process"},
                                  {TrackType::command, "command"},
                                  {TrackType::interface, "interface"},
                                  {TrackType::file, "file"},
                                  {TrackType::service, "service"}});
}
struct Track {
    std::string name;
    TrackType type = TrackType::process;
    std::string target;  ///< process, interface, file or service
    std::vector<std::string> command;
    milliseconds interval{1000};
    milliseconds timeout{1000};
    std::uint32_t fall = 1;
    std::uint32_t rise = 1;
    std::int32_t weight = 0;  ///< 0: failure means fault
    std::string user;
    Source source;
};

struct Hook {
    std::vector<std::string> on;
    std::string vrrp;
    std::vector<std::string> command;
    std::string user;
    milliseconds timeout{30000};
    std::uint32_t retries = 0;
    milliseconds retry_delay{1000};
    std::map<std::string, std::string> environment;
    std::string environment_file;
    Source source;
};

/// A value of [ipvs.timeouts] in seconds.
struct Timeout {
    std::uint32_t seconds = 0;
    Source source;
};

struct IpvsSync {
    InterfaceName interface;
    std::uint8_t id = 0;
    std::optional<IpAddress> group;
    std::uint16_t port = 8848;
    std::uint8_t ttl = 1;
    std::string follow;
    Source source;
};

struct Ipvs {
    std::optional<Timeout> tcp, tcp_fin, udp;
    std::optional<IpvsSync> sync;
    std::uint8_t keep = default_keep;  ///< per cent: of the services that do not say it themselves
    bool exclusive = false;            ///< services that are not in the file are removed, not left alone
    std::uint32_t connections = 0;     ///< expected at the same time, for which doctor measures the table; 0: not said
};

struct Daemon {
    /// Where they are served; none: nowhere.
    std::optional<ListenAddress> metrics = ListenAddress{.address = {Family::ipv4, {127, 0, 0, 1}}, .port = 9469};
    bool metrics_servers = true;  ///< also a row for each real server
    bool repair = true;
    OnExit on_exit = OnExit::release_vips;
    std::uint32_t realtime_priority = 0;
    Source source;
};

struct Limits {
    std::optional<std::uint32_t> max_service_deletes;  ///< services
    std::optional<std::uint32_t> max_weight_loss;      ///< per cent of a service's total weight, 0 to 100
    Source max_service_deletes_source, max_weight_loss_source;
};

struct Config {
    std::vector<std::string> files;  ///< Source::file is an index into it; the caller that opened the files fills it in
    std::string node;                ///< "" for a file without [nodes] read without --node
    Role role = Role::director;
    Source role_source;
    InterfaceName interface;
    std::vector<Node> nodes;
    std::vector<Vip> vips;
    Arp arp;
    std::vector<Sysctl> sysctls;
    std::vector<Route> routes;
    std::vector<Service> services;
    std::vector<Check> checks;  ///< of services and real servers; kept apart because many share one
    std::vector<Vrrp> vrrp;
    std::vector<SyncGroup> sync_groups;
    std::vector<Track> tracks;
    std::vector<Hook> hooks;
    Ipvs ipvs;
    Daemon daemon;
    Limits limits;
};

/// The entry of [nodes] for this node, or nullptr.
const Node* self(const Config& config);
/// The first entry of this node as a real server that gets its packets through a tunnel (IPIP) with that outer family;
/// nullptr: there is none. In a file without [nodes] every real server counts as this node.
const RealServer* tunnelled_here(const Config& config, Family outer);
/// The local port to which this node redirects the packets of the service; nullopt: it redirects none. In a file
/// without [nodes] the first real server counts as this node.
std::optional<std::uint16_t> redirected_to(const Service& service, const Config& config);

}  // namespace lbconverge::config
