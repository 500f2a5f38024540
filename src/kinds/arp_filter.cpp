#include "lbconverge/kinds/arp_filter.hpp"

#include "instantiate.hpp"
#include "lbconverge/kinds/all.hpp"
#include "nft_frame.hpp"

#include <algorithm>

namespace lbconverge::kinds {

namespace {

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
    const bool enforced = arp_filter_frame().enforced(*table);
    Seen<ArpFilter>& seen = observed.get<ArpFilter>();
    for (const auto& words : table->sets["vips"].elements) {
        const auto vip = words.size() == 1 ? IpAddress::parse(words[0]) : std::nullopt;
        if (vip) seen.put({*vip}, {std::nullopt, enforced});
    }
    for (const auto& words : table->sets["sources"].elements) {
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
    std::string text = change.after != nullptr ? arp_filter_frame().commands() : "";
    text += nft_element("add", "arp", "vips", vip);
    // A map does not accept a new value for a key that it already has.
    if (change.before != nullptr && change.before->source) text += nft_element("delete", "arp", "sources", vip);
    if (change.after != nullptr && change.after->source) {
        text += nft_element("add", "arp", "sources", vip + " : " + to_text(*change.after->source));
    }
    if (change.after == nullptr) text += nft_element("delete", "arp", "vips", vip);
    requests.text(wire::Transport::nft, text, tag);
}

Error ArpFilter::refusal(const Change<ArpFilter>& change, int error) {
    return nft_refusal("ARP filter for " + id(change.key), "arp", error);
}

}  // namespace lbconverge::kinds

LBCONVERGE_INSTANTIATE_KIND(ArpFilter)
