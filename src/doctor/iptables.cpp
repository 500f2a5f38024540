// iptables as the kernel keeps it: a table is one block of entries (linux/netfilter_ipv4/ip_tables.h). All reads are
// checked against the bounds of the block, since a later kernel may write it differently.
#include "lbconverge/doctor/firewall.hpp"
#include "lbconverge/model/fields.hpp"

#include <linux/netfilter.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>

#include <algorithm>
#include <cstring>
#include <map>

namespace lbconverge::doctor {

namespace {

/// One table as the kernel hands it over.
class IptablesTable {
public:
    IptablesTable(std::span<const std::byte> info, std::span<const std::byte> entries) : entries_(entries) {
        std::memcpy(&info_, info.data(), std::min(info.size(), sizeof info_));
        info_.name[sizeof info_.name - 1] = '\0';
    }

    void add_to(Firewall& firewall) {
        const std::string table = info_.name;
        FilterChain* chain = nullptr;
        std::vector<FilterChain> chains;
        chains.reserve(64);
        for (std::uint32_t offset = 0; const ipt_entry* entry = at(offset); offset += entry->next_offset) {
            const xt_entry_target* target = target_of(*entry);
            if (target == nullptr) return;
            const std::string name = head_of(offset, *target);
            if (!name.empty()) {
                chain = &chains.emplace_back();
                chain->layer = Layer::ipv4;
                chain->table = "iptables " + table;
                chain->name = name;
                chain->hook = hook_of(name);
                chain->insert = "iptables -t " + table + " -I " + name;
                starts_[offset] = name;
            }
            const bool user_chain = !name.empty() && std::strcmp(target->u.user.name, XT_ERROR_TARGET) == 0;
            if (chain == nullptr || user_chain) continue;
            chain->rules.push_back(rule_of(*entry, *target));
            // A rule without target "jumps" to the entry behind it.
            FilterRule& rule = chain->rules.back();
            if (rule.target == "@" + std::to_string(offset + entry->next_offset)) rule.verdict = Verdict::next;
            rule.place = chain->table + " " + chain->name + " rule " + std::to_string(chain->rules.size());
        }
        for (FilterChain& each : chains) finish(each);
        for (FilterChain& each : chains) firewall.chains.push_back(std::move(each));
    }

private:
    [[nodiscard]] const ipt_entry* at(std::uint32_t offset) const {
        if (offset + sizeof(ipt_entry) > entries_.size()) return nullptr;
        const auto* entry = reinterpret_cast<const ipt_entry*>(entries_.data() + offset);
        const bool fits = entry->next_offset >= sizeof(ipt_entry) && offset + entry->next_offset <= entries_.size() &&
                          entry->target_offset >= sizeof(ipt_entry) &&
                          entry->target_offset + sizeof(xt_entry_target) <= entry->next_offset;
        return fits ? entry : nullptr;
    }

    static const xt_entry_target* target_of(const ipt_entry& entry) {
        return reinterpret_cast<const xt_entry_target*>(reinterpret_cast<const std::byte*>(&entry) +
                                                        entry.target_offset);
    }

    /// The name of the chain that begins here: that of a hook, or that of a user's chain, which begins with an ERROR
    /// target.
    [[nodiscard]] std::string head_of(std::uint32_t offset, const xt_entry_target& target) const {
        constexpr const char* hooks[] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"};
        for (unsigned i = 0; i < NF_INET_NUMHOOKS; ++i) {
            if ((info_.valid_hooks & 1U << i) != 0 && info_.hook_entry[i] == offset) return hooks[i];
        }
        if (std::strcmp(target.u.user.name, XT_ERROR_TARGET) != 0) return {};
        const auto* error = reinterpret_cast<const xt_error_target*>(&target);
        return std::string(error->errorname, ::strnlen(error->errorname, sizeof error->errorname));
    }

    static FilterHook hook_of(const std::string& name) {
        if (name == "PREROUTING") return FilterHook::prerouting;
        if (name == "INPUT") return FilterHook::input;
        return name == "FORWARD" || name == "OUTPUT" || name == "POSTROUTING" ? FilterHook::other : FilterHook::none;
    }

    static std::uint8_t prefix_of(const in_addr& mask) {
        return static_cast<std::uint8_t>(__builtin_popcount(mask.s_addr));
    }

    static std::optional<AddressAndPrefix> net_of(const in_addr& address, const in_addr& mask) {
        if (mask.s_addr == 0) return std::nullopt;
        return AddressAndPrefix{IpAddress::from_bytes(Family::ipv4, reinterpret_cast<const std::uint8_t*>(&address)),
                                prefix_of(mask), true};
    }

    static FilterRule rule_of(const ipt_entry& entry, const xt_entry_target& target) {
        FilterRule rule;
        const ipt_ip& ip = entry.ip;
        rule.understood = ip.invflags == 0 && (ip.flags & IPT_F_FRAG) == 0 && ip.outiface[0] == '\0';
        if (ip.proto != 0) rule.protocol = static_cast<std::uint8_t>(ip.proto);
        rule.from_some = ip.smsk.s_addr != 0;
        if (const auto net = net_of(ip.dst, ip.dmsk)) rule.destinations = {*net};
        // A mask that ends before the NUL of the name means a prefix, as "eth+".
        const std::size_t length = ::strnlen(ip.iniface, IFNAMSIZ);
        const bool whole_name = length == 0 || ip.iniface_mask[length] != 0;
        if (whole_name) rule.interface = InterfaceName(std::string_view(ip.iniface, length));
        rule.understood = rule.understood && whole_name;
        const auto* bytes = reinterpret_cast<const std::byte*>(&entry);
        for (std::size_t at = sizeof entry; at + sizeof(xt_entry_match) <= entry.target_offset;) {
            const auto* match = reinterpret_cast<const xt_entry_match*>(bytes + at);
            if (match->u.match_size < sizeof *match) break;
            add_match(*match, rule);
            at += match->u.match_size;
        }
        add_target(target, rule);
        return rule;
    }

