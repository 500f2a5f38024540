#include "draft.hpp"
#include "interpreter.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

namespace lbconverge::importer {

namespace {

IpAddress address_at(IpAddress first, std::uint32_t offset) {
    for (std::size_t i = first.size(); i-- > 0 && offset != 0;) {
        const std::uint32_t sum = first.bytes[i] + offset;
        first.bytes[i] = static_cast<std::uint8_t>(sum);
        offset = sum >> 8;
    }
    return first;
}

/// A service of the kernel: one address with its port, or one mark.
struct OneService {
    const ServiceBlock* from = nullptr;
    std::optional<IpAddress> vip;
    std::uint32_t port = 0;
    std::uint32_t fwmark = 0;
    Family family = Family::ipv4;
    std::string protocol;

    [[nodiscard]] auto identity() const { return std::tuple(vip, port, fwmark, family, protocol); }
};

std::string_view forward_text(const Forwarding& forwarding) { return to_text(forwarding.method); }

/// Short words for what differs from the default.
class Inline {
public:
    void add(std::string_view key, const std::string& value) {
        text_.append(text_.empty() ? "" : ", ").append(key).append(" = ").append(value);
        ++count_;
    }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] std::string table() const { return "{ " + text_ + " }"; }

private:
    std::string text_;
    std::size_t count_ = 0;
};

void add_tunnel(Inline& out, const Forwarding& forwarding) {
    if (forwarding.method != Forward::tunnel) return;
    if (!forwarding.tunnel_type.empty()) out.add("tunnel_type", toml_text(forwarding.tunnel_type));
    if (forwarding.tunnel_type == "gue" && forwarding.tunnel_port != 0) {
        out.add("tunnel_port", std::to_string(forwarding.tunnel_port));
    }
    if (!forwarding.tunnel_checksum.empty() && !forwarding.tunnel_type.empty()) {
        out.add("tunnel_checksum", toml_text(forwarding.tunnel_checksum));
    }
}

class ServiceWriter {
public:
    ServiceWriter(const NodeModel& node, Draft& draft, Remarks& remarks)
        : node_(node), draft_(draft), remarks_(remarks) {}

    void write(const ServiceBlock& service) {
        const bool serves = !service.servers.empty() || (service.sorry && !node_.of_keepalived);
        if (!serves) return say_empty(service);
        for (const OneService& each : services_of(service)) write_one(each);
    }

private:
    void say_empty(const ServiceBlock& service) {
        remarks_.lost(service.place, word_of_service(), "has no real servers: it is left out, as before",
                      "add real servers");
    }

    [[nodiscard]] std::string word_of_service() const { return node_.of_keepalived ? "virtual_server" : "virtual"; }

    [[nodiscard]] std::string protocol_of(const ServiceBlock& service) const {
        if (!service.protocol.empty()) return service.protocol;
        remarks_.changed(service.place, "virtual_server",
                         "has no protocol: keepalived takes UDP, and so does the result", "protocol = \"tcp\"");
        return "udp";
    }

    std::vector<OneService> services_of(const ServiceBlock& service) {
        std::vector<OneService> all;
        const auto add = [&](const ServiceTarget& target) {
            if (!target.first) {
                OneService one{&service, {}, 0, target.fwmark, family_of(service, target), {}};
                return all.push_back(std::move(one));
            }
            const std::string protocol = protocol_of(service);
            for (std::uint32_t i = 0; i < target.count; ++i) {
                const IpAddress address = address_at(*target.first, i);
                all.push_back({&service, address, target.port, 0, address.family, protocol});
            }
        };
        for (const ServiceTarget& each : targets_of(service)) add(each);
        return all;
    }

