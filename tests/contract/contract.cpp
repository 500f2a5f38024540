#include "contract.hpp"

#include "lbconverge/model/setting.hpp"
#include "support/node_of_the_lab.hpp"

#include <doctest/doctest.h>

#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace lbconverge::test {

using namespace kinds;

namespace {

bool asked_for(const char* what) {
    const char* wanted = std::getenv("LBCONVERGE_REAL");
    return wanted != nullptr && std::strcmp(wanted, what) == 0;
}

/// One line per row, with the facts that every kernel reports alike.
std::string listing(const Observed& node) {
    std::string text;
    for_each_kind([&]<class Kind>() {
        for (std::uint32_t i = 0; i < node.get<Kind>().size(); ++i) {
            text.append(Kind::label).append(" ").append(Kind::id(node.get<Kind>().row(i).key));
            for_each_field(node.get<Kind>().row(i).value,
                           [&](const auto&, const auto& value) { text.append(" ").append(to_text(value)); });
            if constexpr (std::is_same_v<Kind, Address>) {
                text.append(" proto ").append(std::to_string(node.get<Kind>().note(i).protocol));
                text.append(" flags ").append(std::to_string(node.get<Kind>().note(i).flags));
            }
            if constexpr (std::is_same_v<Kind, RealServer>) {
                text.append(" position ").append(std::to_string(node.get<Kind>().note(i).position));
            }
            text.append("\n");
        }
    });
    return text;
}

/// Ends the test if the kernel has refused.
template <class T>
T must(Result<T> answer) {
    if (!answer) FAIL(answer.error().what);
    return std::move(*answer);
}

Observed observe(plan::Kernel& kernel) {
    const HostFacts facts = must(kernel.facts({}));
    const bool ipvs = facts.ipvs_loaded;
    const Reading reading{.ipvs = ipvs, .kinds = kinds_on_demand(ipvs), .sysctls = Node::settings()};
    return *must(kernel.observe(reading, facts));
}

/// In the order of the script; a failure of the whole call would hide behind zeros, so it ends the test.
std::vector<int> apply(plan::Kernel& kernel, const Script& script) {
    const plan::Plan plan = script.plan(must(kernel.facts({})));
    const auto failures = must(kernel.apply(plan, 0, plan.steps.size()));
    std::vector<int> errors(plan.steps.size());
    for (const plan::Failure& failure : failures) errors.at(failure.step) = failure.error;
    return errors;
}

std::string in_words(const std::vector<int>& errors) {
    std::string text;
    for (const int error : errors) text.append(error == 0 ? "done" : strerrorname_np(error)).append(" ");
    return text;
}

/// What the fake begins with where there is no real kernel to copy.
Observed lab_node() {
    Observed node;
    node.facts.ipvs_loaded = true;
    node.facts.interfaces = {{.index = 1, .name = "lo", .up = true, .loopback = true},
                             {.index = 2, .name = "eth0", .up = true, .speaks_arp = true},
                             {.index = 3, .name = "eth1", .up = true, .speaks_arp = true}};
    for (const std::string& path : Node::settings()) {
        if (path.find("absent") == std::string::npos) node.get<Sysctl>().put(Sysctl::Key(path), {"0"});
    }
    node.get<Address>().put({*IpAddress::parse("127.0.0.1"), 8, "lo"}, {.scope = Scope::host}, {.flags = 0x80});
    node.get<Address>().put({*IpAddress::parse("10.0.0.2"), 24, "eth0"}, {}, {.flags = 0x80});
    node.get<Address>().put({*IpAddress::parse("2001:db8::2"), 64, "eth0"}, {}, {.flags = 0x82});
    node.get<Timeouts>().put({TimeoutName::tcp}, {900});
    node.get<Timeouts>().put({TimeoutName::tcp_fin}, {120});
    node.get<Timeouts>().put({TimeoutName::udp}, {300});
    return node;
}

}  // namespace

