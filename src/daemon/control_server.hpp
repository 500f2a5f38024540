// The control socket: RUN/control, a unix stream socket. A client sends one line of JSON and reads one line of JSON.
// Anybody may ask for the status; only root may have something done. Private to src/daemon; lives on the loop.
#pragma once

#include "lbconverge/model/result.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/streambuf.hpp>

#include <functional>
#include <memory>
#include <string>

namespace lbconverge::daemon {

class ControlServer {
public:
    /// One client. It is answered once, now or later.
    class Client {
    public:
        explicit Client(boost::asio::local::stream_protocol::socket socket) : socket_(std::move(socket)) {}
        [[nodiscard]] bool is_root();

    private:
        friend class ControlServer;
        boost::asio::local::stream_protocol::socket socket_;
        boost::asio::streambuf request_{64 * 1024};
        std::string reply_;
    };
    using ClientPtr = std::shared_ptr<Client>;
    using Handler = std::function<void(const std::string& request, const ClientPtr& client)>;

    ControlServer(boost::asio::io_context& loop, Handler handler) : acceptor_(loop), handler_(std::move(handler)) {}
    static void answer(const ClientPtr& client, const std::string& line);

    /// What lies there from an earlier life is removed: the caller holds the lock.
    Result<void> listen(const std::string& path);
    void close();

private:
    void accept();

    boost::asio::local::stream_protocol::acceptor acceptor_;
    Handler handler_;
    std::string path_;
};

}  // namespace lbconverge::daemon
