// Watches the kernel for changes of links, addresses, routes, some settings and our tables in nftables, as far as they
// concern the node. It has a thread of its own, because a dump may have to wait for the kernel's network lock, and the
// election must not wait.
#pragma once

#include "lbconverge/kernel/concern.hpp"
#include "lbconverge/kinds/all.hpp"

#include <functional>
#include <memory>

namespace lbconverge::kernel {

/// Links and addresses as they are now; of interfaces that the file does not name perhaps nothing.
using Surroundings = std::shared_ptr<const kinds::Observed>;

class Watch {
public:
    struct Calls {
        std::function<void()> disturbed;  ///< something has changed; called at once
        /// The state after that; called at the beginning, too, and after follow().
        std::function<void(Surroundings, const Concern&)> now;
        std::function<void(const std::string&)> problem;  ///< the kernel cannot be read; it is tried again
    };
    /// Starts the thread, in the network namespace of the caller. The calls are made on that thread.
    static Result<std::unique_ptr<Watch>> start(Concern concern, Calls calls);
    /// There is another file now: the state is told once more, of all interfaces.
    virtual void follow(Concern concern) = 0;
    /// Watches our tables in nftables from now on, too. It loads the module, so it must not be called before we need a
    /// table.
    virtual void follow_nftables() = 0;
    virtual ~Watch() = default;  ///< ends the thread and waits for it
};

}  // namespace lbconverge::kernel