plan::Plan Script::plan(const HostFacts& facts) const {
    plan::Plan plan;
    auto observed = std::make_shared<Observed>(observed_);
    observed->facts = facts;
    plan.observed = observed;
    plan.desired = std::make_shared<Desired>(desired_);
    for (const Place& place : places_) {
        plan::Step step{.kind = place.kind, .again = place.again};
        with_kind(place.kind, [&]<class Kind>() {
            const typename Kind::Key key = *Kind::parse_id(place.id);
            if (place.before) step.before = observed_.get<Kind>().find(key);
            if (place.after) step.after = desired_.get<Kind>().rows.find(key);
        });
        plan.steps.push_back(step);
    }
    return plan;
}

bool real_kernel_wanted() { return asked_for("1") || asked_for("without-ipvs"); }

const std::vector<std::string>& Node::settings() {
    static const std::vector<std::string> paths = [] {
        std::vector<std::string> all = {"net/ipv4/ip_forward", "net/ipv4/vs/expire_nodest_conn", "net/ipv4/vs/absent",
                                        "net/ipv4/conf/absent/arp_ignore"};
        for (const char* interface : {"all", "default", "lo", "eth0", "eth1"}) {
            for (const char* name :
                 {"arp_ignore", "arp_announce", "arp_notify", "rp_filter", "forwarding", "promote_secondaries"}) {
                all.push_back(setting_path(interface, name));
            }
        }
        std::sort(all.begin(), all.end());
        return all;
    }();
    return paths;
}

Node::Node() : fake(lab_node()) {
    if (!real_kernel_wanted()) return;
    REQUIRE(unshare(CLONE_NEWNET) == 0);
    REQUIRE(std::system(node_of_the_lab) == 0);
    real_ = kernel::linux_kernel({.may_load_ipvs = asked_for("1")});
    Observed first = observe(*real_);
    for (Interface& each : first.facts.interfaces) each.ipv4_devconf.clear();
    fake = FakeKernel(first);
    // An interface without an IPv4 address has settings of its own only where somebody wrote them.
    for (const std::string& path : settings()) {
        if (path.find("/eth1/") != std::string::npos) fake.inherited.insert(path);
    }
}

Observed Node::look() {
    Observed shown = observe(fake);
    if (real_ == nullptr) return shown;
    Observed real = observe(*real_);
    CHECK_MESSAGE(listing(shown) == listing(real), "the fake kernel shows another state than the real one:\n--- fake\n"
                                                       << listing(shown) << "--- real\n"
                                                       << listing(real));
    return real;
}

std::vector<int> Node::run(const Script& script) {
    std::vector<int> errors = apply(fake, script);
    if (real_ != nullptr) {
        const std::vector<int> real = apply(*real_, script);
        CHECK_MESSAGE(errors == real, "the fake kernel answers otherwise than the real one:\nfake "
                                          << in_words(errors) << "\nreal " << in_words(real));
    }
    look();
    return errors;
}

void Node::by_hand(const std::string& command, const std::function<void(FakeKernel&)>& same) {
    same(fake);
    if (real_ != nullptr) REQUIRE(std::system(command.c_str()) == 0);
    look();
}

Result<void> Node::offers(const Script& script) {
    const auto ask = [&](plan::Kernel& kernel) -> Result<void> {
        const plan::Plan plan = script.plan(*kernel.facts({}));
        const auto lacking = kernel.offers(plan);
        RETURN_IF_ERROR(lacking);
        if (!lacking->empty()) return tl::unexpected(plan::error_of(plan, lacking->front()));
        return {};
    };
    Result<void> answer = ask(fake);
    if (real_ == nullptr) return answer;
    Result<void> real = ask(*real_);
    CHECK(answer.has_value() == real.has_value());
    if (!answer && !real) CHECK(answer.error() == real.error());
    return real;
}

}  // namespace lbconverge::test
