// Being killed, being refused, and a world that moves: nothing becomes unsafe, and the next run gets there.
#include "property.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

using namespace lbconverge;
using namespace lbconverge::test;

namespace {

/// A run directory of the test's own, with the ledger that a case begins with.
class LedgerOnDisk {
public:
    explicit LedgerOnDisk(const kinds::Ledger& ledger) : run_(path()) {
        std::filesystem::remove_all(path());
        std::filesystem::create_directories(path());
        RC_ASSERT(run_.save(ledger).has_value());
    }
    ~LedgerOnDisk() { std::filesystem::remove_all(path()); }
    LedgerOnDisk(const LedgerOnDisk&) = delete;
    LedgerOnDisk& operator=(const LedgerOnDisk&) = delete;
    [[nodiscard]] std::string text() const { return plan::to_text(run_.load().ledger); }
    [[nodiscard]] const daemon::RunDirectory& run() const { return run_; }

private:
    /// In memory where there is such a place: a property makes thousands of runs.
    static std::string path() {
        const std::filesystem::path shm = "/dev/shm";
        const auto base = ::access(shm.c_str(), W_OK) == 0 ? shm : std::filesystem::temp_directory_path();
        return base / ("lbconverge-property-" + std::to_string(::getpid()));
    }
    daemon::RunDirectory run_;
};

plan::Outcome converge(FakeKernel& kernel, const Case& each, const LedgerOnDisk& ledger) {
    return daemon::converge(kernel, ledger.run(), each.task(), each.now, [](const plan::Plan&) {});
}

bool has_live_service(const FakeKernel& kernel, const std::string& vip) {
    return std::ranges::any_of(kernel.node.get<kinds::RealServer>().rows(), [&](const auto& row) {
        return to_text(row.key.service.vip) == vip && row.value.weight > 0;
    });
}

/// Where a service could not be loaded, its VIP is there for the others.
void require_safe(const FakeKernel& kernel, const Case& each, const std::string& when) {
    auto now = broken_invariants(kernel.node, each.situation());
    std::erase_if(now, [&](const Broken& one) { return one.invariant == "I2" && has_live_service(kernel, one.vip); });
    const std::string broken = newly_broken(now, broken_invariants(each.node, each.situation()));
    if (!broken.empty()) RC_FAIL(broken + when);
}

/// Where a run was cut does not matter to where it ends.
void require_same_end(const FakeKernel& a, const FakeKernel& b) {
    kinds::for_each_kind(
        [&]<class Kind>() { RC_ASSERT(std::ranges::equal(a.node.get<Kind>().rows(), b.node.get<Kind>().rows())); });
}

/// A run without any trouble ends in sync, and the one after it writes nothing.
void require_recovery(FakeKernel& kernel, const Case& each, const LedgerOnDisk& ledger) {
    kernel.faults.clear();
    kernel.killed_before.reset();
    const plan::Outcome report = converge(kernel, each, ledger);
    if (report.error) RC_FAIL("no recovery: " + report.error->what);
    const std::size_t writes = kernel.writes;
    const plan::Outcome again = converge(kernel, each, ledger);
    RC_ASSERT(!again.error);
    RC_ASSERT(kernel.writes == writes);
}

std::string row_of(const plan::Plan& plan, const plan::Step& step) {
    std::string text;
    plan.visit(step, [&]<class Kind>(const kinds::Change<Kind>& change) { text = sim::row_name<Kind>(change.key); });
    return text;
}

/// What must not be here now has gone, whatever else did not work; but for what the kernel itself keeps.
void require_given_up(const FakeKernel& kernel, const plan::Plan& plan) {
    for (const plan::Step& step : plan.steps) {
        const bool gives_up = step.reason == plan::Reason::election || step.reason == plan::Reason::misplaced;
        if (step.phase != plan::Phase::withdraw || step.action() != plan::Action::remove || !gives_up) continue;
        if (kernel.refuses.contains(row_of(plan, step))) continue;
        plan.visit(step, [&]<class Kind>(const kinds::Change<Kind>& change) {
            if constexpr (std::is_same_v<Kind, kinds::Address>) {
                RC_ASSERT(kernel.node.get<Kind>().find(change.key) == UINT32_MAX);
            }
        });
    }
}

/// A row is left because it was refused itself, or for something that was: its service, its VIP, or the quiet that a
/// VIP needs.
void require_reason(const plan::Plan& plan, std::size_t step,
                    const std::map<std::string, FakeKernel::RefusedRow>& refuses) {
    const std::string row = row_of(plan, plan.steps[step]);
    const bool itself = refuses.contains(row);
    const bool related = std::any_of(refuses.begin(), refuses.end(), [&](const auto& refused) {
        const std::string& other = refused.first;
        // Quiet stays for as long as a VIP that could not be removed.
        if (other.starts_with("address") && !row.starts_with("address")) return true;
        if (!other.starts_with("service") && !other.starts_with("real_server") && !other.starts_with("address")) {
            return true;  // settings, filters and links may concern every VIP
        }
        std::string vip = other.substr(other.find_first_of("0123456789:", other.find(' ')));
        vip = vip.substr(0, vip.find_first_of(":/ "));
        return row.find(vip) != std::string::npos;
    });
    if (!itself && !related) RC_FAIL(row + " is left: " + plan.why_blocked(step)->why->what);
}

}  // namespace

