// Serves the metrics and the bulletin by HTTP, on a thread of its own: the election waits neither for a client nor for
// a long text. admission.hpp decides who may be a client, and for how long. Private to src/daemon.
#pragma once

#include "admission.hpp"
#include "http_request.hpp"
#include "lbconverge/config/listen_address.hpp"
#include "lbconverge/metrics/text.hpp"
#include "listening_socket.hpp"
#include "loop.hpp"
#include "shared_round.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace lbconverge::daemon {

class MetricsServer {
public:
    using Pictured = Result<metrics::MetricsPicturePtr>;
    /// Each is called on the server's thread, must not wait, and must call `done` once, from any thread.
    struct Suppliers {
        std::function<void(std::function<void(Pictured)> done)> picture;
        std::function<void(std::function<void(metrics::Bulletin)> done)> bulletin;
    };
    /// The clients of TCP count as one user.
    static constexpr Admission::Bounds usual_limits{.root = 16,
                                                    .strangers = 32,
                                                    .user = 16,
                                                    .octets = std::size_t{64} << 20,
                                                    .patience = std::chrono::seconds(10),
                                                    .grace = std::chrono::seconds(1)};
    /// The shortest times between two pictures, and between two bulletins.
    struct Moments {
        std::chrono::milliseconds picture{1000};
        std::chrono::milliseconds bulletin{100};
    };

    explicit MetricsServer(Suppliers suppliers, const Admission::Bounds& limits = usual_limits)
        : MetricsServer(std::move(suppliers), limits, Moments{}) {}
    MetricsServer(Suppliers suppliers, const Admission::Bounds& limits, const Moments& moments);
    ~MetricsServer();
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;

    /// Serves at this place from now on; nullopt: nowhere. From any thread.
    void move_to(std::optional<config::ListenAddress> where);

private:
    struct HttpClient {
        HttpClient(Loop& loop, int fd) : socket(loop, fd) {}
        Descriptor socket;
        std::string text{};  ///< of the request, and then what is sent
        std::size_t sent = 0;
        bool chunked = false;
        bool answered = false;
        std::unique_ptr<metrics::MetricsText> rest{};  ///< what is to be written still
    };

    void run();
    void came(int fd);
    void read(Admission::Client client);
    void heard(Admission::Client client, HttpClient& http);
    void give(Admission::Client client, const Pictured& picture);
    void give(Admission::Client client, const metrics::Bulletin& bulletin);
    void answer(Admission::Client client, const std::string& text);
    void begin_answer(Admission::Client client, const void* what, std::size_t octets);
    void write(Admission::Client client);
    void see_off(Admission::Client client);
    void send_away(Admission::Client client, const std::string& why);
    void watch_the_clock();

    Loop loop_;
    Timer overdue_;
    Admission admission_;
    std::map<Admission::Client, HttpClient> clients_;
    SharedRound<Pictured> pictures_;
    SharedRound<metrics::Bulletin> bulletins_;
    ListeningSocket listener_;
    std::thread thread_;  // last: it uses all of them
};

}  // namespace lbconverge::daemon
