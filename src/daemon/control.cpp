#include "lbconverge/daemon/control.hpp"

#include "control_server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <cerrno>
#include <cstring>

namespace lbconverge::daemon {

namespace asio = boost::asio;
using asio::local::stream_protocol;

bool ControlServer::Client::is_root() {
    ucred who{};
    socklen_t size = sizeof who;
    return ::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.uid == 0;
}

void ControlServer::answer(const ClientPtr& client, const std::string& line) {
    client->reply_ = line + '\n';
    asio::async_write(client->socket_, asio::buffer(client->reply_),
                      [client](const boost::system::error_code&, std::size_t) {});
}

Result<void> ControlServer::listen(const std::string& path) {
    path_ = path;
    ::unlink(path.c_str());
    boost::system::error_code error;
    const stream_protocol::endpoint here(path);
    acceptor_.open(here.protocol(), error);
    if (!error) acceptor_.bind(here, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return fail(ErrorKind::failed, path + ": " + error.message());
    ::chmod(path.c_str(), 0666);  // who may do what is decided by who asks
    accept();
    return {};
}

void ControlServer::close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    ::unlink(path_.c_str());
}

void ControlServer::accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, stream_protocol::socket socket) {
        if (error) return;  // closed
        auto client = std::make_shared<Client>(std::move(socket));
        asio::async_read_until(client->socket_, client->request_, '\n',
                               [this, client](const boost::system::error_code& failed, std::size_t size) {
                                   if (failed) return;  // gone, or it says too much
                                   const auto data = client->request_.data();
                                   const auto begin = asio::buffers_begin(data);
                                   const std::string line(begin, begin + static_cast<std::ptrdiff_t>(size) - 1);
                                   handler_(line, client);
                               });
        accept();
    });
}

Result<std::optional<std::string>> ask_daemon(const std::string& run_directory, const std::string& request) {
    asio::io_context loop;
    stream_protocol::socket socket(loop);
    boost::system::error_code error;
    socket.connect(stream_protocol::endpoint(run_directory + "/control"), error);
    if (error == boost::system::errc::no_such_file_or_directory || error == boost::system::errc::connection_refused) {
        return std::nullopt;
    }
    if (!error) asio::write(socket, asio::buffer(request + "\n"), error);
    std::string reply;
    if (!error) asio::read_until(socket, asio::dynamic_buffer(reply), '\n', error);
    if (error) return fail(ErrorKind::failed, "the daemon did not answer: " + error.message());
    reply.resize(reply.find('\n'));
    return reply;
}

}  // namespace lbconverge::daemon
