// What the loop is told of the interfaces. It is drawn on the thread of the watch, which has the time; the loop takes
// the newest, and those that were overtaken cost it nothing. Private to src/daemon.
#pragma once

#include "lbconverge/kernel/watch.hpp"
#include "lbconverge/node/messages.hpp"
#include "memberships.hpp"

#include <memory>
#include <mutex>

namespace lbconverge::daemon {

struct HostPicture {
    node::ConfigPtr config;  ///< for which it was drawn
    kernel::Surroundings seen;
    node::Links links;
    Memberships memberships;
};
using HostPicturePtr = std::shared_ptr<const HostPicture>;

class HostPictures {
public:
    /// From any thread. True: the loop has taken all earlier ones, and must be told that there is another.
    bool draw(kernel::Surroundings seen, node::ConfigPtr config);
    /// The newest; nullptr: none has come since.
    HostPicturePtr take();

private:
    std::mutex mutex_;
    HostPicturePtr newest_;
};

}  // namespace lbconverge::daemon
