#include "take.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace lbconverge::importer {

namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return result;
}

/// The last number of an IPv4 address or the last group of an IPv6 address, which a range counts in.
std::uint32_t last_part(const IpAddress& address) {
    const std::size_t end = address.size();
    if (address.family == Family::ipv4) return address.bytes[end - 1];
    return static_cast<std::uint32_t>(address.bytes[end - 2] << 8 | address.bytes[end - 1]);
}

/// How many addresses from the first to the last; 0: they do not belong together.
std::uint32_t count_of(const IpAddress& first, const IpAddress& last) {
    constexpr std::uint32_t most = 65536;
    std::uint32_t count = 1;
    for (IpAddress at = first; at != last; ++count) {
        if (count == most || at.family != last.family) return 0;
        for (std::size_t i = at.size(); i-- > 0;) {
            if (++at.bytes[i] != 0) break;
        }
    }
    return count;
}

/// "10.0.0.1-9", "10.0.0.1-10.0.1.9" and "10.0.0.8/29".
bool read_range(std::string_view text, ServiceTarget& out) {
    const std::size_t dash = text.find('-');
    const auto first = parse_with_prefix(text.substr(0, dash));
    if (!first) return false;
    out.first = first->address;
    if (dash != text.npos) {
        const std::string_view rest = text.substr(dash + 1);
        auto last = IpAddress::parse(rest);
        std::uint32_t number = 0;
        const bool ipv4 = first->address.family == Family::ipv4;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number, ipv4 ? 10 : 16);
        if (!last && error == std::errc{} && end == rest.data() + rest.size() && number >= last_part(*out.first)) {
            out.count = number - last_part(*out.first) + 1;
            return number <= (ipv4 ? 255u : 0xffffu);
        }
        out.count = last ? count_of(*out.first, *last) : 0;
        return out.count != 0;
    }
    const int host_bits = first->address.bits() - first->prefix;
    if (!first->prefix_given || host_bits == 0) return true;
    if (host_bits > 16) return false;
    out.first = network_of(first->address, first->prefix);
    out.count = 1u << host_bits;
    return true;
}

void take_family_word(std::string_view word, std::optional<Family>& family) {
    if (word == "inet") family = Family::ipv4;
    if (word == "inet6") family = Family::ipv6;
}

/// ADDRESS [PORT] or fwmark N, from that word on. In a group the address may be a range.
std::optional<ServiceTarget> target_of(Interpreter& into, const Statement& at, std::size_t index, bool of_group) {
    ServiceTarget target;
    target.place = at.place;
    if (at.word(index) == "fwmark") {
        const auto mark = into.number(at, index + 1, 1, 0xffffffff, Tail::dropped);
        if (!mark) return std::nullopt;
        target.fwmark = *mark;
        take_family_word(at.word(index + 2), target.family);
        return target;
    }
    if (!of_group) target.first = into.address(at, index);
    if (of_group && !read_range(at.word(index), target)) {
        into.broken(at, quoted(at.word(index)) + " is no IP address: keepalived ignores it");
        return std::nullopt;
    }
    if (!target.first) return std::nullopt;
    if (at.words.size() <= index + 1) return target;
    const auto port = into.number(at, index + 1, 0, 65535, Tail::dropped);
    if (!port) return std::nullopt;
    target.port = *port;
    return target;
}

}  // namespace

void take_server_group(Interpreter& into, const Statement& at) {
    const auto name = into.text(at, 1);
    if (!name) return;
    auto& targets = into.node.target_groups[*name];
    for (const Statement& entry : at.body) {
        if (const auto target = target_of(into, entry, 0, true)) targets.push_back(*target);
    }
}

void take_virtual_server(Interpreter& into, const Statement& at) {
    ServiceBlock service;
    service.place = at.place;
    service.comments = at.comments;
    if (at.word(1) == "group") {
        service.group = into.text(at, 2).value_or("");
        if (service.group.empty()) return;
    } else {
        const auto target = target_of(into, at, 1, false);
        if (!target) return into.lost(at, "the whole block is left out, as keepalived does", "mend its first line");
        service.targets = {*target};
    }
    into.service = &service;
    into.body(at.body);
    into.service = nullptr;
    for (ServerBlock& each : service.servers) each.weight = each.own_weight.value_or(service.usual_weight);
    into.node.services.push_back(std::move(service));
}

