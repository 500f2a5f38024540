#include "links.hpp"

#include "lbconverge/node/node.hpp"

#include <linux/if_addr.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace lbconverge::daemon {

namespace {

using kinds::Address;

constexpr std::uint8_t made_of_link_address = 3;  // IFA_PROTO: linux/if_addr.h, IFAPROT_KERNEL_LL; since 5.18

/// RFC 4291, appendix A.
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

/// An address that belongs to the node lasts, has a net that it is in, and was there before others.
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

bool is_vip(const IpAddress& address, const config::Config& config) {
    return std::any_of(config.vips.begin(), config.vips.end(),
                       [&](const config::Vip& vip) { return vip.address == address; });
}

/// This node owns the VIP (RFC 9568 §1.7, priority 255), and this is the address that it owns: the file says so, or the
/// address has a net and was there before others. It sends from it, and keeps it when it is not master.
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

}  // namespace

node::Links links_of(const kinds::Observed& seen, const config::Config& config) {
    node::Links event;
    std::vector<std::vector<Candidate>> candidates;
    const auto& interfaces = seen.facts.interfaces;
    for (const Interface& each : interfaces) {
        event.links.push_back(
            {.name = each.name, .up = each.up && each.carrier, .addresses = {}, .link_address = each.link_address});
    }
    candidates.resize(interfaces.size());
    const auto& addresses = seen.get<Address>();
    for (std::uint32_t i = 0; i < addresses.size(); ++i) {
        const Address::Key& key = addresses.row(i).key;
        const Address::Facts& facts = addresses.note(i);
        const bool vip = is_vip(key.address, config);
        if (vip && !key.interface.is_loopback()) event.holding.push_back(key.address);
        // With our mark it is a VIP that has left the file.
        if ((vip && !is_owned(key, facts, config)) || facts.protocol == Address::protocol_tag) continue;
        if ((facts.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0) continue;
        for (std::size_t on = 0; on < interfaces.size(); ++on) {
            if (interfaces[on].name != key.interface) continue;
            candidates[on].push_back(candidate_of(key, addresses.row(i).value, facts, interfaces[on].address));
            if (is_formed(key, facts, event.links[on])) event.links[on].formed.push_back(key.address);
        }
    }
    for (std::size_t on = 0; on < candidates.size(); ++on) {
        std::stable_sort(candidates[on].begin(), candidates[on].end(),
                         [](const Candidate& a, const Candidate& b) { return a.doubts() < b.doubts(); });
        for (const Candidate& each : candidates[on]) event.links[on].addresses.push_back(each.address);
    }
    return event;
}

}  // namespace lbconverge::daemon
