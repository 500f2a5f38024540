// Random nodes for property tests: a configuration, an election, and a kernel with a past. The domains are small (three
// VIPs, two ports, four real servers …), so that the desired, the observed and the remembered rows are often the same
// ones.
#pragma once

#include "invariants.hpp"
#include "lbconverge/sim/fake_kernel.hpp"

#include "lbconverge/daemon/converge.hpp"

#include <rapidcheck.h>

#include <iosfwd>

namespace lbconverge::test {

using sim::FakeKernel;

/// One node at one moment.
struct Case {
    config::Config config;
    Election election;
    kinds::Observed node;
    std::set<std::string> inherited;  ///< see FakeKernel
    kinds::Ledger ledger;
    BootTime now{std::chrono::seconds(1'000'000)};
    bool release = false;

    [[nodiscard]] FakeKernel kernel() const;
    [[nodiscard]] plan::Task task() const { return {.config = config, .election = election, .release = release}; }
    [[nodiscard]] Situation situation() const { return {config, election, node, ledger, now, release}; }
};
void showValue(const Case& each, std::ostream& out);

/// A node with all that can be drawn.
rc::Gen<Case> any_case();
rc::Gen<config::Config> any_config();
rc::Gen<kinds::Ledger> any_memory();

rc::Gen<kinds::Sysctl::Key> any_sysctl_key();
rc::Gen<kinds::Address::Key> any_address_key();
rc::Gen<kinds::Address::Value> any_address_value(const kinds::Address::Key& key);
rc::Gen<kinds::Service::Key> any_service_key();
rc::Gen<kinds::Service::Value> any_service_value(const kinds::Service::Key& key);
rc::Gen<kinds::RealServer::Key> any_server_key();
rc::Gen<kinds::RealServer::Value> any_server_value();

/// The interfaces lo, eth0 and eth1, and tunl0, which does not use ARP.
HostFacts interfaces_of_a_node();

/// A plan as the program makes it. The fake kernel refuses no reading.
plan::Plan planned(FakeKernel& kernel, const Case& each, const kinds::Ledger& ledger);

/// The plan as text: "+ service tcp 10.0.0.20:80", one line per step.
std::string listing(const plan::Plan& plan);

}  // namespace lbconverge::test