void take_protocol(Interpreter& into, const Statement& at) {
    const std::string protocol = lower(at.word(1));
    if (protocol == "tcp" || protocol == "udp" || protocol == "sctp") {
        into.service->protocol = protocol;
    } else {
        into.broken(at, quoted(at.word(1)) + " is none of TCP, UDP and SCTP: keepalived ignores the line");
    }
}

void take_scheduler(Interpreter& into, const Statement& at) {
    constexpr std::string_view known[] = {"rr", "wrr", "lc",  "wlc", "lblc", "lblcr", "dh",
                                          "sh", "mh",  "sed", "nq",  "fo",   "ovf",   "twos"};
    const std::string_view word = at.word(1);
    if (std::find(std::begin(known), std::end(known), word) != std::end(known)) {
        into.service->scheduler = word;
    } else {
        into.broken(at, quoted(word) + " is no scheduler: keepalived uses wlc instead, and so does the result");
    }
}

/// Those of sh and mh count behind the line with the scheduler only.
void take_scheduler_flag(Interpreter& into, const Statement& at) {
    const std::string_view flag = at.word(0);
    const std::string& scheduler = into.service->scheduler;
    const bool general = flag.starts_with("flag-");
    if (!general && (scheduler.size() != 2 || !flag.starts_with(scheduler))) {
        return into.broken(at,
                           "no lb_algo " + std::string(flag.substr(0, 2)) + " stands before it: keepalived ignores it",
                           "if it is meant, scheduler_flags of the [[service]]");
    }
    into.service->flags.emplace_back(flag);
}

namespace {

/// The options of TUN: [type {ipip|gue port N|gre}] [nocsum|csum|remcsum]. False: they contradict each other.
bool take_tunnel(Interpreter& into, const Statement& at, Forwarding& out) {
    std::string_view type = "ipip";
    for (std::size_t i = 2; i < at.words.size(); ++i) {
        const std::string_view word = at.word(i);
        if (word == "type") {
            type = at.word(++i);
        } else if (word == "port") {
            out.tunnel_port = into.number(at, ++i, 1, 65535).value_or(0);
        } else if (word == "csum") {
            out.tunnel_checksum = "checksum";
        } else if (word == "remcsum") {
            out.tunnel_checksum = "remote";
        } else if (word != "nocsum") {
            return false;
        }
    }
    if (type != "ipip") out.tunnel_type = type;
    const bool known = type == "ipip" || type == "gue" || type == "gre";
    const bool checksum =
        out.tunnel_checksum.empty() || type == "gue" || (type == "gre" && out.tunnel_checksum == "checksum");
    return known && checksum && (type == "gue") == (out.tunnel_port != 0);
}

/// NAT, DR, or TUN with options; nullopt: none of them, and keepalived ignores the line. Options that are wrong leave a
/// tunnel with those that it had before.
std::optional<Forwarding> forwarding_of(Interpreter& into, const Statement& at, const Forwarding& before) {
    Forwarding forwarding;
    const std::string_view method = at.word(1);
    if (method == "NAT") return forwarding;
    if (method == "DR") {
        forwarding.method = Forward::direct;
        return forwarding;
    }
    if (method != "TUN") {
        const std::string name = lower(method);
        const bool fnat = name == "fnat" || name == "snat";
        into.broken(at,
                    quoted(method) + " is no forwarding method of Linux" + (fnat ? ": full NAT is a fork's" : "") +
                        ": keepalived ignores the line, and without a method it takes NAT",
                    "NAT, DR or TUN, in capital letters");
        return std::nullopt;
    }
    forwarding.method = Forward::tunnel;
    if (take_tunnel(into, at, forwarding)) return forwarding;
    into.broken(at, "these options of a tunnel do not belong together: keepalived takes a tunnel without them",
                "TUN type gue port 5555, or TUN type gre csum");
    forwarding = before;
    forwarding.method = Forward::tunnel;
    return forwarding;
}

}  // namespace

void take_forward(Interpreter& into, const Statement& at) {
    const Forwarding of_service = into.service->forwarding.value_or(Forwarding{});
    const Forwarding before = into.server != nullptr ? into.server->forwarding.value_or(of_service) : of_service;
    const auto forwarding = forwarding_of(into, at, before);
    if (forwarding) (into.server != nullptr ? into.server->forwarding : into.service->forwarding) = forwarding;
}

namespace {

constexpr std::uint32_t usual_persistence = 360;

}  // namespace

