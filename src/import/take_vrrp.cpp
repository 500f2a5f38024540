#include "take.hpp"

#include "lbconverge/model/name.hpp"
#include "lbconverge/wire/json.hpp"

#include <algorithm>
#include <charconv>

namespace lbconverge::importer {

void take_instance(Interpreter& into, const Statement& at) {
    if (at.words.size() != 2) {
        return into.broken(at, "wants one name: keepalived ignores the whole block", "vrrp_instance NAME {");
    }
    const std::string name(at.word(1));
    const auto& known = into.node.instances;
    if (std::any_of(known.begin(), known.end(), [&](const InstanceBlock& each) { return each.name == name; })) {
        return into.broken(at, quoted(name) + " is defined already: keepalived ignores this block",
                           "give each instance a name of its own");
    }
    InstanceBlock instance;
    instance.place = at.place;
    instance.name = name;
    instance.comments = at.comments;
    into.instance = &instance;
    into.body(at.body);
    into.instance = nullptr;
    instance.priority = instance.own_priority.value_or(instance.master ? 255 : 100);
    if (!instance.own_priority && instance.master) {
        into.changed(at, "has no priority: with state MASTER keepalived takes 255, and so does the result",
                     "priority = 1 to 254");
    }
    into.node.instances.push_back(std::move(instance));
}

void take_state(Interpreter& into, const Statement& at) {
    const std::string_view state = at.word(1);
    if (state == "BACKUP" && into.instance->master) {
        return into.broken(at, "is MASTER already: keepalived ignores the line", "one state");
    }
    into.instance->master = state == "MASTER";
    if (state == "MASTER" || state == "BACKUP") return;
    into.broken(at, quoted(state) + " is neither MASTER nor BACKUP: keepalived ignores the line");
}

void take_interface(Interpreter& into, const Statement& at) {
    into.instance->interface = into.interface(at, 1).value_or("");
    if (into.instance->interface.empty()) into.instance->interface = "?";
}

void take_vrid(Interpreter& into, const Statement& at) {
    if (const auto vrid = into.number(at, 1, 1, 255)) into.instance->vrid = *vrid;
}

void take_priority(Interpreter& into, const Statement& at) {
    into.instance->priority_place = at.place;
    if (const auto priority = into.number(at, 1, 1, 255)) {
        into.instance->own_priority = priority;
    } else {
        into.instance->own_priority = 100;
        into.changed(at, "keepalived uses 100 instead, and so does the result", "priority = 1 to 255");
    }
}

void take_advert_int(Interpreter& into, const Statement& at) {
    into.instance->interval_place = at.place;
    into.instance->interval = into.duration(at, 1, 0.01, 255);
}

void take_version(Interpreter& into, const Statement& at) {
    if (const auto version = into.number(at, 1, 2, 3)) into.instance->version = *version;
}

void take_auth_type(Interpreter& into, const Statement& at) {
    if (at.word(1) == "PASS") {
        into.instance->authentication = AuthType::password;
    } else if (at.word(1) == "AH") {
        into.instance->authentication = AuthType::ipsec;
        into.lost(at, "AH: there is no authentication by IPsec headers",
                  "auth_key_file signs the advertisements, when every node runs lbconverge");
    } else {
        into.broken(at, quoted(at.word(1)) + " is neither PASS nor AH: keepalived ignores the line");
    }
}

void take_auth_pass(Interpreter& into, const Statement& at) {
    constexpr std::size_t most = 8;
    auto password = into.text(at, 1);
    if (!password) return;
    into.instance->password_place = at.place;
    if (password->size() > most) {
        password->resize(most);
        into.changed(at, "cut after 8 octets, as keepalived does: no more are sent and compared",
                     "the same 8 octets on every node");
    }
    // TOML is UTF-8: a cut within a character, and octets that were none, cannot be written.
    const bool is_text = wire::valid_utf8(*password) == *password && password->find("\xef\xbf\xbd") == password->npos;
    if (!is_text) {
        return into.lost(at, "its octets are no text in UTF-8, and the file cannot say them",
                         "a password of ASCII characters on every node");
    }
    into.instance->password = *password;
}

void take_nopreempt(Interpreter& into, const Statement& at) {
    into.instance->nopreempt = true;
    into.instance->nopreempt_place = at.place;
}

void take_preempt(Interpreter& into, const Statement&) { into.instance->nopreempt = false; }

void take_strict(Interpreter& into, const Statement& at) {
    const auto strict = into.flag(at);
    if (!strict) return;
    if (into.instance == nullptr) into.node.strict = *strict;
    if (into.instance != nullptr) into.instance->strict = strict;
    if (!*strict) return;
    into.lost(at, "the protocol is kept without it, but VIPs accept packets, and unicast is allowed",
              "check names what breaks RFC 9568");
}

void take_preempt_delay(Interpreter& into, const Statement& at) {
    const auto delay = into.duration(at, 1, 0, 1000);
    if (!delay) return;
    into.instance->preempt_delay = *delay;
    into.instance->preempt_delay_place = at.place;
}

namespace {

/// The first address of an instance says of which family it is. Another one is ignored, which is said.
bool is_of_family(Interpreter& into, const Statement& at, const IpAddress& address) {
    auto& family = into.instance->family;
    if (!family) family = address.family;
    if (*family == address.family) return true;
    into.broken(at, to_text(address) + " is of another address family than the instance: keepalived ignores it",
                "an instance for each family");
    return false;
}

}  // namespace

void take_source(Interpreter& into, const Statement& at) {
    const auto source = into.address(at, 1);
    if (source && is_of_family(into, at, *source)) into.instance->source = source;
}

void take_peers(Interpreter& into, const Statement& at) {
    into.instance->peers_place = at.place;
    for (const Statement& entry : at.body) {
        const auto peer = into.address(entry, 0);
        if (!peer || !is_of_family(into, entry, *peer)) continue;
        into.instance->peers.push_back(*peer);
        for (std::size_t i = 1; i < entry.words.size(); i += 2) {
            if (entry.word(i) == "min_ttl") {
                into.instance->min_ttl = into.number(entry, i + 1, 0, 255).value_or(0);
            } else if (entry.word(i) == "max_ttl") {
                into.lost(entry, "max_ttl of a peer has no counterpart", "min_ttl does");
            } else {
                into.broken(entry, quoted(entry.word(i)) + " is no option of a peer: keepalived ignores it",
                            "a line for each address");
            }
        }
    }
}

void take_garp_delay(Interpreter& into, const Statement& at) {
    const auto seconds = into.number(at, 1, 0, 86400, Tail::dropped);
    if (seconds) (into.instance != nullptr ? into.instance->garp_delay : into.node.garp_delay) = *seconds * second;
}

void take_garp_repeat(Interpreter& into, const Statement& at) {
    auto& repeat = into.instance != nullptr ? into.instance->garp_repeat : into.node.garp_repeat;
    const auto number = into.number(at, 1, 0, 0xffffffff, Tail::dropped);
    if (!number) return;
    repeat = std::clamp<std::uint32_t>(*number, 1, 100);
    if (*number > 100) into.changed(at, "more than 100 at once are a flood: 100");
}

void take_garp_refresh(Interpreter& into, const Statement& at) {
    const auto seconds = into.number(at, 1, 0, 86400, Tail::dropped);
    if (seconds) (into.instance != nullptr ? into.instance->garp_refresh : into.node.garp_refresh) = *seconds * second;
}

void take_promote(Interpreter& into, const Statement&) { into.instance->promote_secondaries = true; }

namespace {

IpAddress broadcast_of(IpAddress address, std::uint8_t prefix) {
    for (std::size_t bit = prefix; bit < address.bits(); ++bit) {
        address.bytes[bit / 8] |= static_cast<std::uint8_t>(0x80 >> bit % 8);
    }
    return address;
}

void take_broadcast(Interpreter& into, const Statement& entry, std::string_view word, VipLine& out) {
    if (word == "+") {
        out.broadcast = broadcast_of(out.address, out.prefix);
    } else if (word != "-") {
        out.broadcast = IpAddress::parse(word);
        if (!out.broadcast) into.broken(entry, quoted(word) + " is no broadcast address: it is left out");
    }
    if (out.address.family == Family::ipv6) out.broadcast.reset();
}

void take_label(Interpreter& into, const Statement& entry, std::string_view word, VipLine& out) {
    if (word.empty() || !ShortName::fits(word)) {
        into.broken(entry, "a label has 1 to 15 characters: it is left out");
    } else if (out.address.family == Family::ipv4) {
        out.label = word;
    }
}

void take_scope(Interpreter& into, const Statement& entry, std::string_view word, VipLine& out) {
    Scope scope{};
    if (!from_text(word, scope)) {
        into.lost(entry, "scope " + quoted(word) + " is none of global, site, link and host", "global is used");
    } else if (scope != Scope::global) {
        out.scope = word;
    }
}

/// One option of an address. Returns how many words it has.
std::size_t take_option(Interpreter& into, const Statement& entry, std::size_t i, VipLine& out) {
    const std::string_view word = entry.word(i);
    const std::string_view value = entry.word(i + 1);
    if (word == "dev") {
        out.interface = into.interface(entry, i + 1).value_or("");
    } else if (word == "brd" || word == "broadcast") {
        take_broadcast(into, entry, value, out);
    } else if (word == "label") {
        take_label(into, entry, value, out);
    } else if (word == "scope") {
        take_scope(into, entry, value, out);
    } else if (word == "preferred_lft") {
        out.used_as_source = value != "0";
    } else if (word == "peer") {
        into.lost(entry, "peer: a VIP has no address at the other end", "hooks can set it with ip(8)");
    } else if (word == "track_group") {
        into.lost(entry, "track_group", "the daemon puts the address back");
    } else if (parse_with_prefix(word)) {
        into.broken(entry, "a second address in one line: keepalived ignores " + std::string(word),
                    "a line for each address");
        return 1;
    } else {
        constexpr std::string_view none[] = {"no_track", "-nodad", "nodad"};
        const bool same = std::find(std::begin(none), std::end(none), word) != std::end(none);
        if (!same) into.lost(entry, quoted(word) + " of a VIP has no counterpart", "leave it out, or set it in a hook");
        return 1;
    }
    return 2;
}

/// "192.0.2.1/24". keepalived takes what is no prefix as that of a single address, and drops what follows a number.
std::optional<AddressAndPrefix> address_with_prefix(Interpreter& into, const Statement& entry) {
    const std::string_view word = entry.word(0);
    const auto parsed = parse_with_prefix(word);
    const std::size_t slash = word.find('/');
    if (parsed || slash == word.npos) return parsed;
    const auto address = IpAddress::parse(word.substr(0, slash));
    if (!address) return std::nullopt;
    unsigned prefix = 0;  // as where there are no digits
    const std::string_view rest = word.substr(slash + 1);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), prefix);
    const bool good = error != std::errc::result_out_of_range && prefix <= address->bits();
    const std::string used = "/" + std::to_string(good ? prefix : address->bits());
    into.broken(entry, quoted(rest) + " is no prefix: keepalived takes " + used + ", and so does the result");
    return parse_with_prefix(to_text(*address) + used);
}