    static void add_match(const xt_entry_match& match, FilterRule& rule) {
        const std::string_view name = match.u.user.name;
        if (name == "tcp") {
            const auto* tcp = reinterpret_cast<const xt_tcp*>(match.data);
            const bool plain = tcp->invflags == 0 && tcp->option == 0 && tcp->flg_mask == 0 && tcp->spts[0] == 0;
            rule.understood = rule.understood && plain;
            rule.ports.emplace_back(tcp->dpts[0], tcp->dpts[1]);
        } else if (name == "udp") {
            const auto* udp = reinterpret_cast<const xt_udp*>(match.data);
            rule.understood = rule.understood && udp->invflags == 0 && udp->spts[0] == 0;
            rule.ports.emplace_back(udp->dpts[0], udp->dpts[1]);
        } else if (name == "multiport" && match.u.user.revision == 1) {
            const auto* ports = reinterpret_cast<const xt_multiport_v1*>(match.data);
            rule.understood = rule.understood && ports->invert == 0 && ports->flags == XT_MULTIPORT_DESTINATION;
            for (int i = 0; i < ports->count && i < XT_MULTI_PORTS; ++i) {
                const std::uint16_t last = ports->pflags[i] != 0 ? ports->ports[i + 1] : ports->ports[i];
                rule.ports.emplace_back(ports->ports[i], last);
                if (ports->pflags[i] != 0) ++i;
            }
        } else if (name == "conntrack" && match.u.user.revision == 3) {
            const auto* state = reinterpret_cast<const xt_conntrack_mtinfo3*>(match.data);
            add_states(state->state_mask, rule);
            const bool plain = state->match_flags == XT_CONNTRACK_STATE && state->invert_flags == 0;
            rule.understood = rule.understood && plain;
        } else if (name == "state" && match.u.user.revision == 0) {
            add_states(reinterpret_cast<const xt_state_info*>(match.data)->statemask, rule);
        } else if (name != "comment") {
            rule.understood = false;
        }
    }

    static void add_states(unsigned mask, FilterRule& rule) {
        constexpr unsigned state_new = 1U << 3;  // XT_CONNTRACK_STATE_BIT(IP_CT_NEW)
        rule.not_new = rule.not_new || (mask & state_new) == 0;
    }

    static void add_target(const xt_entry_target& target, FilterRule& rule) {
        const std::string_view name = target.u.user.name;
        if (name.empty()) {  // XT_STANDARD_TARGET
            const int verdict = reinterpret_cast<const xt_standard_target&>(target).verdict;
            if (verdict == -NF_ACCEPT - 1) {
                rule.verdict = Verdict::accept;
            } else if (verdict == -NF_DROP - 1) {
                rule.verdict = Verdict::drop;
            } else if (verdict == XT_RETURN) {
                rule.verdict = Verdict::back;
            } else if (verdict >= 0) {
                rule.verdict = Verdict::jump;
                rule.target = "@" + std::to_string(verdict);  // an offset, which finish() replaces by a name
            } else {
                rule.verdict = Verdict::unknown;
            }
        } else if (name == "REJECT") {
            rule.verdict = Verdict::drop;
        } else if (name == "MARK" && target.u.user.revision == 2) {
            const auto* mark = reinterpret_cast<const xt_mark_tginfo2*>(target.data);
            rule.mark = mark->mark;
        } else if (name == "CONNMARK" || name == "MARK" || name == "SET") {
            rule.sets_unknown_mark = true;
        } else if (name != "LOG" && name != "NFLOG" && name != "TCPMSS" && name != "CT" && name != XT_ERROR_TARGET) {
            rule.verdict = Verdict::unknown;
        }
    }

    /// The last rule of a hook's chain is its policy. A jump leads to the first rule after the head of a user's chain.
    void finish(FilterChain& chain) const {
        if (chain.hook != FilterHook::none && !chain.rules.empty()) {
            chain.policy = chain.rules.back().verdict;
            chain.rules.pop_back();
        }
        for (FilterRule& rule : chain.rules) {
            std::uint32_t offset = 0;
            if (!rule.target.starts_with('@') || !from_text(std::string_view(rule.target).substr(1), offset)) continue;
            const auto head = starts_.lower_bound(offset);
            if (head != starts_.begin()) rule.target = std::prev(head)->second;
        }
    }

    ipt_getinfo info_{};
    std::span<const std::byte> entries_;
    std::map<std::uint32_t, std::string> starts_;  ///< of chains, by the offset of their first entry
};

}  // namespace

void parse_iptables(std::span<const std::byte> info, std::span<const std::byte> entries, Firewall& firewall) {
    IptablesTable(info, entries).add_to(firewall);
}

}  // namespace lbconverge::doctor
