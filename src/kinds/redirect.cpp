#include "lbconverge/kinds/redirect.hpp"

#include "lbconverge/kinds/all.hpp"
#include "lbconverge/wire/nft.hpp"

#include <algorithm>

namespace lbconverge::kinds {

static_assert(fields_cover<Redirect::Value>);

namespace {

constexpr Family families[] = {Family::ipv4, Family::ipv6};

std::string nft_family(Family family) { return family == Family::ipv4 ? "ip" : "ip6"; }
std::string table_of(Family family) { return nft_family(family) + " " + std::string(wire::nft_name); }

/// Brings the table about, however much of it is there (see arp_filter.cpp).
std::string frame(Family family) {
    const std::string table = table_of(family);
    const std::string address = family == Family::ipv4 ? "ipv4_addr" : "ipv6_addr";
    return "add table " + table + "\nadd map " + table + " ports { type " + address +
           " . inet_proto . inet_service : inet_service; }\nadd chain " + table +
           " in { type nat hook prerouting priority dstnat; policy accept; }\nflush chain " + table + " in\nadd rule " +
           table + " in meta l4proto { tcp, udp, sctp } redirect to : " + nft_family(family) +
           " daddr . meta l4proto . th dport map @ports comment \"lbconverge\"\n";
}

std::string element(std::string_view verb, const Redirect::Key& key, const Redirect::Value* value) {
    std::string text(verb);
    text.append(" element ").append(table_of(key.vip.family)).append(" ports { ").append(to_text(key.vip));
    text.append(" . ").append(to_text(key.protocol)).append(" . ").append(std::to_string(key.port));
    if (value != nullptr) text.append(" : ").append(std::to_string(value->to));
    return text + " }\n";
}

}  // namespace

std::string Redirect::id(const Key& key) {
    return std::string(to_text(key.protocol)) + " " + with_port(key.vip, key.port);
}

std::optional<Redirect::Key> Redirect::parse_id(std::string_view id) {
    Key key;
    const std::size_t space = id.find(' ');
    if (space == std::string_view::npos || !from_text(id.substr(0, space), key.protocol)) return std::nullopt;
    const auto endpoint = parse_with_port(id.substr(space + 1));
    if (!endpoint || key.protocol == Protocol::none) return std::nullopt;
    key.vip = endpoint->address;
    key.port = endpoint->port;
    return key;
}

void Redirect::desire(const Inputs& inputs, Wanted<Redirect>& wanted) {
    const config::Config& config = inputs.config;
    if (config.role != Role::real_server) return;
    for (const config::Service& service : config.services) {
        if (const auto port = config::redirected_to(service, config)) {
            wanted.rows.add({service.vip, service.protocol, service.port}, {*port}, {service.source, Cause::config});
        }
    }
}

void Redirect::ask(const Reading& reading, Observed&, wire::Requests& requests) {
    if (!reads<Redirect>(reading)) return;
    for (const Family family : families) requests.text(wire::Transport::nft, "list table " + table_of(family), 0);
}

void Redirect::decode(const wire::Reply& reply, const Reading&, Observed& observed) {
    if (reply.transport != wire::Transport::nft) return;
    auto table = wire::parse_nft_table(reply.text());
    if (!table || (table->family != "ip" && table->family != "ip6")) return;
    const bool enforced = table->intact("in", "prerouting");
    for (const auto& words : table->sets["ports"]) {  // address, protocol, port, new port
        Key key;
        Value value{.enforced = enforced};
        if (words.size() != 4 || !from_text(words[0], key.vip) || !from_text(words[1], key.protocol)) continue;
        if (!from_text(words[2], key.port) || !from_text(words[3], value.to)) continue;
        observed.get<Redirect>().add(key, value);
    }
}

Owner Redirect::owner(const Key&, const Facts&, const Desired&, const Memory&) {
    return Owner::ours;  // the tables are
}

Phase Redirect::phase(const Change<Redirect>& change, const Inputs&) {
    return change.action() == Action::remove ? Phase::unload : Phase::load;
}

void Redirect::encode(const Change<Redirect>& change, const lbconverge::Facts&, std::uint32_t tag,
                      wire::Requests& requests) {
    std::string text = change.after != nullptr ? frame(change.key.vip.family) : "";
    // A map does not take another value for a key that it has.
    if (change.before != nullptr) text += element("delete", change.key, nullptr);
    if (change.after != nullptr) text += element("add", change.key, change.after);
    requests.text(wire::Transport::nft, text, tag);
}

Error Redirect::refusal(const Change<Redirect>& change, int error) {
    return nft_refusal("redirection of " + id(change.key), nft_family(change.key.vip.family), error);
}

}  // namespace lbconverge::kinds