    /// Those of the service, or of its group.
    const std::vector<ServiceTarget>& targets_of(const ServiceBlock& service) {
        if (service.group.empty()) return service.targets;
        static const std::vector<ServiceTarget> none;
        const auto group = node_.target_groups.find(service.group);
        const bool found = group != node_.target_groups.end() && !group->second.empty();
        if (found && !contradicts(group->second)) return group->second;
        const std::string what = found ? " has IPv4, IPv6 and a mark without a family: keepalived removes it"
                                       : " has no entries: keepalived removes the service";
        remarks_.broken(service.place, "virtual_server", "virtual_server_group " + quoted(service.group) + what,
                        found ? "fwmark N inet, or inet6" : "");
        return none;
    }

    /// A group of both families in which a mark could be of either.
    static bool contradicts(const std::vector<ServiceTarget>& group) {
        const auto has = [&](auto is) { return std::any_of(group.begin(), group.end(), is); };
        const auto of = [](Family family) {
            return [family](const ServiceTarget& each) {
                return (each.first ? std::optional(each.first->family) : each.family) == family;
            };
        };
        return has(of(Family::ipv4)) && has(of(Family::ipv6)) &&
               has([](const ServiceTarget& each) { return !each.first && !each.family; });
    }

    /// Some address of the service has no port; then keepalived makes the whole group persistent.
    bool lacks_port(const ServiceBlock& service) {
        const auto& targets = targets_of(service);
        return std::any_of(targets.begin(), targets.end(),
                           [](const ServiceTarget& each) { return each.first && each.port == 0; });
    }

    static Family family_of(const ServiceBlock& service, const ServiceTarget& target) {
        if (target.family) return *target.family;
        if (service.family) return *service.family;
        return service.servers.empty() ? Family::ipv4 : service.servers.front().address.family;
    }

    void write_one(const OneService& one) {
        if (seen_.contains(one.identity())) {
            return remarks_.lost(one.from->place, word_of_service(), "is there already: keepalived adds it once",
                                 "put all real servers into one block");
        }
        TomlTable table;
        table.place = one.from->place;
        if (one.vip) table.comments = one.from->comments;
        set_identity(one, table);
        set_options(one, table);
        set_servers(one, table);
        const bool ignored = node_.of_keepalived && one.from->group.empty() && table.get("real_servers").empty();
        if (ignored) return say_empty(*one.from);
        seen_.insert(one.identity());
        if (join(table)) return;
        draft_.service.push_back(std::move(table));
    }

    /// Services that differ in nothing but the port are one table with a list of ports.
    bool join(const TomlTable& table) {
        if (draft_.service.empty() || table.get("port").empty()) return false;
        TomlTable& last = draft_.service.back();
        TomlTable a = last;
        TomlTable b = table;
        a.drop("port");
        b.drop("port");
        const bool commented = !table.comments.above.empty() || !table.comments.behind.empty();
        if (commented || !(a == b)) return false;
        for (auto& [key, value] : last.keys) {
            if (key != "port") continue;
            const std::string before = value.starts_with('[') ? value.substr(1, value.size() - 2) : value;
            value = "[" + before + ", " + std::string(table.get("port")) + "]";
        }
        return true;
    }

    static void set_identity(const OneService& one, TomlTable& table) {
        if (!one.vip) {
            table.set("fwmark", std::to_string(one.fwmark));
            if (one.family == Family::ipv6) table.set("family", "\"ipv6\"");
            return;
        }
        table.set("vip", toml_text(to_text(*one.vip)));
        table.set("port", std::to_string(one.port));
        if (one.protocol != "tcp") table.set("protocol", toml_text(one.protocol));
    }

    static Forwarding forwarding_of(const ServiceBlock& service) { return service.forwarding.value_or(Forwarding{}); }