void take_persistence(Interpreter& into, const Statement& at) {
    const auto seconds = at.words.size() < 2 ? usual_persistence : into.number(at, 1, 1, 31 * 86400);
    if (seconds) into.service->persistence = seconds;
}

/// A mask makes a service persistent.
void take_persistence_mask(Interpreter& into, const Statement& at) {
    const auto mask = into.text(at, 1);
    if (!mask) return;
    const bool number = mask->size() < 4 && mask->find_first_not_of("0123456789") == mask->npos;
    const auto address = IpAddress::parse(*mask);
    if (!number && (!address || address->family != Family::ipv4)) {
        return into.broken(at, quoted(*mask) + " is no mask: keepalived ignores the line");
    }
    into.service->persistence_mask = *mask;
    const bool by_mark = !into.service->targets.empty() && !into.service->targets.front().first;
    if (by_mark && !into.service->family) into.service->family = number ? Family::ipv6 : Family::ipv4;
    if (!into.service->persistence) into.service->persistence = usual_persistence;
}

void take_persistence_engine(Interpreter& into, const Statement& at) {
    if (at.word(1) == "sip") {
        into.service->persistence_engine = "sip";
    } else {
        into.lost(at, "the kernel has no persistence engine " + quoted(at.word(1)), "sip is the only one");
    }
}

void take_ops(Interpreter& into, const Statement&) { into.service->one_packet = true; }

void take_quorum(Interpreter& into, const Statement& at) {
    into.service->quorum_place = at.place;
    into.service->quorum = into.number(at, 1, 1, 0xffffffff, Tail::dropped).value_or(1);
}

void take_hysteresis(Interpreter& into, const Statement& at) {
    if (into.service->quorum_place.line == 0) into.service->quorum_place = at.place;
    if (const auto hysteresis = into.number(at, 1, 0, 0xffffffff, Tail::dropped))
        into.service->hysteresis = *hysteresis;
}

/// Of a service it has no value.
void take_inhibit(Interpreter& into, const Statement& at) {
    if (into.server == nullptr) {
        into.service->inhibit = true;
    } else if (const auto inhibit = into.flag(at)) {
        into.server->inhibit = inhibit;
    }
}

void take_family(Interpreter& into, const Statement& at) { take_family_word(at.word(1), into.service->family); }

namespace {

std::optional<ServerBlock> server_of(Interpreter& into, const Statement& at) {
    ServerBlock server;
    server.place = at.place;
    server.comments = at.comments;
    const auto address = into.address(at, 1);
    if (!address) return std::nullopt;
    server.address = *address;
    if (at.words.size() < 3) return server;
    const auto port = into.number(at, 2, 0, 65535, Tail::dropped);
    if (!port) return std::nullopt;
    server.port = *port;
    return server;
}

}  // namespace

void take_sorry(Interpreter& into, const Statement& at) {
    auto server = server_of(into, at);
    if (!server) return;
    if (into.service->sorry) server->forwarding = into.service->sorry->forwarding;
    into.service->sorry = std::move(server);
}

void take_sorry_forward(Interpreter& into, const Statement& at) {
    if (!into.service->sorry) return into.broken(at, "stands before sorry_server: keepalived ignores it");
    const Forwarding before = into.service->forwarding.value_or(Forwarding{});
    if (const auto forwarding = forwarding_of(into, at, before)) into.service->sorry->forwarding = forwarding;
}

void take_real_server(Interpreter& into, const Statement& at) {
    auto server = server_of(into, at);
    if (!server) return into.lost(at, "the whole block is left out, as keepalived does", "mend its first line");
    into.server = &*server;
    into.body(at.body);
    into.server = nullptr;
    into.service->servers.push_back(std::move(*server));
}

void take_weight(Interpreter& into, const Statement& at) {
    const bool of_service = into.server == nullptr;
    const auto weight = into.number(at, 1, of_service ? 1 : 0, 0x7fffffff, Tail::dropped);
    if (weight && of_service) into.service->usual_weight = *weight;
    if (weight && !of_service) into.server->own_weight = weight;
}

void take_upper(Interpreter& into, const Statement& at) {
    if (const auto number = into.number(at, 1, 0, 0x7fffffff, Tail::dropped)) into.server->upper = *number;
}

void take_lower(Interpreter& into, const Statement& at) {
    if (const auto number = into.number(at, 1, 0, 0x7fffffff, Tail::dropped)) into.server->lower = *number;
}

}  // namespace lbconverge::importer
