// A socket that takes connections at a place of the file, and hands over each. Private to src/daemon; used on the
// loop's thread.
#pragma once

#include "lbconverge/config/listen_address.hpp"
#include "loop.hpp"

#include <functional>
#include <optional>
#include <string>

namespace lbconverge::daemon {

class ListeningSocket {
public:
    /// The callee owns the descriptor, which does not block.
    using Came = std::function<void(int fd)>;

    ListeningSocket(Loop& loop, Came came) : loop_(loop), pause_(loop), came_(std::move(came)) {}
    ~ListeningSocket() { close(); }
    ListeningSocket(const ListeningSocket&) = delete;
    ListeningSocket& operator=(const ListeningSocket&) = delete;

    /// Goes to this place; nullopt: to none. What cannot be done now is tried again every few seconds: an address may
    /// not be there yet.
    void move_to(const std::optional<config::ListenAddress>& where);
    void close();

private:
    void open();
    void accept();
    void complain(const std::string& why);
    int accept_one();

    Loop& loop_;
    Timer pause_;
    Came came_;
    std::optional<config::ListenAddress> where_;
    std::optional<Descriptor> socket_;
    std::string complained_;  ///< the last complaint, which is not repeated
};

}  // namespace lbconverge::daemon