    void set_options(const OneService& one, TomlTable& table) {
        const ServiceBlock& service = *one.from;
        if (!service.scheduler.empty() && service.scheduler != "wlc") {
            table.set("scheduler", toml_text(service.scheduler));
        }
        set_flags(service, table);
        const Forwarding forwarding = forwarding_of(service);
        if (forwarding.method != Forward::direct) table.set("forward", toml_text(forward_text(forwarding)));
        set_persistence(one, table);
        const bool one_packet = service.one_packet && (!one.vip || one.protocol == "udp");
        if (one_packet) table.set("one_packet", "true");
        if (service.one_packet && !one_packet) {
            remarks_.broken(service.place, "ops", "is for UDP only: keepalived ignores it", "protocol UDP");
        }
        if (drains(service)) table.set("on_down", "\"drain\"");
        set_quorum(service, table);
    }

    /// Without a word, mh and sh have no fallback in keepalived.
    void set_flags(const ServiceBlock& service, TomlTable& table) {
        std::vector<std::string> flags;
        for (const std::string& each : service.flags) {
            const std::string_view scheduler = service.scheduler;
            const bool fits = each.starts_with("flag-") || (each.starts_with(scheduler) && scheduler.size() == 2);
            if (fits) flags.push_back(each);
            if (!fits) remarks_.broken(service.place, each, "is no flag of this scheduler: it is left out");
        }
        const bool hashes = service.scheduler == "mh" || service.scheduler == "sh";
        const bool usual = flags == std::vector<std::string>{service.scheduler + "-fallback"};
        if (hashes ? !usual : !flags.empty()) table.set("scheduler_flags", toml_list(flags));
    }

    void set_persistence(const OneService& one, TomlTable& table) {
        const ServiceBlock& service = *one.from;
        auto persistence = service.persistence;
        if (!persistence && lacks_port(service)) {
            persistence = 360;
            remarks_.changed(service.place, "virtual_server",
                             "port 0 needs persistence: keepalived takes 360 seconds, and so does the result",
                             "persistence = \"…\", or a port");
        }
        if (!persistence) return;
        table.set("persistence", toml_time(*persistence * second));
        set_mask(one, table);
        if (!service.persistence_engine.empty()) table.set("persistence_engine", toml_text(service.persistence_engine));
    }

    void set_mask(const OneService& one, TomlTable& table) {
        const std::string& mask = one.from->persistence_mask;
        if (mask.empty() || mask == "255.255.255.255" || mask == "32" || mask == "128") return;
        const bool number = mask.size() < 4 && mask.find_first_not_of("0123456789") == mask.npos;
        const auto address = IpAddress::parse(mask);
        if (number && one.family == Family::ipv4 && node_.of_keepalived) {
            remarks_.changed(one.from->place, "persistence_granularity",
                             quoted(mask) + " is the mask 0.0.0." + mask + " for keepalived; the result has /" + mask,
                             "a mask such as 255.255.255.0");
        }
        if (number && std::stoul(mask) >= 1 && std::stoul(mask) < (one.family == Family::ipv4 ? 32u : 128u)) {
            table.set("persistence_mask", mask);
        } else if (address && address->family == Family::ipv4 && one.family == Family::ipv4 && is_mask(*address)) {
            table.set("persistence_mask", toml_text(mask));
        } else {
            remarks_.broken(one.from->place, "persistence_granularity", quoted(mask) + " is no mask: it is left out");
        }
    }

    static bool is_mask(const IpAddress& mask) {
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 4; ++i) bits = bits << 8 | mask.bytes[i];
        return bits != 0 && (~bits & (~bits + 1)) == 0;
    }

    /// The fewest servers that have that weight, the lightest ones first.
    static std::uint32_t servers_for(std::uint64_t weight, const std::vector<std::uint32_t>& weights) {
        std::uint64_t sum = 0;
        std::uint32_t count = 0;
        for (const std::uint32_t each : weights) {
            if (sum >= weight) break;
            sum += each;
            ++count;
        }
        return count;
    }

