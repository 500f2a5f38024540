#include "sections.hpp"

#include <algorithm>

namespace lbconverge::config {

namespace {

bool read_vip_address(const std::string& text, Source source, Vip& vip, Diagnostics& problems) {
    const auto parsed = parse_with_prefix(text);
    if (!parsed) {
        problems.error(source, in_quotes(text) + " is not an IP address", "write \"192.0.2.1\" or \"192.0.2.1/24\"");
        return false;
    }
    const IpAddress& address = parsed->address;
    constexpr IpAddress broadcast{Family::ipv4, {255, 255, 255, 255}};
    if (address.is_unspecified() || address.is_multicast() || address.is_loopback() || address == broadcast) {
        problems.error(source, in_quotes(text) + " cannot be a VIP", "a VIP is one host's unicast address");
        return false;
    }
    constexpr std::uint8_t shortest = 8;
    if (parsed->prefix < shortest) {
        problems.error(source, in_quotes(text) + " has a shorter prefix than any network",
                       "the prefix of the VIP's network, such as /24, or none");
        return false;
    }
    if (const auto reserved = reserved_in(address, parsed->prefix, address)) {
        problems.error(source, "VIP " + in_quotes(text) + " is " + *reserved, "a VIP is one host's unicast address");
        return false;
    }
    vip.address = address;
    vip.prefix = parsed->prefix;
    return true;
}

void read_short_form(Reader& top, Context& context) {
    const toml::node* node = top.take("vips");
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
        top.wrong_type(*node, "vips", "a list of addresses", "vips = [\"192.0.2.1\"]");
        return;
    }
    for (const toml::node& element : *array) {
        const auto* text = element.as_string();
        if (text == nullptr) {
            context.problems.error(place(element),
                                   "each element of \"vips\" must be a string, not " + std::string(kind_of(element)),
                                   "a VIP with more than an address is a [[vip]]");
            continue;
        }
        Vip vip;
        vip.source = place(element);
        if (read_vip_address(text->get(), vip.source, vip, context.problems))
            context.config.vips.push_back(std::move(vip));
    }
}

void read_one(const toml::table& table, Context& context) {
    Reader in({&table}, "a VIP", context.problems);
    Vip vip;
    vip.source = in.place();
    std::string address;
    bool usable = in.text("address", address);
    if (usable) usable = read_vip_address(address, in.place("address"), vip, context.problems);
    if (!in.has("address")) context.problems.error(vip.source, "a VIP needs an address", "address = \"192.0.2.1\"");
    in.text("name", vip.name);
    in.interface("interface", vip.interface);
    in.text("vrrp", vip.vrrp);
    std::string label;
    if (in.text("label", label)) {
        vip.label = ShortName(label);
        if (!ShortName::fits(label)) {
            context.problems.error(in.place("label"), "a label has at most 15 characters", "for example \"eth0:vip\"");
        }
    }
    if (in.address("broadcast", vip.broadcast) && usable &&
        (vip.broadcast->family != Family::ipv4 || vip.address.family != Family::ipv4)) {
        context.problems.error(in.place("broadcast"), "only an IPv4 VIP has a broadcast address", "leave it out");
    }
    Scope scope{};
    if (in.choice("scope", scope)) vip.scope = scope;
    if (in.boolean("deprecated", vip.deprecated) && usable && vip.address.family != Family::ipv6) {
        context.problems.error(in.place("deprecated"), "only an IPv6 VIP can be deprecated", "leave it out");
    }
    in.choice("accept", vip.accept);
    in.finish();
    if (usable) context.config.vips.push_back(std::move(vip));
}

/// One list of VIPs for directors and real servers: its prefix is that of the directors' network. On lo it would make
/// that whole network local.
void fit_shared_prefix(const Context& context, Vip& vip) {
    const auto& nodes = context.config.nodes;
    const bool with_directors = std::any_of(
        nodes.begin(), nodes.end(), [](const Node& node) { return node.role && node.role != Role::real_server; });
    const bool on_lo = context.config.role == Role::real_server && vip.accept == Accept::loopback;
    if (with_directors && on_lo) vip.prefix = vip.address.bits();
}

}  // namespace

void read_vips(Reader& top, Context& context) {
    read_short_form(top, context);
    const std::size_t short_forms = context.config.vips.size();
    top.tables("vip", [&](const toml::table& table) { read_one(table, context); });

    const toml::table* own = top.layers().over;
    for (std::size_t i = 0; i < context.config.vips.size(); ++i) {
        const bool shared = own == nullptr || !own->contains(i < short_forms ? "vips" : "vip");
        if (shared) fit_shared_prefix(context, context.config.vips[i]);
    }
    context.index_vips();
}

void Context::index_vips() {
    for (const Vip& vip : config.vips) {
        const auto [by_address, is_new] = vips_by_address_.emplace(vip.address, &vip);
        if (!is_new) {
            problems
                .error(vip.source, "VIP " + lbconverge::to_text(vip.address) + " is there twice", "remove one of them")
                .other = by_address->second->source;
        }
        if (vip.name.empty()) continue;
        const auto [by_name, name_is_new] = vips_by_name_.emplace(vip.name, &vip);
        if (!name_is_new) {
            problems.error(vip.source, "two VIPs are named " + in_quotes(vip.name), "names must differ").other =
                by_name->second->source;
        }
    }
}

const Vip* Context::find_vip(std::string_view name) const {
    const auto at = vips_by_name_.find(name);
    return at == vips_by_name_.end() ? nullptr : at->second;
}

const Vip* Context::find_vip(const IpAddress& address) const {
    const auto at = vips_by_address_.find(address);
    return at == vips_by_address_.end() ? nullptr : at->second;
}

}  // namespace lbconverge::config
