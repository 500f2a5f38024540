// Checks of type http and https, by libcurl on a loop that never blocks. Private to src/daemon.
#pragma once

#include "lbconverge/health/board.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>

namespace lbconverge::daemon {

/// "refused", "timed out", "failed: No route to host": what follows on "connect ".
std::string reason_text(int error);

class HttpProbes {
public:
    using Report = std::function<void(health::Answer)>;

    HttpProbes(boost::asio::io_context& loop, Report report);
    ~HttpProbes();
    HttpProbes(const HttpProbes&) = delete;
    HttpProbes& operator=(const HttpProbes&) = delete;

    /// On the loop's thread.
    void ask(const health::Request& request);

private:
    class Curl;
    std::unique_ptr<Curl> curl_;
};

}  // namespace lbconverge::daemon