    /// keepalived counts weight, and we count servers.
    void set_quorum(const ServiceBlock& service, TomlTable& table) {
        std::vector<std::uint32_t> weights;
        for (const ServerBlock& each : service.servers) {
            if (each.weight != 0) weights.push_back(each.weight);
        }
        std::sort(weights.begin(), weights.end());
        const std::uint64_t total = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
        std::uint64_t quorum = service.quorum;
        if (quorum > total && total != 0) {
            quorum = total;
            remarks_.changed(service.quorum_place, "quorum",
                             "is more than all real servers weigh: keepalived takes " + std::to_string(total) +
                                 ", and so does the result",
                             "quorum of as many servers as must be up");
        }
        const std::uint32_t count = std::max<std::uint32_t>(1, servers_for(quorum, weights));
        const bool even = weights.empty() || weights.front() == weights.back();
        if (quorum > 1 && (!even || weights.front() != 1)) {
            remarks_.changed(service.quorum_place, "quorum",
                             "a weight of " + std::to_string(quorum) + " becomes " + std::to_string(count) +
                                 " servers: a quorum counts servers here",
                             "quorum = number of servers that must be up");
        }
        if (count > 1) table.set("quorum", std::to_string(count));
        set_hysteresis(service, quorum, count, weights, table);
    }

    void set_hysteresis(const ServiceBlock& service, std::uint64_t quorum, std::uint32_t count,
                        const std::vector<std::uint32_t>& weights, TomlTable& table) {
        const std::uint64_t weight = std::min<std::uint64_t>(service.hysteresis, quorum - 1);
        if (weight != service.hysteresis) {
            remarks_.changed(
                service.quorum_place, "hysteresis",
                "is not below the quorum: keepalived takes " + std::to_string(weight) + ", and so does the result",
                "a hysteresis below the quorum");
        }
        const std::uint32_t all = std::max(count, servers_for(quorum + weight, weights));
        if (all != count) table.set("hysteresis", std::to_string(all - count));
    }

    /// What the file calls that server.
    [[nodiscard]] std::string word_of(const OneService& one, const ServerBlock& server) const {
        const bool sorry = one.from->sorry && &*one.from->sorry == &server;
        if (node_.of_keepalived) return sorry ? "sorry_server" : "real_server";
        return sorry ? "fallback" : "real";
    }

    /// The port of a real server in the file; 0: that of the service.
    std::uint32_t port_of(const OneService& one, const ServerBlock& server, const Forwarding& forwarding) {
        if (server.port == 0 && !one.from->group.empty() && one.port != 0 && forwarding.method == Forward::masquerade) {
            remarks_.changed(
                server.place, word_of(one, server),
                "has no port: its row in the kernel has the port of the service, and not 0; packets go the "
                "same way",
                "nothing is needed");
        }
        if (server.port == 0 || server.port == one.port) return 0;
        if (forwarding.method == Forward::masquerade) return server.port;
        if (one.vip) {
            remarks_.changed(server.place, word_of(one, server),
                             "has another port than its service, which only NAT can do: the port of the service is "
                             "used, as the kernel does",
                             "the port of the service, or masquerading");
        }
        return 0;
    }

    bool fits(const OneService& one, const ServerBlock& server, const Forwarding& forwarding) {
        const IpAddress& address = server.address;
        constexpr IpAddress broadcast{Family::ipv4, {255, 255, 255, 255}};
        const bool of_a_link = address.family == Family::ipv6 && address.is_link_local();
        const bool host = !address.is_unspecified() && !address.is_multicast() && address != broadcast && !of_a_link;
        const bool family = address.family == one.family || forwarding.method == Forward::tunnel;
        if (!host || !family) {
            remarks_.lost(server.place, word_of(one, server),
                          to_text(address) +
                              (host ? " is of another address family than its service" : " is no address of a host"),
                          host ? "lvs_method TUN, or a service of that family" : "the server's own address");
        }
        return host && family;
    }

