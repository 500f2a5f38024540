// The machine that brings a node to its desired state: what it needs, and what it makes of the answers.
#include "lbconverge/plan/convergence.hpp"

#include "lbconverge/sim/fake_kernel.hpp"
#include "planning.hpp"

#include <doctest/doctest.h>

#include <cerrno>

namespace lbconverge::plan {

namespace {

using namespace kinds;
using sim::FakeKernel;
using test::master;
using test::World;
using test::world;
using Need = Convergence::Need;

World pair_of_vips() {
    return world(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20", "192.0.2.30"]
        vrrp = [{ name = "LB", vrid = 51 }]
        service = [{ vip = "192.0.2.20", port = 80, real_servers = ["192.0.2.3"] }]
    )"_text,
                 {{"LB", master}});
}

Observed empty(const World& world) {
    Observed observed;
    observed.facts = world.facts;
    for (const char* name : {"lo", "eth0", "eth1"}) {
        observed.get<Sysctl>().put(promote_secondaries(name), {"0"});
    }
    for (const char* name : {"expire_nodest_conn", "expire_quiescent_template"}) {
        observed.get<Sysctl>().put(Sysctl::Key(std::string("net/ipv4/vs/") + name), {"1"});
    }
    return observed;
}

/// Answers until the machine needs this, or nothing any more.
void serve_until(Convergence& work, FakeKernel& kernel, Need end, const Result<void>& saved = {}) {
    for (int i = 0; i < 100 && work.need() != end && work.need() != Need::nothing; ++i) {
        switch (work.need()) {
            case Need::facts:
                work.take_facts(kernel.facts(work.needed_interfaces()));
                break;
            case Need::rows:
                work.take_rows(kernel.observe(work.reading(), work.facts()));
                break;
            case Need::offers:
                work.take_offers(kernel.offers(work.plan()));
                break;
            case Need::save:
                work.take_saved(saved);
                break;
            case Need::steps:
                work.take_steps(kernel.apply(work.plan(), work.first(), work.last()));
                break;
            case Need::announcements:
                (void)kernel.announce(work.announcements(), work.facts());
                work.take_announced();
                break;
            case Need::nothing:
                break;
        }
    }
}

bool has(const FakeKernel& kernel, const char* address) {
    return kernel.node.get<Address>().find(test::key<Address>(address)) != Seen<Address>::npos;
}

}  // namespace

TEST_CASE("a run without trouble saves its claims, works, announces, looks again and saves the end") {
    const World node = pair_of_vips();
    FakeKernel kernel(empty(node));
    Convergence work({.config = node.config, .election = node.election}, {}, {});
    serve_until(work, kernel, Need::save);
    CHECK(work.ledger().claim<Address>(test::key<Address>("192.0.2.20/32 eth0")) != nullptr);
    CHECK(kernel.writes == 0);
    serve_until(work, kernel, Need::nothing);
    CHECK(work.outcome().settled);
    CHECK_FALSE(work.outcome().error);
    CHECK(work.outcome().done == 4);
    CHECK(kernel.announced.size() == 2);
}

TEST_CASE("a step that fails for good is tried once, and the rest is done") {
    const World node = pair_of_vips();
    FakeKernel kernel(empty(node));
    kernel.refuses["address 192.0.2.20/32 eth0"] = {EACCES};
    Convergence work({.config = node.config, .election = node.election}, {}, {});
    serve_until(work, kernel, Need::nothing);
    const Outcome& end = work.outcome();
    CHECK(end.settled);
    CHECK(end.changed);
    REQUIRE(end.error);
    CHECK(end.failed.size() == 1);
    CHECK(end.left.size() == 1);
    CHECK(end.refused.size() == 1);
    CHECK(has(kernel, "192.0.2.30/32 eth0"));
    CHECK(kernel.announced.size() == 1);
    CHECK(work.ledger().claim<Address>(test::key<Address>("192.0.2.20/32 eth0")) == nullptr);
}

TEST_CASE("a scheduler that the kernel lacks is known before anything is written") {
    World node = pair_of_vips();
    node.config.services.front().scheduler = "nonesuch";
    FakeKernel kernel(empty(node));
    Convergence work({.config = node.config, .election = node.election}, {}, {});
    serve_until(work, kernel, Need::nothing);
    REQUIRE(work.outcome().error);
    CHECK(work.outcome().error->kind == ErrorKind::kernel_lacks);
    CHECK(has(kernel, "192.0.2.30/32 eth0"));
    CHECK_FALSE(has(kernel, "192.0.2.20/32 eth0"));
}

