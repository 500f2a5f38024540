#include "withdraw.hpp"

#include "load.hpp"
#include "print.hpp"
#include "task.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace lbconverge::cli {

using namespace kinds;

namespace {

constexpr const char* nobodys = "left behind";  ///< the name of an instance; no file can have it

bool takes_vips_away(const plan::Plan& plan) {
    return std::any_of(plan.steps.begin(), plan.steps.end(), [](const plan::Step& step) {
        return step.kind == kind_id<Address> && step.action() == Action::remove && !step.blocked;
    });
}

Result<LeftBehind> what_was_here(const Options& options, const daemon::RunDirectory& run, const Ledger& ledger) {
    const std::string file = running_copy(run) + "/lbconverge.toml";
    if (::access(file.c_str(), R_OK) == 0) {
        if (Result<config::Config> last = load_node(file, options.node)) return LeftBehind{*std::move(last)};
    }
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = false});
    const Result<HostFacts> facts = kernel->facts({});
    RETURN_IF_ERROR(facts);
    const auto observed = kernel->observe({}, *facts);
    RETURN_IF_ERROR(observed);
    return left_behind(**observed, ledger);
}

}  // namespace

LeftBehind left_behind(const Observed& observed, const Ledger& ledger) {
    LeftBehind left;
    left.config.role = Role::director;
    const auto add = [&](const Address::Key& key) {
        const RememberedVip* before = ledger.file.vip(key.address);
        if (key.interface.is_loopback() || (before != nullptr && before->instance.empty())) {
            const Error why{ErrorKind::refused, "it hangs on no election", {}};
            return left.kept.add(kind_id<Address>, Address::id(key), why, true);
        }
        config::Vip vip;
        vip.address = key.address;
        vip.prefix = key.prefix;
        vip.interface = key.interface;
        vip.vrrp = nobodys;
        left.config.vips.push_back(std::move(vip));
    };
    const Seen<Address>& seen = observed.get<Address>();
    for (std::uint32_t i = 0; i < seen.size(); ++i) {
        const Address::Key& key = seen.row(i).key;
        if (seen.note(i).protocol == Address::protocol_tag || ledger.claim<Address>(key) != nullptr) add(key);
    }
    return left;
}

plan::Task withdrawal_of(const LeftBehind& left) {
    Election nobody{{nobodys, ElectionState::backup}};
    for (const config::Vrrp& instance : left.config.vrrp) nobody[instance.name] = ElectionState::backup;
    plan::Task task{.config = left.config, .election = std::move(nobody), .avoid = left.kept};
    task.others = ElectionState::backup;
    if (left.config.role == Role::director) task.part = Part::network;
    return task;
}

std::string running_copy(const daemon::RunDirectory& run) { return run.path() + "/running"; }

void withdraw_left_behind(const Options& options) {
    auto run = daemon::RunDirectory::of_this_namespace();
    if (!run.lock({})) return;
    const Ledger ledger = run.load().ledger;
    const Result<LeftBehind> last = what_was_here(options, run, ledger);
    if (!last) return;
    const plan::Task task = withdrawal_of(*last);
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = false});
    const auto plan = daemon::look(*kernel, ledger, task, now());
    if (!plan || !takes_vips_away(*plan)) return;
    const plan::Outcome done = daemon::converge(*kernel, run, task, now(), [](const plan::Plan&) {});
    if (done.error) {
        report(*done.error);
    } else {
        std::fputs("lbconverge: the VIPs that an earlier daemon has left here are withdrawn\n", stderr);
    }
}

}  // namespace lbconverge::cli
