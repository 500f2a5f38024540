#include "lbconverge/doctor/firewall.hpp"

#include <algorithm>

namespace lbconverge::doctor {

namespace {

/// The kernel refuses chains that jump in a circle, but evidence that a test makes can have them.
constexpr int deepest = 16;

bool covers(Layer layer, Family family) {
    return layer == Layer::inet || layer == (family == Family::ipv4 ? Layer::ipv4 : Layer::ipv6);
}

bool among(const std::vector<AddressAndPrefix>& nets, const IpAddress& address) {
    return std::any_of(nets.begin(), nets.end(),
                       [&](const AddressAndPrefix& net) { return address.in_same_net(net.address, net.prefix); });
}

enum class Applies : std::uint8_t { no, perhaps, yes };

Applies applies(const FilterRule& rule, const FilterPacket& packet) {
    const bool excluded = rule.not_new || (rule.protocol && *rule.protocol != packet.protocol) ||
                          (!rule.interface.empty() && rule.interface != packet.interface) ||
                          (!rule.destinations.empty() && !among(rule.destinations, packet.destination));
    const bool port_fits =
        rule.ports.empty() || std::any_of(rule.ports.begin(), rule.ports.end(), [&](const auto& each) {
            return each.first <= packet.port && packet.port <= each.second;
        });
    if (excluded || !port_fits) return Applies::no;
    return rule.understood && !rule.from_some ? Applies::yes : Applies::perhaps;
}

/// Follows a packet through chains. nullopt: the end of the chain was reached without a verdict.
class Walk {
public:
    Walk(const Firewall& firewall, const FilterPacket& packet) : firewall_(firewall), packet_(packet) {}

    Judgement base(const FilterChain& chain) {
        if (const auto said = through(chain, 0)) return *said;
        if (chain.policy == Verdict::drop) {
            return {Fate::dropped, "policy of " + chain.table + " " + chain.name, {}};
        }
        return {};
    }

private:
    std::optional<Judgement> through(const FilterChain& chain, int depth) {
        if (depth > deepest) return Judgement{Fate::unknown, {}, {}};
        for (const FilterRule& rule : chain.rules) {
            const Applies here = applies(rule, packet_);
            // A rule that perhaps drops is left out: a packet that it does not drop gets to the next rules anyway.
            if (here == Applies::no || rule.verdict == Verdict::next) continue;
            if (here == Applies::perhaps && rule.verdict == Verdict::drop) continue;
            if (here == Applies::perhaps || rule.verdict == Verdict::unknown) return Judgement{Fate::unknown, {}, {}};
            if (rule.verdict == Verdict::accept) return Judgement{};
            if (rule.verdict == Verdict::drop) return Judgement{Fate::dropped, rule.place, {}};
            if (rule.verdict == Verdict::back) return std::nullopt;
            const FilterChain* target = find(chain, rule.target);
            if (target == nullptr) return Judgement{Fate::unknown, {}, {}};
            if (auto said = through(*target, depth + 1)) return said;
            if (rule.verdict == Verdict::go_to) return std::nullopt;
        }
        return std::nullopt;
    }

    const FilterChain* find(const FilterChain& from, const std::string& name) const {
        const auto at = std::find_if(firewall_.chains.begin(), firewall_.chains.end(), [&](const FilterChain& each) {
            return each.layer == from.layer && each.table == from.table && each.name == name;
        });
        return at == firewall_.chains.end() ? nullptr : &*at;
    }

    const Firewall& firewall_;
    const FilterPacket& packet_;
};

}  // namespace

Judgement judge(const Firewall& firewall, const FilterPacket& packet) {
    Walk walk(firewall, packet);
    Judgement all{firewall.known ? Fate::passes : Fate::unknown, {}, {}};
    for (const FilterChain& chain : firewall.chains) {
        const bool on_the_way = chain.hook == FilterHook::prerouting || chain.hook == FilterHook::input;
        if (!on_the_way || !covers(chain.layer, packet.destination.family)) continue;
        Judgement here = walk.base(chain);
        if (here.fate == Fate::dropped) {  // the other chains do not matter: each of them must let the packet pass
            here.insert = chain.insert;
            return here;
        }
        if (here.fate == Fate::unknown) all = here;
    }
    return all;
}

bool arp_is_filtered(const Firewall& firewall, const IpAddress& address) {
    return std::any_of(firewall.chains.begin(), firewall.chains.end(), [&](const FilterChain& chain) {
        if (chain.layer != Layer::arp || chain.hook != FilterHook::input) return false;
        return std::any_of(chain.rules.begin(), chain.rules.end(), [&](const FilterRule& rule) {
            return rule.verdict == Verdict::drop && among(rule.destinations, address);
        });
    });
}

}  // namespace lbconverge::doctor