TEST_CASE("what moved meanwhile is planned again") {
    const World node = pair_of_vips();
    FakeKernel kernel(empty(node));
    kernel.before_next_write = [](FakeKernel& moved) {
        moved.node.get<Service>().put(test::key<Service>("tcp 192.0.2.20:80"),
                                      {.scheduler = "rr", .netmask = {0xffffffff}});
    };
    Convergence work({.config = node.config, .election = node.election}, {}, {});
    serve_until(work, kernel, Need::nothing);
    CHECK_FALSE(work.outcome().error);
    CHECK(work.outcome().refused.empty());
}

TEST_CASE("a kernel that does not keep what is written ends it") {
    const World node = pair_of_vips();
    Convergence work({.config = node.config, .election = node.election}, {}, {});
    for (int i = 0; i < 10 && work.need() != Need::nothing; ++i) {
        FakeKernel forgetful(empty(node));
        serve_until(work, forgetful, Need::steps);
        if (work.need() != Need::steps) break;
        while (work.need() == Need::steps || work.need() == Need::announcements) {
            work.need() == Need::steps ? work.take_steps(std::vector<Failure>{}) : work.take_announced();
        }
    }
    REQUIRE(work.outcome().error);
    CHECK(work.outcome().error->what == "the kernel does not keep what is written");
    CHECK_FALSE(work.outcome().settled);
}

TEST_CASE("where nothing can be saved, only what has to go goes") {
    World node = pair_of_vips();
    FakeKernel kernel(empty(node));
    Convergence first({.config = node.config, .election = node.election}, {}, {});
    serve_until(first, kernel, Need::nothing);
    REQUIRE(first.outcome().settled);
    kernel.node.get<Service>() = {};
    kernel.node.get<RealServer>() = {};
    node.election["LB"] = ElectionState::backup;
    Convergence work({.config = node.config, .election = node.election}, first.ledger(), {});
    serve_until(work, kernel, Need::nothing, fail(ErrorKind::failed, "disk full"));
    CHECK_FALSE(has(kernel, "192.0.2.20/32 eth0"));
    CHECK(kernel.node.get<Service>().empty());
    REQUIRE(work.outcome().error);
    CHECK(work.outcome().error->what == "disk full");
    // What was done, and what was not, is on record.
    CHECK(work.outcome().changed);
    CHECK(work.outcome().plan.steps.size() == 4);
    CHECK(work.outcome().done == 2);
    CHECK(work.outcome().left.size() == 2);
}

TEST_CASE("what the kernel lacks, and the node does not need now, is the same whether something was changed or not") {
    Outcome end{.settled = true, .changed = true};
    CHECK(exit_of(end) == 0);
    end.error = Error{ErrorKind::kernel_lacks, "no IPVS", {}};
    CHECK(exit_of(end) == 69);
    end.left = {0};  // a step that needs it
    CHECK(exit_of(end) == 3);
    end.changed = false;
    CHECK(exit_of(end) == 69);
    end = {.settled = true, .changed = true, .error = Error{ErrorKind::failed, "the ledger", {}}};
    CHECK(exit_of(end) == 3);
}

TEST_CASE("a plan on what was seen a moment ago that fails is forgotten, and the kernel is read") {
    const World node = pair_of_vips();
    FakeKernel kernel(empty(node));
    const auto seen = std::make_shared<const Observed>(kernel.node);
    kernel.node.get<Address>().put(test::key<Address>("192.0.2.30/32 eth0"), {}, {});
    kernel.reads = 0;
    Convergence work({.config = node.config, .election = node.election, .part = Part::network, .seen = seen}, {}, {});
    CHECK(work.need() == Need::save);
    serve_until(work, kernel, Need::facts);
    CHECK(kernel.reads == 0);
    CHECK(has(kernel, "192.0.2.20/32 eth0"));
    serve_until(work, kernel, Need::nothing);
    CHECK_FALSE(work.outcome().error);
    CHECK(work.outcome().failed.empty());
}

TEST_CASE("when it is stopped, nothing more is written or announced") {
    const World node = pair_of_vips();
    FakeKernel kernel(empty(node));
    Convergence work({.config = node.config, .election = node.election}, {}, {});
    serve_until(work, kernel, Need::announcements);
    work.stop();
    CHECK(work.need() == Need::nothing);
    CHECK_FALSE(work.outcome().settled);
    CHECK_FALSE(work.outcome().error);
    CHECK(kernel.announced.empty());
}

TEST_CASE("a row that is to be left alone is not touched") {
    const World node = pair_of_vips();
    FakeKernel kernel(empty(node));
    Task task{.config = node.config, .election = node.election};
    task.avoid.add(kind_id<Address>, "192.0.2.20/32 eth0", {ErrorKind::failed, "not yet", {}}, false);
    Convergence work(std::move(task), {}, {});
    serve_until(work, kernel, Need::nothing);
    CHECK(work.outcome().settled);
    CHECK_FALSE(has(kernel, "192.0.2.20/32 eth0"));
    CHECK(work.outcome().refused.empty());
}

}  // namespace lbconverge::plan