std::optional<VipLine> address_of(Interpreter& into, const Statement& entry) {
    const auto parsed = address_with_prefix(into, entry);
    if (!parsed) {
        into.broken(entry, "is no IP address: keepalived ignores it", "write 192.0.2.1 or 192.0.2.1/24");
        return std::nullopt;
    }
    VipLine out;
    out.place = entry.place;
    out.address = parsed->address;
    out.prefix = parsed->prefix;
    out.prefix_given = parsed->prefix_given && parsed->prefix != parsed->address.bits();
    out.used_as_source = out.prefix_given && parsed->address.family == Family::ipv6;
    out.comments = entry.comments;
    for (std::size_t i = 1; i < entry.words.size();) i += take_option(into, entry, i, out);
    return out;
}

void take_each(Interpreter& into, const Statement& at, bool excluded) {
    for (const Statement& entry : at.body) {
        auto address = address_of(into, entry);
        if (!address) continue;
        if (!excluded && !is_of_family(into, entry, address->address)) continue;
        auto& known = into.instance->addresses;
        const bool family = known.empty() || known.front().address.family == address->address.family;
        if (excluded && family) {
            into.changed(at, "these VIPs are advertised like the others",
                         "lbconverge serves also with a peer that advertises others; keepalived as the peer discards "
                         "such advertisements: move all nodes within one maintenance");
        }
        known.push_back(std::move(*address));
    }
}

}  // namespace

