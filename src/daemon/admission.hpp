// Decides who may be a client of the control socket, and for how long. It has no socket and no clock of its own. Any
// user may connect, so the places are limited: other users cannot take root's places, and one of them cannot take those
// of all others. Private to src/daemon.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace lbconverge::daemon {

class Admission {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Client = std::uint64_t;  ///< the number of a client; later clients have larger ones

    struct Bounds {
        std::size_t root = 16;       ///< clients of root
        std::size_t strangers = 48;  ///< clients of all other users together
        std::size_t user = 16;       ///< clients of one of these users
        /// Octets of the answers that clients are taking. An answer that several clients share counts once, and the
        /// newest answer does not count.
        std::size_t octets = std::size_t{16} << 20;
        std::chrono::milliseconds patience{5000};  ///< for sending the request, and again for taking the answer
        std::chrono::milliseconds grace{1000};     ///< for this time a client that takes its answer keeps its place
    };
    struct Decision {
        std::optional<Client> admitted;
        std::optional<Client> gives_way;  ///< a client that was removed to make room
    };

    Admission() = default;
    explicit Admission(const Bounds& limits) : limits_(limits) {}

    /// Admits a client of this user. If the user has too many clients already, one of them gives way. If all users but
    /// root together have too many, one of the user with the most clients gives way. It is a client that has sent no
    /// request yet, or else one that is slow to take its answer. If there is none, the new client is not admitted.
    Decision admit(unsigned user, Time now);
    /// The client's request is here. From now on the client waits for the daemon, without a time limit.
    void asked(Client client);
    /// The client gets this answer, which it may share with others. The result has clients that were removed, because
    /// they have not taken older answers yet and these use too much memory.
    std::vector<Client> answered(Client client, const void* answer, std::size_t octets, Time now);
    void gone(Client client) { clients_.erase(client); }

    /// Removes the clients whose time is over, and returns them.
    std::vector<Client> overdue(Time now);
    /// The next point in time at which the time of a client is over.
    [[nodiscard]] std::optional<Time> next() const;

private:
    enum class Stage { asking, waiting, taking };
    struct Visit {
        unsigned user = 0;
        Stage stage = Stage::asking;
        Time since{};  ///< when its stage began
        const void* answer = nullptr;
        std::size_t octets = 0;
    };

    [[nodiscard]] std::size_t count_of(unsigned user) const;
    [[nodiscard]] std::size_t strangers() const { return clients_.size() - count_of(0); }
    [[nodiscard]] std::optional<Client> least_entitled(std::optional<unsigned> user, Time now) const;
    [[nodiscard]] std::size_t octets_beside(const void* answer) const;
    [[nodiscard]] std::optional<Client> slowest_beside(const void* answer) const;

    Bounds limits_;
    std::map<Client, Visit> clients_;
    Client last_ = 0;
};

}  // namespace lbconverge::daemon
