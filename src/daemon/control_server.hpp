// The daemon's end of the control socket: RUN/control, a unix stream socket. A client sends one line, a request, and
// reads one line, the reply. Any user may connect and send anything: admission.hpp decides who may be a client, and for
// how long. Private to src/daemon; used on the loop's thread.
#pragma once

#include "admission.hpp"
#include "lbconverge/daemon/control.hpp"
#include "loop.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace lbconverge::daemon {

class ControlServer {
public:
    /// Must answer the client once, at once or later. Another thread that has the answer posts it to the loop.
    using Handler = std::function<void(const ControlRequest& request, Admission::Client client, bool is_root)>;
    using SharedReply = std::shared_ptr<const std::string>;  ///< one text for all clients that get the same reply

    ControlServer(Loop& loop, Handler handler, const Admission::Bounds& limits = {})
        : loop_(loop), pause_(loop), overdue_(loop), handler_(std::move(handler)), admission_(limits) {}

    /// Does nothing if the client is gone.
    void answer(Admission::Client client, const SharedReply& line);
    void answer(Admission::Client client, const ControlReply& reply);
    void refuse(Admission::Client client, const Error& error);
    static SharedReply line_of(const ControlReply& reply);

    /// Removes a socket that an earlier daemon left at this path; no other daemon can use it, since the caller holds
    /// the lock.
    Result<void> listen(const std::string& path);
    void close();

private:
    struct Connection {
        Connection(Loop& loop, int fd, bool root) : socket(loop, fd), is_root(root) {}
        Descriptor socket;
        bool is_root;
        std::string request{};
        SharedReply reply{};
        std::size_t sent = 0;
    };

    void accept();
    void complain(int error);
    int accept_one();
    void admit(int fd, unsigned user);
    void read(Admission::Client client);
    void heard(Admission::Client client, Connection& connection);
    void write(Admission::Client client);
    void send_away(Admission::Client client, const char* why);
    void watch_the_clock();

    Loop& loop_;
    std::optional<Descriptor> listener_;
    Timer pause_;
    Timer overdue_;
    Handler handler_;
    Admission admission_;
    std::map<Admission::Client, Connection> clients_;
    std::string path_;
    std::optional<Admission::Time> complained_;
};

}  // namespace lbconverge::daemon
