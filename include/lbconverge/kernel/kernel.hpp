// The one seam to the kernel: read everything, write a run of steps. The program uses LinuxKernel; tests put a fake
// one in its place, which is trusted only for what the contract tests prove on both.
#pragma once

#include "lbconverge/model/result.hpp"
#include "lbconverge/plan/plan.hpp"

#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace lbconverge::kernel {

class Kernel {
public:
    virtual ~Kernel() = default;
    /// Interfaces and what this kernel offers. Changes nothing, loads no module.
    virtual Result<HostFacts> facts() = 0;
    /// Of a kind that cannot be read, Observed::unread says why.
    virtual Result<std::shared_ptr<const kinds::Observed>> observe(const kinds::Reading& reading,
                                                                   const HostFacts& facts) = 0;
    /// Asks, before anything is changed, for which steps the kernel lacks the means (schedulers, persistence engines).
    virtual Result<std::vector<plan::Failure>> offers(const plan::Plan& plan) = 0;
    /// Executes those of steps [first, last) of the plan, all of one phase, that are not blocked. Every one of them is
    /// attempted, whatever becomes of the others; an Error means that it is not known which were done.
    virtual Result<std::vector<plan::Failure>> apply(const plan::Plan& plan, std::size_t first, std::size_t last) = 0;
    /// Tells the neighbours. Best effort: whoever does not hear it learns it later; only the first error is returned.
    virtual Result<void> announce(std::span<const plan::Announcement> announcements, const HostFacts& facts) = 0;
};

/// For who needs all of it: an Error where something could not be read.
inline Result<std::shared_ptr<const kinds::Observed>> complete(Result<std::shared_ptr<const kinds::Observed>> seen) {
    if (seen && !(*seen)->unread.empty()) return tl::unexpected((*seen)->unread.front().second);
    return seen;
}

/// How the real kernel is talked to.
struct LinuxOptions {
    bool may_load_ipvs = false;           ///< resolving the IPVS family loads module ip_vs; a dry run must not
    std::size_t batch_bytes = 64 * 1024;  ///< of netlink messages per system call; 0: one step at a time
    /// Told once what cannot be read because libnftables is not installed; the rest is read then. Without it, an error.
    std::function<void(const Error&)> left_out{};
};

/// The kernel of the network namespace that the calling thread is in. Sockets are opened at the first use.
std::unique_ptr<Kernel> linux_kernel(LinuxOptions options);

}  // namespace lbconverge::kernel
