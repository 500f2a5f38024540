#include "links.hpp"

#include "lbconverge/config/interfaces.hpp"
#include "lbconverge/node/node.hpp"

#include <linux/if_addr.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

namespace lbconverge::daemon {

namespace {

using kinds::Address;

constexpr std::uint8_t made_of_link_address = 3;  // IFA_PROTO: linux/if_addr.h, IFAPROT_KERNEL_LL; since 5.18

/// The address that is formed from a MAC address (RFC 4291, appendix A).
IpAddress link_local_of(const wire::LinkAddress& mac) {
    return {Family::ipv6,
            {0xfe, 0x80, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(mac[0] ^ 2U), mac[1], mac[2], 0xff, 0xfe, mac[3],
             mac[4], mac[5]}};
}

bool is_formed(const Address::Key& key, const Address::Facts& facts, const node::InterfaceState& on) {
    if (key.address.family != Family::ipv6 || !key.address.is_link_local()) return false;
    return facts.protocol == made_of_link_address || (facts.flags & IFA_F_STABLE_PRIVACY) != 0 ||
           key.address == link_local_of(on.link_address);
}

/// An address of an interface, with what makes it doubtful that it is the node's own: it is temporary or deprecated,
/// its prefix covers no other address, it is not the interface's first address, or an older one is there.
struct Candidate {
    IpAddress address;
    bool passing = false, alone = false, not_first = false, later = false;

    [[nodiscard]] auto doubts() const { return std::tuple(passing, alone, not_first, later); }
};

Candidate candidate_of(const Address::Key& key, const Address::Value& value, const Address::Facts& facts,
                       const std::optional<IpAddress>& first) {
    const bool ipv6 = key.address.family == Family::ipv6;
    return {.address = key.address,
            .passing = ipv6 && (value.deprecated || (facts.flags & IFA_F_TEMPORARY) != 0),
            .alone = key.prefix == key.address.bits(),
            .not_first = first != key.address,
            .later = facts.later};
}

/// The interfaces that concern the node, with their positions in Links.
class Places {
public:
    Places(const HostFacts& facts, const config::Config& config, const config::Config* next) {
        const Named now(config);
        const std::optional<Named> later = next != nullptr ? std::optional<Named>(*next) : std::nullopt;
        for (const Interface& each : facts.interfaces) {
            if (!now.has(each.name) && !(later && later->has(each.name))) continue;
            if (places_.try_emplace(each.name, interfaces_.size()).second) interfaces_.push_back(&each);
        }
    }
    [[nodiscard]] const std::vector<const Interface*>& interfaces() const { return interfaces_; }
    [[nodiscard]] std::optional<std::size_t> of(const InterfaceName& name) const {
        const auto at = places_.find(name);
        return at == places_.end() ? std::nullopt : std::optional(at->second);
    }

private:
    struct Named {
        explicit Named(const config::Config& config)
            : names(config::named_interfaces(config)), all(kinds::concerns_all_interfaces(config)) {}
        [[nodiscard]] bool has(const InterfaceName& name) const {
            return all || std::binary_search(names.begin(), names.end(), name);
        }
        std::vector<InterfaceName> names;
        bool all;
    };

    std::map<InterfaceName, std::size_t> places_;
    std::vector<const Interface*> interfaces_;
};

/// Whether the VIP is an address of the node itself, which owns it (RFC 9568 §1.7, priority 255): the file says so, or
/// the address is the first one of its subnet. The node sends from this address, and keeps it when it is not master.
bool is_owned(const Address::Key& key, const Address::Facts& facts, const config::Config& config) {
    const auto owns = [&](const config::Vip& vip) {
        return vip.address == key.address &&
               std::any_of(config.vrrp.begin(), config.vrrp.end(), [&](const config::Vrrp& each) {
                   return each.name == vip.vrrp && each.priority == node::owner_priority;
               });
    };
    if (!std::any_of(config.vips.begin(), config.vips.end(), owns)) return false;
    const bool named = std::any_of(config.nodes.begin(), config.nodes.end(), [&](const config::Node& each) {
        return each.name == config.node && each.address == key.address;
    });
    return named || (key.prefix != key.address.bits() && !Address::is_secondary(key, facts) && !facts.beside);
}

std::vector<IpAddress> vips_of(const config::Config& config) {
    std::vector<IpAddress> vips;
    for (const config::Vip& each : config.vips) vips.push_back(each.address);
    std::sort(vips.begin(), vips.end());
    return vips;
}

/// Whether the node can send from this address. With our mark it is a VIP that has left the file. Other addresses can
/// be used once duplicate address detection has not found them on another host (IPv6).
bool is_usable(const Address::Facts& facts) {
    return facts.protocol != Address::protocol_tag && (facts.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0;
}

}  // namespace

node::Links links_of(const kinds::Observed& seen, const config::Config& config, const config::Config* next) {
    node::Links event;
    const Places places(seen.facts, config, next);
    for (const Interface* each : places.interfaces()) {
        event.links.push_back(
            {.name = each->name, .up = each->up && each->carrier, .addresses = {}, .link_address = each->link_address});
    }
    std::vector<std::vector<Candidate>> candidates(event.links.size());
    const std::vector<IpAddress> vips = vips_of(config);
    const auto& addresses = seen.get<Address>();
    for (std::uint32_t i = 0; i < addresses.size(); ++i) {
        const Address::Key& key = addresses.row(i).key;
        const Address::Facts& facts = addresses.note(i);
        const bool vip = std::binary_search(vips.begin(), vips.end(), key.address);
        if (vip && !key.interface.is_loopback()) event.holding.push_back(key.address);
        const auto on = places.of(key.interface);
        if ((vip && !is_owned(key, facts, config)) || !on || !is_usable(facts)) continue;
        const auto& first = places.interfaces()[*on]->address;
        candidates[*on].push_back(candidate_of(key, addresses.row(i).value, facts, first));
        if (is_formed(key, facts, event.links[*on])) event.links[*on].formed.push_back(key.address);
    }
    for (std::size_t on = 0; on < candidates.size(); ++on) {
        std::stable_sort(candidates[on].begin(), candidates[on].end(),
                         [](const Candidate& a, const Candidate& b) { return a.doubts() < b.doubts(); });
        for (const Candidate& each : candidates[on]) event.links[on].addresses.push_back(each.address);
    }
    return event;
}

}  // namespace lbconverge::daemon
