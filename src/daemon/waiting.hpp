// Clients of the control socket that wait for the work of the lanes: one-shot `apply` and `drain`. Private to
// src/daemon; used on the loop's thread.
#pragma once

#include "control_server.hpp"
#include "lbconverge/model/exit.hpp"
#include "lbconverge/model/instant.hpp"
#include "lbconverge/node/messages.hpp"

#include <string>
#include <vector>

namespace lbconverge::daemon {

/// In which forms the outcome of a run is wanted. To make them takes time.
struct Forms {
    bool text = false;
    bool json = false;
};

/// The outcome of a run, for clients.
struct Rendered {
    std::string text;
    std::string json;
    bool changed = false;
    int exit = exit_good;
};

struct Waiting {
    Admission::Client client = 0;
    Instant since;  ///< a run that began before does not count
    bool json = false;
    std::vector<node::Lane> lanes;  ///< still to come
    bool changed = false;
    ControlReply reply{};
};

class WaitingClients {
public:
    explicit WaitingClients(ControlServer& control) : control_(control) {}

    void add(Waiting client) { waiting_.push_back(std::move(client)); }
    [[nodiscard]] Forms wanted() const;
    /// A run of the lane that began then has ended. Answers the clients that wait for no other lane.
    void finished(Instant began, const node::Converged& result, const Rendered& output);

private:
    ControlServer& control_;
    std::vector<Waiting> waiting_;
};

}  // namespace lbconverge::daemon
