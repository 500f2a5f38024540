// Who may be a client of the control socket, and until when: book-keeping without a socket and without a clock. Anybody
// may connect, so the places are few and shared out: strangers cannot take root's, nor one of them those of all others.
// Private to src/daemon.
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
    using Client = std::uint64_t;  ///< of a client; who came later has a larger one

    struct Bounds {
        std::size_t root = 16;       ///< clients of root
        std::size_t strangers = 48;  ///< of all other users, and
        std::size_t user = 16;       ///< of one of them
        /// Octets of different answers that are being taken; the newest does not count.
        std::size_t octets = std::size_t{16} << 20;
        std::chrono::milliseconds patience{5000};  ///< for a request, and then for the answer to be taken
        std::chrono::milliseconds grace{1000};     ///< nobody is sent away sooner who takes an answer
    };
    struct Decision {
        std::optional<Client> admitted;
        std::optional<Client> gives_way;  ///< has been sent away for it
    };

    Admission() = default;
    explicit Admission(const Bounds& limits) : limits_(limits) {}

    /// Where a place is short, the user with most clients gives one up: one that says nothing, or else does not take
    /// its answer.
    Decision admit(unsigned user, Time now);
    /// Its request is here. From now on it is the daemon that takes its time.
    void asked(Client client);
    /// It gets this answer, which others may share. Those in the result take an older one too slowly, and are sent
    /// away.
    std::vector<Client> answered(Client client, const void* answer, std::size_t octets, Time now);
    void gone(Client client) { clients_.erase(client); }

    /// Those whose time is over, sent away.
    std::vector<Client> overdue(Time now);
    /// When somebody's time is over next.
    [[nodiscard]] std::optional<Time> next() const;

private:
    enum class Stage { asking, waiting, taking };
    struct Visit {
        unsigned user = 0;
        Stage stage = Stage::asking;
        Time since{};  ///< of its stage
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
