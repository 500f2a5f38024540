// Gets for the metrics what the daemon knows: a picture of the node on the loop, in pieces, and what the kernel has
// counted on a thread of its own. Private to src/daemon; used on the loop's thread.
#pragma once

#include "lbconverge/daemon/run.hpp"
#include "lbconverge/metrics/picture.hpp"
#include "metrics_server.hpp"
#include "worker.hpp"

#include <memory>

namespace lbconverge::daemon {

class MetricsDesk {
public:
    MetricsDesk(Loop& loop, const node::Node& node, const RunOptions& options);

    /// The configuration that is in use now. Serves where it says.
    void follow(const config::Config& config);
    /// An attempt to read the configuration again has ended.
    void reloaded(bool good);

private:
    void look(const std::shared_ptr<metrics::Look>& look, const std::function<void(MetricsServer::Pictured)>& done);

    Loop& loop_;
    const node::Node& node_;
    const RunOptions& options_;
    metrics::ReloadFigures reload_;
    MetricsServer server_;
    Worker kernel_;  // last: it hands its work to the server
};

}  // namespace lbconverge::daemon
