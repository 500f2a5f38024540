#include "lbconverge/config/mistakes.hpp"
#include "sections.hpp"

#include <algorithm>
#include <utility>

namespace lbconverge::config {

namespace {

/// Neighbours need no second announcement sooner (RFC 4861 §10, RETRANS_TIMER), and no more than ten of a VIP per
/// second.
constexpr milliseconds least_garp_time{1000};
constexpr milliseconds least_garp_share{100};

void read_preempt(Reader& in, Preempt& preempt) {
    const toml::node* node = in.take("preempt");
    if (node == nullptr) return;
    if (const auto* value = node->as_boolean()) {
        preempt.enabled = value->get();
        return;
    }
    constexpr std::string_view word = "delay ";
    const auto* text = node->as_string();
    const bool worded = text != nullptr && std::string_view(text->get()).starts_with(word);
    const auto delay = worded ? parse_duration(std::string_view(text->get()).substr(word.size())) : std::nullopt;
    if (delay) {
        preempt.delay = *delay;
        return;
    }
    in.problems().error(place(*node), "\"preempt\" must be true, false or \"delay DURATION\"",
                        "preempt = \"delay 30s\"");
}

void read_interval(Reader& in, Vrrp& vrrp) {
    // 12 bits of centiseconds in version 3, 8 bits of seconds in version 2 (RFC 9568 §5.2.7, RFC 3768 §5.3.7).
    const DurationRange range = vrrp.version == 2 ? DurationRange{milliseconds(10), std::chrono::seconds(255)}
                                                  : DurationRange{milliseconds(10), milliseconds(40950)};
    if (!in.duration("advert_interval", vrrp.advert_interval, range)) return;
    const Source source = in.place("advert_interval");
    if (vrrp.version == 2 && vrrp.advert_interval.count() % 1000 != 0) {
        in.problems().error(
            source, "VRRP version 2 counts whole seconds: peers would hear another interval, and both be master",
            "use version = 3, or advert_interval = \"1s\"", mistake("LVS39").code);
    } else if (vrrp.advert_interval.count() % 10 != 0) {
        in.problems().error(
            source, "VRRP version 3 counts hundredths of a second: \"advert_interval\" must be a multiple of 10ms");
    }
}

void read_secret(Reader& in, Vrrp& vrrp) {
    in.text("auth_pass", vrrp.auth_pass);
    in.text("auth_pass_file", vrrp.auth_pass_file);
    if (vrrp.auth_pass.size() > 8) {
        in.problems().error(in.place("auth_pass"),
                            "\"auth_pass\" is longer than 8 octets: only 8 are sent and compared",
                            "shorten it to the same 8 octets on every node", mistake("LVS38").code);
    }
    if (!vrrp.auth_pass.empty() && !vrrp.auth_pass_file.empty()) {
        in.problems().error(in.place("auth_pass_file"), "both \"auth_pass\" and \"auth_pass_file\" are given",
                            "remove one of them");
    }
    for (const std::string_view key : {"auth_pass", "auth_pass_file"}) {
        if (vrrp.version == 2 || !in.has(key)) continue;
        in.problems().error(in.place(key), "VRRP version 3 has no authentication by password",
                            "auth_key_file signs the advertisements; or use version = 2");
    }
    in.choice("checksum", vrrp.checksum);
    if (in.has("checksum") && vrrp.version == 2) {
        in.problems().error(in.place("checksum"), "\"checksum\" is a choice of VRRP version 3 only", "leave it out");
    }
}

void read_signature(Reader& in, Vrrp& vrrp) {
    in.text("auth_key_file", vrrp.auth_key_file);
    in.choice("auth_mode", vrrp.auth_mode);
    in.number("auth_active_key", vrrp.auth_active_key, 1, 255);
    if (in.has("auth_key_file") && !vrrp.auth_key_file.starts_with('/')) {
        in.problems().error(in.place("auth_key_file"), "\"auth_key_file\" must be an absolute path",
                            "auth_key_file = \"/etc/lbconverge/vrrp.keys\"");
    }
    for (const std::string_view key : {"auth_mode", "auth_active_key"}) {
        if (!in.has(key) || in.has("auth_key_file")) continue;
        in.problems().error(in.place(key), in_quotes(key) + " means nothing without \"auth_key_file\"",
                            "name the file of the keys, or leave it out");
    }
    for (const std::string_view key : {"auth_pass", "auth_pass_file"}) {
        if (!in.has(key) || !in.has("auth_key_file")) continue;
        in.problems().error(in.place(key), in_quotes(key) + " and \"auth_key_file\" exclude each other",
                            "leave the password out: a signature proves more");
    }
}

/// The peers that the file lists, without this node: so all nodes can have the same list.
void read_peer_list(Reader& in, Context& context, Vrrp& vrrp) {
    std::vector<std::string> peers;
    if (!in.texts("peers", peers)) return;
    const Source source = in.place("peers");
    const Node* self = context.this_node();
    bool others = false;
    for (const std::string& peer : peers) {
        const Node* node = context.find_node(peer);
        const auto address = node != nullptr ? node->address : IpAddress::parse(peer);
        const bool is_self = address && self != nullptr && self->address == address;
        others |= !is_self;
        if (address && !is_self) vrrp.peers.push_back(*address);
        if (address) continue;
        context.problems.error(
            source,
            "peer " + in_quotes(peer) +
                (node != nullptr ? " is a node without an address" : " is neither an address nor a node"),
            node != nullptr ? "give [nodes." + peer + "] an address" : "write the peer's IPv4 or IPv6 address");
    }
    if (!others) context.problems.error(source, "\"peers\" names nobody but this node", "name the other directors");
}

void read_peers(Reader& in, Context& context, Vrrp& vrrp) {
    const bool said = in.boolean("unicast", vrrp.unicast);
    if (said && in.has("peers")) {
        context.problems.error(in.place("unicast"), "\"unicast\" and \"peers\" say the same twice",
                               "unicast = true takes the peers from [nodes]; peers = […] names them: keep one");
    }
    read_peer_list(in, context, vrrp);
    std::uint8_t min_ttl = 0;
    if (in.number("min_ttl", min_ttl, 1, 255)) vrrp.min_ttl = min_ttl;
    if (in.has("min_ttl") && !vrrp.unicast && !in.has("peers")) {
        context.problems.error(in.place("min_ttl"), "\"min_ttl\" is for unicast",
                               "multicast adverts always need TTL 255: leave it out");
    }
    vrrp.unicast |= !vrrp.peers.empty();
}

/// Each announcement goes to every host of the link, so more of them would be a flood.
void check_rate(Reader& garp, const Vrrp& vrrp) {
    const auto too_soon = [](milliseconds time) { return time.count() != 0 && time < least_garp_time; };
    bool often = false;
    for (const auto& [key, time] : {std::pair("repeat", vrrp.garp_repeat), std::pair("refresh", vrrp.garp_refresh)}) {
        if (!too_soon(time)) continue;
        often = true;
        garp.problems().error(garp.place(key),
                              in_quotes(key) + " of \"garp\" must be at least " + to_text(least_garp_time) +
                                  ", or 0s: more announcements would be a flood",
                              std::string(key) + " = \"60s\"");
    }
    const milliseconds least = vrrp.garp_count * least_garp_share;
    if (often || vrrp.garp_refresh.count() == 0 || vrrp.garp_refresh >= least) return;
    garp.problems().error(garp.place("refresh"),
                          std::to_string(vrrp.garp_count) + " announcements of a VIP every " +
                              to_text(vrrp.garp_refresh) + " are a flood",
                          "a smaller \"count\", or refresh = " + in_quotes(to_text(least)) + " at least");
}

void read_garp(Reader& in, Vrrp& vrrp) {
    auto garp = in.table("garp", "\"garp\"");
    if (!garp) return;
    garp->number("count", vrrp.garp_count, 0, 100);
    garp->duration("repeat", vrrp.garp_repeat);
    garp->duration("refresh", vrrp.garp_refresh);
    check_rate(*garp, vrrp);
    garp->finish();
}

/// The node's own [[vrrp]] wins over the node's priority, which wins over the shared [[vrrp]].
void read_priority(Reader& in, bool of_node, Context& context, Vrrp& vrrp) {
    const bool own = in.number("priority", vrrp.priority, 1, 255);
    const Node* node = context.this_node();
    if (node != nullptr && node->priority && !(own && of_node)) vrrp.priority = *node->priority;
}

void read_one(const toml::table& table, bool of_node, Context& context) {
    Reader in({&table}, "a VRRP instance", context.problems);
    Vrrp vrrp;
    vrrp.source = in.place();
    vrrp.interface = context.config.interface;
    in.text("name", vrrp.name);
    if (in.number("vrid", vrrp.vrid, 1, 255) && vrrp.name.empty()) vrrp.name = "vrrp-" + std::to_string(vrrp.vrid);
    if (!in.has("vrid"))
        context.problems.error(vrrp.source, "a VRRP instance needs a vrid",
                               "a number from 1 to 255 that no other instance on the link has");
    in.interface("interface", vrrp.interface);
    if (vrrp.interface.empty() && !in.has("interface") && context.config.role != Role::real_server) {
        context.problems.error(vrrp.source, "a VRRP instance needs an interface",
                               "interface = \"eth0\", here or at the top");
    }
    read_priority(in, of_node, context, vrrp);
    in.number("version", vrrp.version, 2, 3);
    read_interval(in, vrrp);
    read_preempt(in, vrrp.preempt);
    read_secret(in, vrrp);
    read_signature(in, vrrp);
    in.address("source", vrrp.source_address);
    read_peers(in, context, vrrp);
    in.texts("track", vrrp.track);
    read_garp(in, vrrp);
    in.duration("start_delay", vrrp.start_delay);
    in.finish();
    context.config.vrrp.push_back(std::move(vrrp));
}

}  // namespace

void read_vrrp(Reader& top, Context& context) {
    const toml::table* over = top.layers().over;
    const bool of_node = over != nullptr && over->contains("vrrp");
    top.tables("vrrp", [&](const toml::table& table) { read_one(table, of_node, context); });
    top.tables("sync_group", [&](const toml::table& table) {
        Reader in({&table}, "a sync group", context.problems);
        SyncGroup group;
        group.source = in.place();
        in.text("name", group.name);
        if (!in.has("name")) context.problems.error(group.source, "a sync group needs a name");
        in.texts("members", group.members);
        if (!in.has("members"))
            context.problems.error(group.source, "a sync group needs members", "the names of VRRP instances");
        in.finish();
        context.config.sync_groups.push_back(std::move(group));
    });
}

}  // namespace lbconverge::config