    void set_servers(const OneService& one, TomlTable& table) {
        const ServiceBlock& service = *one.from;
        const Forwarding usual = forwarding_of(service);
        std::vector<const ServerBlock*> servers;
        std::vector<std::string> checks;
        std::set<std::pair<IpAddress, std::uint32_t>> seen;
        for (const ServerBlock& each : service.servers) {
            const Forwarding forwarding = each.forwarding.value_or(usual);
            if (!fits(one, each, forwarding)) continue;
            const std::uint32_t port = port_of(one, each, forwarding);
            if (!seen.emplace(each.address, port).second) {
                remarks_.lost(each.place, word_of(one, each), "is there already: the first one counts",
                              "weight = 2 gives a server twice the share");
                continue;
            }
            say_inhibit(service, each);
            servers.push_back(&each);
            checks.push_back(check_of(one, each, port));
        }
        const bool common = !checks.empty() && std::all_of(checks.begin(), checks.end(),
                                                           [&](const std::string& each) { return each == checks[0]; });
        if (common && !checks[0].empty()) table.set("check", checks[0]);
        set_fallback(one, usual, table);
        std::vector<std::string> texts;
        std::vector<const Comments*> comments;
        for (std::size_t i = 0; i < servers.size(); ++i) {
            texts.push_back(server_text(one, *servers[i], usual, common ? std::string() : checks[i]));
            comments.push_back(&servers[i]->comments);
        }
        if (!texts.empty()) table.set("real_servers", list_of(texts, comments));
        if (!checks.empty() && draft_.ipvs.keys.empty()) note_checks(service, checks);
    }

    /// What lbconverge does otherwise about servers that fail; said once for the file.
    void note_checks(const ServiceBlock& service, const std::vector<std::string>& checks) {
        if (std::all_of(checks.begin(), checks.end(), [](const std::string& each) { return each.empty(); })) return;
        draft_.ipvs.set("keep", "\"0%\"");
        const std::string block = word_of_service();
        remarks_.changed(service.place, block,
                         "keep = \"0%\": as before, every server that fails its check leaves the pool",
                         "without it half of a pool stays, because a check that fails everywhere is more likely wrong");
        if (!node_.of_keepalived) return;
        remarks_.changed(service.place, block,
                         "when the daemon starts, a server that is not in the kernel waits for its first answer; "
                         "without alpha keepalived takes it for up",
                         "nothing is needed");
    }

    /// Most files say it for each server.
    static bool drains(const ServiceBlock& service) {
        return std::all_of(service.servers.begin(), service.servers.end(),
                           [&](const ServerBlock& each) { return each.inhibit.value_or(service.inhibit); });
    }

    void say_inhibit(const ServiceBlock& service, const ServerBlock& server) {
        const bool all = drains(service);
        if (server.inhibit.value_or(service.inhibit) == all) return;
        remarks_.changed(server.place, "inhibit_on_failure",
                         "only some servers of this service have it; here it counts for the whole service, so a "
                         "server that fails leaves the pool",
                         "on_down = \"drain\" of the [[service]]");
    }

    std::string check_of(const OneService& one, const ServerBlock& server, std::uint32_t port) {
        const std::uint32_t effective = port != 0 ? port : one.port;
        return draft_check(*one.from, server, effective, node_, remarks_);
    }

    std::string server_text(const OneService& one, const ServerBlock& server, const Forwarding& usual,
                            const std::string& check) {
        const Forwarding forwarding = server.forwarding.value_or(usual);
        const std::uint32_t port = port_of(one, server, forwarding);
        const std::string address =
            port != 0 ? with_port(server.address, static_cast<std::uint16_t>(port)) : to_text(server.address);
        Inline table;
        table.add("address", toml_text(address));
        if (server.weight != 1) table.add("weight", std::to_string(server.weight));
        if (forwarding.method != usual.method) table.add("forward", toml_text(forward_text(forwarding)));
        add_tunnel(table, forwarding);
        if (server.lower > server.upper) {
            remarks_.lost(server.place, "lthreshold", "is above uthreshold, which the kernel refuses", "uthreshold");
        }
        const bool lower = server.lower != 0 && server.lower <= server.upper;
        if (server.upper != 0) table.add("upper_threshold", std::to_string(server.upper));
        if (lower) table.add("lower_threshold", std::to_string(server.lower));
        if (!check.empty()) table.add("check", check);
        return table.count() == 1 ? toml_text(address) : table.table();
    }