void take_addresses(Interpreter& into, const Statement& at) { take_each(into, at, false); }

void take_excluded(Interpreter& into, const Statement& at) { take_each(into, at, true); }

namespace {

/// What a route may have besides. Returns false if the route cannot be carried.
bool take_route_option(Interpreter& into, const Statement& entry, std::size_t& i, RouteLine& out) {
    const std::string_view word = entry.word(i);
    const std::string value(entry.word(i + 1));
    std::string* const place = word == "via" || word == "gw" ? &out.via
                               : word == "dev"               ? &out.interface
                               : word == "src" || word == "from" ? &out.source
                               : word == "table"             ? &out.table
                               : word == "to"                ? &out.to
                                                             : nullptr;
    if (place != nullptr) {
        *place = value;
        ++i;
        return true;
    }
    constexpr std::string_view nothing[] = {"no_track", "inet", "inet6", "onlink", "prepend", "append", "add"};
    if (std::find(std::begin(nothing), std::end(nothing), word) != std::end(nothing)) return true;
    constexpr std::string_view harmless[] = {"proto",    "protocol",   "track_group", "scope",  "metric",
                                             "priority", "preference", "mtu",         "advmss", "realms",
                                             "tos",      "rtt",        "window"};
    if (std::find(std::begin(harmless), std::end(harmless), word) != std::end(harmless)) {
        into.lost(entry, std::string(word) + " of a route has no counterpart", "the route is there without it");
        ++i;
        return true;
    }
    into.lost(entry, quoted(word) + ": such a route has no counterpart", "hooks can set it with ip(8)");
    return false;
}

void tidy_route(RouteLine& route) {
    if (route.to == "0.0.0.0/0" || route.to == "::/0" || route.to == "0.0.0.0" || route.to == "0/0") {
        route.to = "default";
    }
    if (route.table == "main" || route.table == "254") route.table.clear();
    // Beside a gateway the kernel finds the interface.
    const auto via = IpAddress::parse(route.via);
    if (via && !via->is_link_local()) route.interface.clear();
}

bool route_is_good(Interpreter& into, const Statement& entry, RouteLine& route) {
    const auto to = parse_with_prefix(route.to);
    const bool number =
        std::all_of(route.table.begin(), route.table.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!number) {
        into.lost(entry, "table " + quoted(route.table) + ": a table is a number here", "see /etc/iproute2/rt_tables");
        return false;
    }
    const bool good = (route.to == "default" || to) && (route.via.empty() || IpAddress::parse(route.via)) &&
                      (route.source.empty() || IpAddress::parse(route.source)) &&
                      (!route.via.empty() || !route.interface.empty());
    if (!good) into.lost(entry, "is no route with a destination and a gateway or an interface", "add it as [[route]]");
    if (good && to && network_of(to->address, to->prefix) != to->address) {
        into.changed(entry, quoted(route.to) + " is an address in a network: the network is used");
        route.to = to_text(network_of(to->address, to->prefix)) + "/" + std::to_string(to->prefix);
    }
    return good;
}

void take_route_entries(Interpreter& into, const Statement& at, std::vector<RouteLine>& routes) {
    for (const Statement& entry : at.body) {
        RouteLine route;
        route.place = entry.place;
        route.comments = entry.comments;
        bool good = true;
        for (std::size_t i = 0; i < entry.words.size() && good; ++i) {
            const std::string_view word = entry.word(i);
            const bool destination = route.to.empty() && (word == "default" || parse_with_prefix(word));
            if (destination) {
                route.to = word;
            } else {
                good = take_route_option(into, entry, i, route);
            }
        }
        tidy_route(route);
        if (good && route_is_good(into, entry, route)) routes.push_back(std::move(route));
    }
}

}  // namespace

void take_routes(Interpreter& into, const Statement& at) { take_route_entries(into, at, into.instance->routes); }

void take_static_routes(Interpreter& into, const Statement& at) { take_route_entries(into, at, into.node.routes); }

void take_group(Interpreter& into, const Statement& at) {
    const auto name = into.text(at, 1);
    if (!name) return;
    GroupBlock group;
    group.place = at.place;
    group.name = *name;
    group.comments = at.comments;
    into.group = &group;
    into.body(at.body);
    into.group = nullptr;
    into.node.groups.push_back(std::move(group));
}

void take_members(Interpreter& into, const Statement& at) {
    for (const Statement& entry : at.body) {
        for (const Word& each : entry.words) into.group->members.emplace_back(each.text);
    }
}

void take_group_weights(Interpreter& into, const Statement&) { into.group->weighted = true; }

}  // namespace lbconverge::importer
