// The one interface to the kernel state that a plan is made of and carried out on. The program uses LinuxKernel; the
// simulator and the tests use FakeKernel, which is trusted only for what the contract tests prove on both.
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
    /// Interfaces and what this kernel offers. Changes nothing, loads no module.
    virtual Result<HostFacts> facts() = 0;
    /// Of a kind that cannot be read, Observed::unread says why.
    virtual Result<std::shared_ptr<const kinds::Observed>> observe(const kinds::Reading& reading,
                                                                   const HostFacts& facts) = 0;
    /// Asks, before anything is changed, for which steps the kernel lacks the means (schedulers, persistence engines).
    virtual Result<std::vector<Failure>> offers(const Plan& plan) = 0;
    /// Executes those of steps [first, last) of the plan, all of one phase, that are not blocked. Every one of them is
    /// attempted, whatever becomes of the others; an Error means that it is not known which were done.
    virtual Result<std::vector<Failure>> apply(const Plan& plan, std::size_t first, std::size_t last) = 0;
    /// Tells the neighbours. Best effort: whoever does not hear it learns it later; only the first error is returned.
    virtual Result<void> announce(std::span<const Announcement> announcements, const HostFacts& facts) = 0;
};

}  // namespace lbconverge::plan