    void set_fallback(const OneService& one, const Forwarding& usual, TomlTable& table) {
        const auto& sorry = one.from->sorry;
        if (!sorry || !fits(one, *sorry, sorry->forwarding.value_or(usual))) return;
        table.set("fallback", server_text(one, *sorry, usual, {}));
    }

    /// On one line if it fits and has no comments.
    static std::string list_of(const std::vector<std::string>& texts, const std::vector<const Comments*>& comments) {
        std::string line = "[";
        bool plain = true;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            line.append(i == 0 ? "" : ", ").append(texts[i]);
            plain = plain && comments[i]->above.empty() && comments[i]->behind.empty();
        }
        constexpr std::size_t width = 100;
        if (plain && line.size() < width) return line + "]";
        std::string lines = "[\n";
        for (std::size_t i = 0; i < texts.size(); ++i) {
            for (const std::string& each : comments[i]->above) lines += "    # " + each + "\n";
            lines += "    " + texts[i] + ",";
            if (!comments[i]->behind.empty()) lines += "  # " + comments[i]->behind;
            lines += "\n";
        }
        return lines + "]";
    }

    const NodeModel& node_;
    Draft& draft_;
    Remarks& remarks_;
    std::set<decltype(OneService{}.identity())> seen_;
};

/// A server says itself what its service says for all.
ServerBlock on_its_own(const ServiceBlock& service, ServerBlock server) {
    const auto take = [](auto& own, const auto& usual) {
        if (!own) own = usual;
    };
    take(server.forwarding, std::optional(service.forwarding.value_or(Forwarding{})));
    take(server.inhibit, std::optional(service.inhibit));
    take(server.times.loop, service.times.loop);
    take(server.times.timeout, service.times.timeout);
    take(server.times.retry, service.times.retry);
    if (server.host.empty()) server.host = service.host;
    return server;
}

/// keepalived adds a service that is there already once more, which the kernel refuses, and then its servers, which the
/// kernel takes.
void merge_twins(NodeModel& node, Remarks& remarks) {
    std::map<std::tuple<std::optional<IpAddress>, std::uint32_t, std::uint32_t, std::optional<Family>, std::string>,
             ServiceBlock*>
        first;
    for (ServiceBlock& each : node.services) {
        if (!each.group.empty() || each.targets.size() != 1 || each.servers.empty()) continue;
        const ServiceTarget& target = each.targets.front();
        const auto family = target.first ? std::nullopt : target.family ? target.family : each.family;
        const std::string protocol = !target.first ? "" : each.protocol.empty() ? "udp" : each.protocol;
        const auto [twin, is_new] =
            first.try_emplace({target.first, target.port, target.fwmark, family, protocol}, &each);
        if (is_new) continue;
        remarks.changed(each.place, "virtual_server",
                        "is there already: its real servers belong to the first one, as with keepalived",
                        "put all real servers into one block");
        for (ServerBlock& server : each.servers) twin->second->servers.push_back(on_its_own(each, std::move(server)));
        each.targets.clear();
    }
    std::erase_if(node.services, [](const ServiceBlock& each) { return each.group.empty() && each.targets.empty(); });
}

}  // namespace

void draft_services(NodeModel& node, Draft& draft, Remarks& remarks) {
    if (node.of_keepalived) merge_twins(node, remarks);
    ServiceWriter writer(node, draft, remarks);
    for (const ServiceBlock& each : node.services) writer.write(each);
}

}  // namespace lbconverge::importer
