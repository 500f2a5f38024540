// A packet filter as far as doctor understands it: nftables and iptables as one list of chains, and the fate of a
// packet in it. Pure. If a part is not understood, the answer is "unknown" and not a guess.
#pragma once

#include "lbconverge/model/address.hpp"
#include "lbconverge/model/name.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lbconverge::doctor {

enum class Layer : std::uint8_t { ipv4, ipv6, inet, arp, other };
enum class FilterHook : std::uint8_t { none, prerouting, input, other };
enum class Verdict : std::uint8_t { next, accept, drop, jump, go_to, back, unknown };

struct FilterRule {
    bool understood = true;  ///< false: it has conditions besides these
    bool not_new = false;    ///< only for packets of connections that are known already
    std::optional<std::uint8_t> protocol;
    std::vector<std::pair<std::uint16_t, std::uint16_t>> ports;  ///< of the destination, from and to; none: any
    bool from_some = false;                                      ///< only from some sources, which are not known here
    std::vector<AddressAndPrefix> destinations;                  ///< none: any
    InterfaceName interface;                                     ///< where the packet came in; empty: any
    Verdict verdict = Verdict::next;
    std::string target;                 ///< of jump and go_to
    std::optional<std::uint32_t> mark;  ///< it sets the packet's mark to this
    bool sets_unknown_mark = false;
    std::string place;  ///< "ip filter INPUT rule 3"
};

struct FilterChain {
    Layer layer = Layer::other;
    std::string table, name;
    FilterHook hook = FilterHook::none;
    std::string insert;  ///< the command that puts a rule in front: "nft insert rule ip filter input"
    Verdict policy = Verdict::accept;
    std::vector<FilterRule> rules;
};

struct Firewall {
    bool known = false;        ///< everything that filters IPv4 and IPv6 could be read
    bool arp_unknown = false;  ///< there is an arptables, which cannot be read
    std::vector<FilterChain> chains;
};

/// A new packet that comes in.
struct FilterPacket {
    std::uint8_t protocol = 6;
    IpAddress destination;
    std::uint16_t port = 0;
    InterfaceName interface;
};

enum class Fate : std::uint8_t { passes, dropped, unknown };
struct Judgement {
    Fate fate = Fate::passes;
    std::string place;   ///< of the rule or chain that drops it
    std::string insert;  ///< FilterChain::insert of the chain where a packet enters on its way there
};
/// The fate of a packet on its way to this host itself.
Judgement judge(const Firewall& firewall, const FilterPacket& packet);

/// ARP requests for this address are dropped.
bool arp_is_filtered(const Firewall& firewall, const IpAddress& address);

/// Adds a table of iptables: what the socket options IPT_SO_GET_INFO (struct ipt_getinfo) and IPT_SO_GET_ENTRIES (the
/// entries behind struct ipt_get_entries, aligned for them) say of it.
void parse_iptables(std::span<const std::byte> info, std::span<const std::byte> entries, Firewall& firewall);

/// Adds what `nft -j list ruleset` prints. False: it is not that.
bool parse_nftables(std::string_view json, Firewall& firewall);

}  // namespace lbconverge::doctor
