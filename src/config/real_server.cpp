#include "lbconverge/config/mistakes.hpp"
#include "sections.hpp"

namespace lbconverge::config {

namespace {

constexpr std::uint32_t most = 0x7fffffff;  // the kernel takes weights and thresholds as signed (ERANGE, EINVAL)

/// "ADDR", "ADDR:PORT" or "[ADDR]:PORT"; no port: 0.
std::optional<AddressAndPort> parse_endpoint(std::string_view text) {
    if (const auto both = parse_with_port(text)) return both;  // first: without a port it ends soon
    const auto address = IpAddress::parse(text);
    return address ? std::optional(AddressAndPort{*address, 0}) : std::nullopt;
}

/// A node's name, alone or with a port.
bool read_node_name(const std::string& text, Source source, Context& context, RealServer& server) {
    std::string_view name = text;
    const Node* node = context.find_node(name);
    if (const std::size_t colon = text.rfind(':'); node == nullptr && colon != std::string::npos) {
        // The port is read by putting an address before it: one rule for what a port looks like.
        const auto port = parse_with_port("0.0.0.0" + text.substr(colon));
        name = name.substr(0, colon);
        if (port) node = context.find_node(name);
        if (node != nullptr) server.port = port->port;
    }
    if (node == nullptr) {
        std::vector<std::string_view> names;
        for (const Node& each : context.config.nodes) names.push_back(each.name);
        context.problems.error(source, in_quotes(text) + " is neither an address nor a node",
                               names.empty() ? "write ADDR, ADDR:PORT or [ADDR]:PORT" : suggestion(name, names));
        return false;
    }
    if (!node->address) {
        context.problems
            .error(source, "node " + in_quotes(name) + " has no address",
                   "give [nodes." + std::string(name) + "] an address")
            .other = node->source;
        return false;
    }
    server.address = *node->address;
    return true;
}

bool read_endpoint(const std::string& text, Source source, Context& context, RealServer& server) {
    const auto endpoint = parse_endpoint(text);
    if (!endpoint) return read_node_name(text, source, context, server);
    server.address = endpoint->address;
    server.port = endpoint->port;
    return true;
}

/// The kernel refuses these with EINVAL: better to say it here.
bool is_usable(const RealServer& server, Diagnostics& problems) {
    constexpr IpAddress broadcast{Family::ipv4, {255, 255, 255, 255}};
    const IpAddress& address = server.address;
    const bool of_a_link = address.family == Family::ipv6 && address.is_link_local();  // IPVS knows no interface for it
    if (!address.is_unspecified() && !address.is_multicast() && address != broadcast && !of_a_link) return true;
    problems.error(server.source, lbconverge::to_text(server.address) + " cannot be a real server",
                   "a real server is one host's unicast address");
    return false;
}

/// Numbers of IP_VS_TUNNEL_ENCAP_FLAG_* (linux/ip_vs.h).
enum class TunnelChecksum : std::uint8_t { none = 0, checksum = 1, remote = 2 };
constexpr auto names_of(TunnelChecksum) {
    return enum_names<TunnelChecksum>(
        {{TunnelChecksum::none, "none"}, {TunnelChecksum::checksum, "checksum"}, {TunnelChecksum::remote, "remote"}});
}

void read_tunnel(Reader& in, RealServer& server) {
    const bool typed = in.choice("tunnel_type", server.tunnel_type);
    const bool ported = in.number("tunnel_port", server.tunnel_port, 1, 65535);
    TunnelChecksum checksum{};
    const bool summed = in.choice("tunnel_checksum", checksum);
    if (summed) server.tunnel_flags = static_cast<std::uint8_t>(checksum);
    if (server.forward != Forward::tunnel) {
        if (in.has("tunnel_type") || in.has("tunnel_port") || in.has("tunnel_checksum")) {
            in.problems().error(server.source, "tunnel settings need forward = \"tunnel\"", "leave them out");
        }
        server.tunnel_port = 0;
        server.tunnel_flags = 0;
        return;
    }
    if (server.tunnel_type == TunnelType::gue && !in.has("tunnel_port")) {
        in.problems().error(server.source, "tunnel_type = \"gue\" needs a tunnel_port",
                            "the UDP port of the real server, often 6080");
    }
    if (ported && server.tunnel_type != TunnelType::gue && (typed || !in.has("tunnel_type"))) {
        in.problems().error(in.place("tunnel_port"), "only tunnel_type = \"gue\" has a port", "leave tunnel_port out");
    }
    if (summed && server.tunnel_flags != 0 && server.tunnel_type == TunnelType::ipip) {
        in.problems().error(in.place("tunnel_checksum"), "tunnel_type = \"ipip\" has no checksum",
                            "leave tunnel_checksum out, or use gue or gre");
    }
}

void read_thresholds(Reader& in, RealServer& server) {
    in.number("upper_threshold", server.upper_threshold, 0, most);
    in.number("lower_threshold", server.lower_threshold, 0, most);
    if (server.lower_threshold > server.upper_threshold) {
        in.problems().error(in.place("lower_threshold"),
                            "lower_threshold is above upper_threshold: the kernel refuses the real server",
                            "give an upper_threshold that is at least as large, or neither", mistake("LVS26").code);
    }
}

bool read_table(const toml::table& table, Context& context, RealServer& server) {
    Reader in({&table}, "a real server", context.problems);
    std::string address;
    bool good = in.text("address", address);
    if (good) good = read_endpoint(address, in.place("address"), context, server);
    if (!in.has("address")) {
        context.problems.error(server.source, "a real server needs an address",
                               "address = \"192.0.2.3\", or a node's name");
    }
    const std::uint16_t in_address = server.port;
    if (in.number("port", server.port, 0, 65535) && in_address != 0) {
        context.problems.error(in.place("port"), "the port of this real server is there twice",
                               "leave it out of the address");
    }
    in.number("weight", server.weight, 0, most);
    in.choice("forward", server.forward, {Forward::direct, Forward::tunnel, Forward::masquerade});
    read_tunnel(in, server);
    read_thresholds(in, server);
    read_check(in, context, server.check);
    in.finish();
    return good && is_usable(server, context.problems);
}

}  // namespace

bool read_real_server(const toml::node& node, const RealServer& start, Context& context, RealServer& out) {
    out = start;
    out.source = place(node);
    if (const auto* text = node.as_string()) {
        return read_endpoint(text->get(), out.source, context, out) && is_usable(out, context.problems);
    }
    if (const toml::table* table = node.as_table()) return read_table(*table, context, out);
    context.problems.error(out.source, "a real server is a string or a table, not " + std::string(kind_of(node)),
                           "\"192.0.2.3\" or { address = \"192.0.2.3\", weight = 2 }");
    return false;
}

}  // namespace lbconverge::config