TEST_CASE("a run that is killed before any step leaves a safe node, and the next run converges") {
    property("kill and resume", [] {
        const Case each = *any_case();
        FakeKernel undisturbed = each.kernel();
        std::string remembered;
        {
            const LedgerOnDisk ledger(each.ledger);
            RC_ASSERT(!converge(undisturbed, each, ledger).error);
            remembered = ledger.text();
        }
        // Three of the steps: the next case has others. (The contract's kill test goes through all, on a real kernel.)
        for (std::size_t kill = 0; kill < std::min<std::size_t>(3, undisturbed.writes); ++kill) {
            const auto step = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(0, undisturbed.writes));
            const LedgerOnDisk ledger(each.ledger);
            FakeKernel kernel = each.kernel();
            kernel.killed_before = step;
            RC_ASSERT_THROWS_AS(converge(kernel, each, ledger), FakeKernel::Killed);
            require_safe(kernel, each, "when killed before step " + std::to_string(step + 1));
            require_recovery(kernel, each, ledger);
            require_same_end(kernel, undisturbed);
            RC_ASSERT(ledger.text() == remembered);
        }
    });
}

TEST_CASE("operations that fail keep the node safe; a later run converges") {
    property("any failure", [] {
        const Case each = *any_case();
        const LedgerOnDisk ledger(each.ledger);
        FakeKernel kernel = each.kernel();
        const plan::Plan plan = planned(kernel, each, each.ledger);
        RC_TAG(std::string(plan.steps.empty() ? "nothing to do" : "disturbed"));
        if (plan.steps.empty()) return;
        const auto count = *rc::gen::inRange<std::size_t>(1, 4);
        for (std::size_t i = 0; i < count; ++i) {
            const auto errors = {EPERM, EINVAL, ENOMEM, EBUSY, ENOENT, ESRCH, EEXIST, ENODEV, EADDRNOTAVAIL, ERANGE};
            const auto which = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(0, plan.steps.size()));
            kernel.faults[which] = *rc::gen::elementOf(std::vector<int>(errors));
        }
        const plan::Outcome report = converge(kernel, each, ledger);
        require_safe(kernel, each, "after failures in\n" + listing(report.plan));
        require_recovery(kernel, each, ledger);
    });
}

TEST_CASE("what fails for good holds up only what needs it") {
    property("obstacles", [] {
        const Case each = *any_case();
        const LedgerOnDisk ledger(each.ledger);
        FakeKernel kernel = each.kernel();
        const plan::Plan plan = planned(kernel, each, each.ledger);
        RC_TAG(std::string(plan.to_do() == 0 ? "nothing to do" : "hampered"));
        if (plan.to_do() == 0) return;
        const auto count = *rc::gen::inRange<std::size_t>(1, 4);
        for (std::size_t i = 0; i < count; ++i) {
            const auto errors = {EPERM, EINVAL, ENOMEM, EOPNOTSUPP, ERANGE};
            const auto which = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(0, plan.steps.size()));
            kernel.refuses[row_of(plan, plan.steps[which])] = {*rc::gen::elementOf(std::vector<int>(errors))};
        }
        const plan::Outcome report = converge(kernel, each, ledger);
        require_safe(kernel, each, "after refusals in\n" + listing(report.plan));
        if (!report.settled) RC_FAIL("not settled: " + report.error->what);
        require_given_up(kernel, plan);
        if (report.last) {
            for (const std::size_t step : report.left) require_reason(*report.last, step, kernel.refuses);
        }
        // Nobody tries to do anything else the next time.
        const kinds::Observed before = kernel.node;
        const plan::Outcome again = converge(kernel, each, ledger);
        RC_ASSERT(!again.changed);
        require_same_end(kernel, FakeKernel(before));
        kernel.refuses.clear();
        require_recovery(kernel, each, ledger);
    });
}

TEST_CASE("a world that moves between reading and writing is read again") {
    property("the world moves", [] {
        const Case each = *any_case();
        const Case other = *any_case();
        const LedgerOnDisk ledger(each.ledger);
        FakeKernel kernel = each.kernel();
        // Another program takes away or puts there what the plan is about.
        const bool removed = *rc::gen::arbitrary<bool>();
        kernel.before_next_write = [&](FakeKernel& moved) {
            moved.node.get<kinds::Service>() =
                removed ? kinds::Seen<kinds::Service>{} : other.node.get<kinds::Service>();
            moved.node.get<kinds::RealServer>() =
                removed ? kinds::Seen<kinds::RealServer>{} : other.node.get<kinds::RealServer>();
        };
        if (const plan::Outcome report = converge(kernel, each, ledger); report.error) {
            RC_ASSERT(report.error->kind ==
                      ErrorKind::refused);  // a plan that was right no longer is: seen, not executed
        }
        require_recovery(kernel, each, ledger);
    });
}
