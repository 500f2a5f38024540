// Answers requests for the status. Requests that come within a short time get the same text, from a picture that was
// taken after all of them came. So many requests cost the loop and the memory no more than one. Private to src/daemon;
// used on the loop's thread.
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

    /// `look` takes the picture, on the loop. The function that it returns makes the text, on the worker's thread.
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
    std::vector<Admission::Client> waiting_;  ///< clients that wait for the next picture
};

}  // namespace lbconverge::daemon
