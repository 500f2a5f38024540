// The only interface to the kernel state from which a plan is made and on which it is carried out. The program uses
// LinuxKernel; the simulator and the tests use FakeKernel. The contract tests check that both behave alike.
#pragma once

#include "lbconverge/model/result.hpp"
#include "lbconverge/plan/plan.hpp"

#include <memory>
#include <span>
#include <vector>

namespace lbconverge::plan {

class Kernel {
public:
    virtual ~Kernel() = default;
    /// Interfaces and what this kernel offers. Changes nothing, loads no module. If interfaces come and go meanwhile,
    /// one that is not `needed` may be missed.
    virtual Result<HostFacts> facts(const std::vector<InterfaceName>& needed) = 0;
    /// If a kind cannot be read, Observed::unread says why.
    virtual Result<std::shared_ptr<const kinds::Observed>> observe(const kinds::Reading& reading,
                                                                   const HostFacts& facts) = 0;
    /// Finds out, without a change, which steps the kernel cannot do because it lacks a scheduler or a persistence
    /// engine.
    virtual Result<std::vector<Failure>> offers(const Plan& plan) = 0;
    /// Carries out the steps [first, last) of the plan that are not blocked; all belong to one phase. Each step is
    /// attempted, even if others fail. An Error means that it is not known which steps were done.
    virtual Result<std::vector<Failure>> apply(const Plan& plan, std::size_t first, std::size_t last) = 0;
    /// Tells the neighbours: one frame of each, in this order, before the second of any. Waits for no device.
    virtual Told announce(std::span<const Announcement> announcements, const HostFacts& facts) = 0;
};

}  // namespace lbconverge::plan
