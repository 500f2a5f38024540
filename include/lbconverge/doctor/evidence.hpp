// The evidence of doctor: the state of one host as a plain value. src/survey gathers it, or a test makes it. It owns no
// file and no socket.
#pragma once

#include "lbconverge/doctor/firewall.hpp"
#include "lbconverge/kinds/all.hpp"
#include "lbconverge/wire/announcement.hpp"
#include "lbconverge/wire/vrrp.hpp"

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace lbconverge::doctor {

/// A unicast or local route of the tables main and local.
struct RouteEntry {
    IpAddress net;  ///< unspecified with prefix 0: the default route
    std::uint8_t prefix = 0;
    std::optional<IpAddress> via;
    InterfaceName interface;
    bool local = false;  ///< RTN_LOCAL: packets to it are for this host
};

/// A device of ipip, IPv4 in IPv4 (ARPHRD_TUNNEL).
struct TunnelDevice {
    InterfaceName interface;
    bool up = false;
};

/// A socket that takes connections or datagrams.
struct Listener {
    Protocol protocol = Protocol::tcp;
    IpAddress address;  ///< unspecified: all; of IPv6, IPv4 as well
    std::uint16_t port = 0;
};

/// A file that configures networks, settings or keepalived, as it lies on the disk.
struct TextFile {
    std::string path;
    std::vector<std::string> lines;
};

/// A host that answered when a link was asked for an address (ARP, neighbour discovery).
struct ReceivedReply {
    IpAddress address;
    InterfaceName interface;
    wire::LinkAddress link{};
};

/// A VRRP advertisement that arrived, taken before any packet filter.
struct ReceivedAdvert {
    InterfaceName interface;
    IpAddress source;
    wire::Advertisement advertisement;
};

/// The modules that this kernel has, built in or loadable.
struct Modules {
    bool known = false;           ///< the lists could be read
    std::set<std::string> names;  ///< with underscores: "ip_vs_wlc"
};

struct Evidence {
    std::shared_ptr<const kinds::Observed> kernel;  ///< never null; settings below net/ipv4 and net/ipv6 among it
    std::optional<config::Config> config;           ///< nullopt: an LVS that was set up by hand
    Election election;                              ///< what the daemon has decided, or --as
    std::string lbconverge = "lbconverge";          ///< the program with the options that name the configuration
    std::string apply_options;                      ///< of apply in a cure: " --as master", or nothing

    std::vector<RouteEntry> routes;
    std::vector<TunnelDevice> tunnels;
    std::vector<Listener> listeners;
    Firewall firewall;
    Modules modules;
    std::optional<std::uint32_t> connection_bits;  ///< parameter conn_tab_bits of ip_vs; nullopt: it is not loaded
    std::vector<TextFile> files;
    std::set<std::string> managers;  ///< running managers of networks: "systemd-networkd", "NetworkManager"

    bool asked = false;                  ///< --arp: `replies` has all that came
    std::vector<ReceivedReply> replies;  ///< for the VIPs and the addresses of [nodes]
    bool listened = false;               ///< --vrrp: `heard` has all that was sent
    std::vector<ReceivedAdvert> heard;
};

/// The sockets of /proc/net/tcp, tcp6, udp or udp6 that listen. Lines that make no sense are left out.
std::vector<Listener> parse_sockets(std::string_view text, Family family, Protocol protocol);

/// A message of rtnetlink about a unicast or local route of the tables main and local; nullopt: about something else.
std::optional<RouteEntry> parse_route(std::span<const std::byte> message, const HostFacts& facts);
/// A message of rtnetlink about a device of ipip; nullopt: about something else.
std::optional<TunnelDevice> parse_ipip_device(std::span<const std::byte> message);

/// The addresses for which --arp has to ask, each on this interface.
struct Question {
    IpAddress address;
    InterfaceName interface;
};
std::vector<Question> questions(const Evidence& evidence);

}  // namespace lbconverge::doctor
