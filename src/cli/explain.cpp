#include "explain.hpp"

#include "format.hpp"
#include "print.hpp"
#include "task.hpp"

#include <algorithm>
#include <cctype>

namespace lbconverge::cli {

using namespace kinds;

namespace {

/// The address as a whole word: 10.0.0.1 does not occur in "10.0.0.10:80".
bool occurs_in(const std::string& address, const std::string& id) {
    const auto part_of_address = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == '.'; };
    for (std::size_t at = id.find(address); at != std::string::npos; at = id.find(address, at + 1)) {
        const std::size_t end = at + address.size();
        const bool starts = at == 0 || !(part_of_address(id[at - 1]) || id[at - 1] == ':');
        // After an IPv4 address, a colon begins the port. In an IPv6 address, it begins the next part of the address.
        const bool ipv6 = address.find(':') != std::string::npos;
        const bool ends = end == id.size() || !(part_of_address(id[end]) || (ipv6 && id[end] == ':'));
        if (starts && ends) return true;
    }
    return false;
}

/// What an owner means, for people.
constexpr std::string_view meaning_of(Owner owner) {
    return owner == Owner::ours      ? "ours: lbconverge made or adopted it"
           : owner == Owner::named   ? "ours: the configuration names it, but not here or not now"
           : owner == Owner::foreign ? "foreign: shown, never touched"
                                     : "not managed by lbconverge";
}

template <class Kind>
void explain_row(const typename Kind::Key& key, const plan::Plan& plan, const Ledger& ledger, const Scene& scene,
                 std::string& text) {
    const auto& wanted = plan.desired->get<Kind>();
    const auto& observed = plan.observed->get<Kind>();
    const std::uint32_t w = wanted.rows.find(key);
    const std::uint32_t o = observed.find(key);
    text += formatted("{} {}\n", Kind::label, Kind::id(key));
    if (w != Table<Kind, Origin>::npos) {
        const std::string place = place_text(wanted.rows.note(w).source, scene.files);
        text +=
            formatted("  wanted   {}{}{}\n", value_text(wanted.rows.row(w).value), place.empty() ? "" : "  by ", place);
        if (wanted.rows.note(w).cause == Cause::election) text += "           as the election says\n";
    } else {
        text += "  wanted   no\n";
    }
    const std::string is = o == Seen<Kind>::npos ? "has none" : value_text(observed.row(o).value);
    text += formatted("  kernel   {}\n", is.empty() ? "has it" : is);
    if constexpr (requires { Kind::Facts::fields(); }) {
        if (o != Seen<Kind>::npos) text += formatted("  facts    {}\n", value_text(observed.note(o)));
    }
    for (const auto& held : wanted.held) {
        if (held.key == key) text += formatted("  held     {}\n", held.reason);
    }
    if (const std::string* why = plan.overruled<Kind>(key)) text += formatted("  because  {}\n", *why);
    if (o != Seen<Kind>::npos && w == Table<Kind, Origin>::npos) {
        text += formatted("  owner    {}\n", meaning_of(Kind::owner(key, observed.note(o), *plan.desired, ledger)));
    }
    bool in_plan = false;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        if (plan.steps[i].kind != kind_id<Kind>) continue;
        plan.visit(plan.steps[i], [&]<class Other>(const Change<Other>& change) {
            if constexpr (std::is_same_v<Other, Kind>) {
                if (!(change.key == key)) return;
                in_plan = true;
                text += formatted("  apply    would {} it in step {} ({}, {})\n", to_text(change.action()), i + 1,
                                  to_text(plan.steps[i].phase), plan::to_text(plan.steps[i].reason));
            }
        });
    }
    if (!in_plan && w != Table<Kind, Origin>::npos) text += "  apply    nothing to do\n";
}

}  // namespace

std::string explain_text(const IpAddress& address, const plan::Plan& plan, const Ledger& ledger, const Scene& scene) {
    const std::string wanted = to_text(address);
    std::string text;
    for (const config::Vip& vip : scene.config.vips) {
        if (vip.address != address) continue;
        const std::string place = place_text(vip.source, scene.files);
        text += formatted("VIP {} ({}) on this {}\n", wanted, place, to_text(scene.config.role));
        if (!vip.vrrp.empty() && scene.config.role != Role::real_server) {
            text += formatted("  election {}: {}\n", vip.vrrp, to_text(state_of(vip, scene.election)));
        }
    }
    for_each_kind([&]<class Kind>() {
        std::vector<typename Kind::Key> keys;
        for (const auto& row : plan.desired->get<Kind>().rows.rows()) keys.push_back(row.key);
        for (const auto& row : plan.observed->get<Kind>().rows()) keys.push_back(row.key);
        std::sort(keys.begin(), keys.end());
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        for (const auto& key : keys) {
            if (occurs_in(wanted, Kind::id(key))) explain_row<Kind>(key, plan, ledger, scene, text);
        }
    });
    if (text.empty()) text = formatted("{}: neither the configuration nor the kernel knows this address\n", wanted);
    return text;
}

int explain_command(const Options& options) {
    const std::string& word = options.arguments.front();
    const auto address = IpAddress::parse(word);
    if (!address) return report({ErrorKind::usage, "\"" + word + "\" is not an IP address", {}});
    const Result<config::Config> config = configuration_of(options);
    if (!config) return report(config.error());
    const Result<plan::Task> task = task_of(options, *config);
    if (!task) return report(task.error());
    const daemon::LoadedLedger loaded = daemon::RunDirectory::of_this_namespace().load();
    print_notes(loaded.notes);
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = false});
    const auto plan = daemon::look(*kernel, loaded.ledger, *task, now());
    if (!plan) return report(plan.error());
    print(explain_text(*address, *plan, loaded.ledger, scene_of(*task)));
    return exit_good;
}

}  // namespace lbconverge::cli
