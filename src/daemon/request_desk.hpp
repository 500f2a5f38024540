// What clients of the control socket ask for: status, a one-shot apply, a drain. Private to src/daemon; used on the
// loop's thread.
#pragma once

#include "lbconverge/daemon/control.hpp"
#include "lbconverge/daemon/run.hpp"
#include "lbconverge/node/node.hpp"
#include "status_desk.hpp"
#include "waiting.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace lbconverge::daemon {

class RequestDesk {
public:
    struct Calls {
        /// Reads the configuration again. The client waits for the work that follows.
        std::function<void(Waiting client)> reload;
        std::function<void(const std::vector<node::DrainAsked>& drains)> drain;
    };

    /// `files` is the thread that writes the status.
    RequestDesk(const RunOptions& options, const node::Node& node, ControlServer& control, StatusDesk& status,
                Worker& files, Calls calls)
        : options_(options),
          node_(node),
          control_(control),
          status_(status),
          files_(files),
          calls_(std::move(calls)),
          waiting_(control) {}

    void take(const ControlRequest& asked, Admission::Client client, bool is_root);
    [[nodiscard]] WaitingClients& waiting() { return waiting_; }

private:
    void serve(const StatusRequest& status, Admission::Client client);
    void serve(const HealthRequest& health, Admission::Client client);
    void serve(const ApplyRequest& apply, Admission::Client client);
    void serve(const DrainRequest& drain, Admission::Client client);
    [[nodiscard]] std::optional<Error> why_not_for(const ApplyRequest& apply) const;

    const RunOptions& options_;
    const node::Node& node_;
    ControlServer& control_;
    StatusDesk& status_;
    Worker& files_;
    Calls calls_;
    WaitingClients waiting_;
};

}  // namespace lbconverge::daemon
