#include "nft_frame.hpp"

#include "lbconverge/kinds/nft.hpp"

#include <algorithm>

namespace lbconverge::kinds {

namespace {

/// All frames that may be in the table of that family.
std::vector<NftFrame> frames_of(std::string_view family) {
    if (family == "arp") return {arp_filter_frame()};
    const Family which = family == "ip" ? Family::ipv4 : Family::ipv6;
    return {redirect_frame(which), mark_frame(which)};
}

/// As NftTable::Set::type says it.
std::string type_of(const NftSet& set) {
    std::string text;
    for (const char each : set.key) {
        if (each == '.') {
            text.pop_back();  // of " . "
        } else {
            text += each;
        }
    }
    return set.value.empty() ? text : text.append(" : ").append(set.value);
}

bool knows_set(const NftFrame& frame, std::string_view name, std::string_view type) {
    return std::ranges::any_of(frame.sets,
                               [&](const NftSet& each) { return each.name == name && type_of(each) == type; });
}

bool knows_chain(const NftFrame& frame, std::string_view name, std::string_view base) {
    return std::ranges::any_of(frame.chains,
                               [&](const NftChain& each) { return each.name == name && each.base == base; });
}

/// Everything in the table is ours.
bool is_as_made(const wire::NftTable& table) {
    const std::vector<NftFrame> frames = frames_of(table.family);
    const auto known_set = [&](const auto& set) {
        return std::ranges::any_of(frames,
                                   [&](const NftFrame& frame) { return knows_set(frame, set.first, set.second.type); });
    };
    const auto known_chain = [&](const auto& chain) {
        return std::ranges::any_of(
            frames, [&](const NftFrame& frame) { return knows_chain(frame, chain.first, chain.second.base); });
    };
    return table.plain && std::ranges::all_of(table.sets, known_set) && std::ranges::all_of(table.chains, known_chain);
}

std::string element_words(const NftSet& set, const std::vector<std::string>& element) {
    std::string text;
    for (std::size_t i = 0; i < element.size(); ++i) {
        const bool value = !set.value.empty() && i + 1 == element.size();
        if (i != 0) text.append(value ? " : " : " . ");
        text.append(element[i]);
    }
    return text;
}

NftSet destinations(std::string_view name, std::string_view value, Family family) {
    const std::string address = family == Family::ipv4 ? "ipv4_addr" : "ipv6_addr";
    return {name, address + " . inet_proto . inet_service", value};
}

std::string rule_of(std::string_view deed, std::string_view map, Family family) {
    std::string text = "meta l4proto { tcp, udp, sctp } ";
    text.append(deed).append(" ").append(nft_family(family)).append(" daddr . meta l4proto . th dport map @");
    return text.append(map);
}

}  // namespace

std::string nft_family(Family family) { return family == Family::ipv4 ? "ip" : "ip6"; }

std::string nft_element(std::string_view verb, std::string_view family, std::string_view set, std::string_view words) {
    std::string text(verb);
    text.append(" element ").append(family).append(" ").append(wire::nft_name).append(" ").append(set);
    return text.append(" { ").append(words).append(" }\n");
}

std::string NftFrame::commands() const {
    const std::string table = family + " " + std::string(wire::nft_name);
    std::string text = "add table " + table + "\n";
    for (const NftSet& each : sets) {
        text.append(each.value.empty() ? "add set " : "add map ").append(table).append(" ").append(each.name);
        text.append(" { type ").append(each.key);
        if (!each.value.empty()) text.append(" : ").append(each.value);
        text.append("; }\n");
    }
    for (const NftChain& each : chains) {
        const std::string chain = table + " " + std::string(each.name);
        text.append("add chain ").append(chain).append(" { ").append(each.made).append("; policy accept; }\n");
        text.append("flush chain ").append(chain).append("\nadd rule ").append(chain).append(" ").append(each.rule);
        text.append(" comment \"").append(wire::nft_name).append("\"\n");
    }
    return text;
}

bool NftFrame::enforced(const wire::NftTable& table) const {
    return is_as_made(table) && std::ranges::all_of(chains, [&](const NftChain& each) {
               const auto at = table.chains.find(each.name);
               if (at == table.chains.end() || at->second.rules != 1 || at->second.ours != 1) return false;
               const auto& words = at->second.words;
               return std::ranges::all_of(each.words, [&](std::string_view word) {
                   return std::find(words.begin(), words.end(), word) != words.end();
               });
           });
}

NftFrame arp_filter_frame() {
    return {.family = "arp",
            .sets = {{"vips", "ipv4_addr", ""}, {"sources", "ipv4_addr", "ipv4_addr"}},
            .chains = {{.name = "in",
                        .made = "type filter hook input priority 0",
                        .base = "filter input 0 accept",
                        .rule = "arp daddr ip @vips drop",
                        .words = {"@vips", "drop"}},
                       {.name = "out",
                        .made = "type filter hook output priority 0",
                        .base = "filter output 0 accept",
                        .rule = "arp saddr ip set arp saddr ip map @sources",
                        .words = {"mangle", "@sources"}}}};
}

NftFrame redirect_frame(Family family) {
    return {.family = nft_family(family),
            .sets = {destinations("ports", "inet_service", family)},
            .chains = {{.name = "in",
                        .made = "type nat hook prerouting priority dstnat",
                        .base = "nat prerouting -100 accept",
                        .rule = rule_of("redirect to :", "ports", family),
                        .words = {"redirect", "@ports"}}}};
}

NftFrame mark_frame(Family family) {
    return {.family = nft_family(family),
            .sets = {destinations("marks", "mark", family)},
            .chains = {{.name = "marking",
                        .made = "type filter hook prerouting priority mangle",
                        .base = "filter prerouting -150 accept",
                        .rule = rule_of("meta mark set", "marks", family),
                        .words = {"mangle", "@marks"}}}};
}

std::string nft_repair(const wire::NftTable& table) {
    if (is_as_made(table)) return {};
    std::string text = "delete table " + table.family + " " + std::string(wire::nft_name) + "\n";
    for (const NftFrame& frame : frames_of(table.family)) {
        std::string elements;
        for (const NftSet& set : frame.sets) {
            const auto at = table.sets.find(set.name);
            if (at == table.sets.end() || at->second.type != type_of(set)) continue;
            for (const auto& each : at->second.elements) {
                elements += nft_element("add", frame.family, set.name, element_words(set, each));
            }
        }
        if (!elements.empty()) text += frame.commands() + elements;
    }
    return text;
}

bool uses_nftables(const config::Config& config) {
    if (config.role == Role::real_server) {
        const auto redirects = [](const config::Vip& vip) { return vip.accept == config::Accept::redirect; };
        return config.arp.method == config::ArpMethod::filter || std::ranges::any_of(config.vips, redirects);
    }
    return std::ranges::any_of(config.services, [](const config::Service& each) { return !each.marks.empty(); });
}

}  // namespace lbconverge::kinds
