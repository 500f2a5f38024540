// Answers those who ask for the status. All who ask within a moment get the same text, from a picture that was taken
// after they asked: so neither the loop nor the memory pays for each of them. Private to src/daemon; lives on the loop.
#pragma once

#include "caught.hpp"
#include "control_server.hpp"
#include "worker.hpp"

#include <functional>
#include <string>
#include <vector>

namespace lbconverge::daemon {

class StatusDesk {
public:
    using Text = std::function<std::string()>;

    /// `look` takes the picture, on the loop; what it returns writes it down, on the worker's thread.
    StatusDesk(Loop& loop, ControlServer& control, std::function<Text()> look)
        : loop_(loop), control_(control), look_(std::move(look)), moment_(loop) {}

    void ask(Admission::Client client, Worker& writer);

private:
    void next(Worker& writer);
    void write(Worker& writer);

    Loop& loop_;
    ControlServer& control_;
    std::function<Text()> look_;
    Timer moment_;
    bool in_moment_ = false;
    bool writing_ = false;
    std::vector<Admission::Client> waiting_;  ///< for the next picture
};

}  // namespace lbconverge::daemon
