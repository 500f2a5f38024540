// Carries out checks of type http and https, with libcurl on a loop that never blocks. Private to src/daemon.
#pragma once

#include "lbconverge/health/messages.hpp"
#include "loop.hpp"
#include "probes.hpp"

#include <memory>
#include <optional>
#include <string>

namespace lbconverge::daemon {

/// "refused", "timed out", "failed: No route to host": the words that follow "connect ".
std::string reason_text(int error);
/// Whether the error comes from this host (no descriptor, memory or port left) and says nothing about the server.
bool is_of_this_host(int error);
/// The answer to a question that this host could not ask, with the reason.
health::ProbeAnswer not_asked(const health::ProbeRequest& request, const std::string& why);
/// The source address that this host uses towards this address. A check through a VIP uses it, because the VIP itself
/// must not be the source.
std::optional<IpAddress> source_towards(const IpAddress& address);

class HttpProbes {
public:
    explicit HttpProbes(Loop& loop);
    ~HttpProbes();
    HttpProbes(const HttpProbes&) = delete;
    HttpProbes& operator=(const HttpProbes&) = delete;

    /// Must be called on the loop's thread.
    void ask(const health::ProbeRequest& request, const OnAnswer& report);

private:
    class Curl;
    Loop& loop_;
    std::unique_ptr<Curl> curl_;  ///< made at the first question
    bool complained_ = false;
};

}  // namespace lbconverge::daemon
