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

daemon::Outcome converge(FakeKernel& kernel, const Case& each, const LedgerOnDisk& ledger) {
    return daemon::converge(kernel, ledger.run(), each.task(), each.now, [](const plan::Plan&) {});
}

void require_safe(const FakeKernel& kernel, const Case& each, const std::string& when) {
    const std::string broken =
        newly_broken(broken_invariants(kernel.node, each.situation()), broken_invariants(each.node, each.situation()));
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
    const daemon::Outcome report = converge(kernel, each, ledger);
    if (report.error) RC_FAIL("no recovery: " + report.error->what);
    const std::size_t writes = kernel.writes;
    const daemon::Outcome again = converge(kernel, each, ledger);
    RC_ASSERT(!again.error);
    RC_ASSERT(kernel.writes == writes);
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

TEST_CASE("operations that fail keep the node safe and stop the run at their phase; a later run converges") {
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
        const daemon::Outcome report = converge(kernel, each, ledger);
        require_safe(kernel, each, "after failures in\n" + listing(report.plan));
        for (const daemon::FailedStep& failed : report.failed) {
            const plan::Phase phase = report.plan.steps[failed.step].phase;
            // All of its phase was attempted, and nothing after it.
            RC_ASSERT(report.done > failed.step);
            RC_ASSERT(report.plan.steps[report.done - 1].phase == phase);
            RC_ASSERT((report.done == report.plan.steps.size() || report.plan.steps[report.done].phase != phase));
        }
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
        if (const daemon::Outcome report = converge(kernel, each, ledger); report.error) {
            RC_ASSERT(report.error->kind ==
                      ErrorKind::refused);  // a plan that was right no longer is: seen, not executed
        }
        require_recovery(kernel, each, ledger);
    });
}
