#include "lbconverge/kinds/arp_filter.hpp"

#include "instantiate.hpp"
#include "lbconverge/kinds/all.hpp"
#include "lbconverge/wire/nft.hpp"

#include <algorithm>

namespace lbconverge::kinds {

namespace {

/// Brings the table about, however much of it is there: adding what exists changes nothing, and each chain is flushed
/// before it gets its rule. All of it, and the element behind it, is one transaction.
constexpr std::string_view frame = R"(add table arp lbconverge
add set arp lbconverge vips { type ipv4_addr; }
add map arp lbconverge sources { type ipv4_addr : ipv4_addr; }
add chain arp lbconverge in { type filter hook input priority 0; policy accept; }
add chain arp lbconverge out { type filter hook output priority 0; policy accept; }
flush chain arp lbconverge in
flush chain arp lbconverge out
add rule arp lbconverge in arp daddr ip @vips drop comment "lbconverge"
add rule arp lbconverge out arp saddr ip set arp saddr ip map @sources comment "lbconverge"
)";

std::string element(std::string_view verb, std::string_view set, const std::string& words) {
    return std::string(verb).append(" element arp lbconverge ").append(set).append(" { ").append(words) + " }\n";
}

bool is_vip(const IpAddress& address, const config::Config& config) {
    return std::ranges::any_of(config.vips, [&](const config::Vip& vip) { return vip.address == address; });
}

/// What the file says; else the node's own address; else the first one of the VIP's interface.
std::optional<IpAddress> source_for(const config::Vip& vip, const Inputs& inputs) {
    if (inputs.config.arp.source_address) return inputs.config.arp.source_address;
    const config::Node* own = config::self(inputs.config);
    if (own != nullptr && own->address && own->address->family == Family::ipv4) return own->address;
    const Interface* interface = inputs.facts.interface(vip.interface);
    if (interface == nullptr || !interface->address || is_vip(*interface->address, inputs.config)) return std::nullopt;
    return interface->address;
}

}  // namespace

std::string ArpFilter::id(const Key& key) { return to_text(key.vip); }

std::optional<ArpFilter::Key> ArpFilter::parse_id(std::string_view id) {
    const auto vip = IpAddress::parse(id);
    return vip ? std::optional(Key{*vip}) : std::nullopt;
}

void ArpFilter::desire(const Inputs& inputs, Wanted<ArpFilter>& wanted) {
    const config::Config& config = inputs.config;
    if (config.role != Role::real_server || config.arp.method != config::ArpMethod::filter) return;
    for (const config::Vip& vip : config.vips) {
        if (vip.address.family != Family::ipv4 || vip.accept == config::Accept::redirect) continue;
        if (const auto source = source_for(vip, inputs)) {
            wanted.rows.add({vip.address}, {source}, {config.arp.source, Cause::config});
        } else {
            wanted.held.push_back({{vip.address}, "no address known to say instead of it: [arp] source"});
        }
    }
}

void ArpFilter::ask(const Reading& reading, Observed&, wire::Requests& requests) {
    if (reads<ArpFilter>(reading)) requests.text(wire::Transport::nft, "list table arp lbconverge", 0);
}

void ArpFilter::decode(const wire::Reply& reply, const Reading&, Observed& observed) {
    if (reply.transport != wire::Transport::nft) return;
    auto table = wire::parse_nft_table(reply.text());
    if (!table || table->family != "arp") return;
    const bool enforced = table->intact("in", "input") && table->intact("out", "output");
    Seen<ArpFilter>& seen = observed.get<ArpFilter>();
    for (const auto& words : table->sets["vips"]) {
        const auto vip = words.size() == 1 ? IpAddress::parse(words[0]) : std::nullopt;
        if (vip) seen.put({*vip}, {std::nullopt, enforced});
    }
    for (const auto& words : table->sets["sources"]) {
        const auto vip = words.size() == 2 ? IpAddress::parse(words[0]) : std::nullopt;
        if (!vip) continue;
        const bool dropped = seen.find({*vip}) != Seen<ArpFilter>::npos;
        seen.put({*vip}, {IpAddress::parse(words[1]), enforced && dropped});
    }
}

Owner ArpFilter::owner(const Key&, const Facts&, const Desired&, const Ledger&) {
    return Owner::ours;  // the table is
}

Phase ArpFilter::phase(const Change<ArpFilter>& change, const Inputs&) {
    return change.action() == Action::remove ? Phase::relax : Phase::tighten;
}

void ArpFilter::encode(const Change<ArpFilter>& change, const HostFacts&, std::uint32_t tag, wire::Requests& requests) {
    const std::string vip = to_text(change.key.vip);
    std::string text(change.after != nullptr ? frame : "");
    text += element("add", "vips", vip);
    // A map does not take another value for a key that it has.
    if (change.before != nullptr && change.before->source) text += element("delete", "sources", vip);
    if (change.after != nullptr && change.after->source) {
        text += element("add", "sources", vip + " : " + to_text(*change.after->source));
    }
    if (change.after == nullptr) text += element("delete", "vips", vip);
    requests.text(wire::Transport::nft, text, tag);
}

Error ArpFilter::refusal(const Change<ArpFilter>& change, int error) {
    return nft_refusal("ARP filter for " + id(change.key), "arp", error);
}

}  // namespace lbconverge::kinds

LBCONVERGE_INSTANTIATE_KIND(ArpFilter)
