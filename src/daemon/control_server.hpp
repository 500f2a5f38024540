// The control socket: RUN/control, a unix stream socket. A client sends one line of JSON and reads one line of JSON.
// Anybody may ask for the status; only root may have something done. Private to src/daemon; lives on the loop.
#pragma once

#include "lbconverge/model/result.hpp"
#include "loop.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace lbconverge::daemon {

class ControlServer {
public:
    /// One client. It is answered once, now or later.
    class Client {
    public:
        Client(Loop& loop, int fd) : socket_(loop, fd) {}
        [[nodiscard]] bool is_root() const;

    private:
        friend class ControlServer;
        Descriptor socket_;
        std::string request_;
        std::string reply_;
        std::size_t sent_ = 0;
    };
    using ClientPtr = std::shared_ptr<Client>;
    using Handler = std::function<void(const std::string& request, const ClientPtr& client)>;

    ControlServer(Loop& loop, Handler handler) : loop_(loop), pause_(loop), handler_(std::move(handler)) {}
    static void answer(const ClientPtr& client, const std::string& line);

    /// What lies there from an earlier life is removed: the caller holds the lock.
    Result<void> listen(const std::string& path);
    void close();

private:
    void accept();
    void read(const ClientPtr& client);
    static void write(const ClientPtr& client);

    Loop& loop_;
    std::optional<Descriptor> listener_;
    Timer pause_;
    Handler handler_;
    std::string path_;
};

}  // namespace lbconverge::daemon
