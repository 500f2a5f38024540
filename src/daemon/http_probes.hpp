// Checks of type http and https, by libcurl on a loop that never blocks. Private to src/daemon.
#pragma once

#include "lbconverge/health/messages.hpp"
#include "loop.hpp"
#include "probes.hpp"

#include <memory>
#include <optional>
#include <string>

namespace lbconverge::daemon {

/// "refused", "timed out", "failed: No route to host": what follows on "connect ".
std::string reason_text(int error);
/// Descriptors, memory, ports: nothing that the server could do anything about.
bool is_of_this_host(int error);
/// The answer to a question that could not be asked, and why.
health::ProbeAnswer not_asked(const health::ProbeRequest& request, const std::string& why);
/// The address that this host uses towards another one: what goes through a VIP must not come from the VIP itself.
std::optional<IpAddress> source_towards(const IpAddress& address);

class HttpProbes {
public:
    explicit HttpProbes(Loop& loop);
    ~HttpProbes();
    HttpProbes(const HttpProbes&) = delete;
    HttpProbes& operator=(const HttpProbes&) = delete;

    /// On the loop's thread.
    void ask(const health::ProbeRequest& request, const OnAnswer& report);

private:
    class Curl;
    Loop& loop_;
    std::unique_ptr<Curl> curl_;  ///< from the first question on
    bool complained_ = false;
};

}  // namespace lbconverge::daemon
