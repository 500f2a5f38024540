// Looks at what tracks watch, and tells the node: processes by a thread that the kernel wakes, commands as children,
// files on a thread of their own (a network file system may hang). Interfaces come with the links, and a service's
// health from whoever checks it. Private to src/daemon; lives on the loop.
#pragma once

#include "lbconverge/kernel/process_watch.hpp"
#include "lbconverge/node/messages.hpp"
#include "loop.hpp"
#include "processes.hpp"

namespace lbconverge::daemon {

class Tracker {
public:
    using Tell = std::function<void(const node::Tracked&)>;

    Tracker(Loop& loop, Processes& processes, Tell tell) : loop_(loop), processes_(processes), tell_(std::move(tell)) {}
    ~Tracker();
    Tracker(const Tracker&) = delete;
    Tracker& operator=(const Tracker&) = delete;

    /// Looks at these from now on, and at no others. What is looked at already goes on as it was.
    void match(const std::vector<node::Track>& tracks);

private:
    struct WatchedTrack;
    void watch_processes(const std::vector<node::Track>& tracks);
    void look_at(const std::shared_ptr<WatchedTrack>& track);
    void again(const std::shared_ptr<WatchedTrack>& track, const node::TrackReading& reading);

    Loop& loop_;
    Processes& processes_;
    Tell tell_;
    std::vector<std::shared_ptr<WatchedTrack>> watched_;
    std::vector<config::Track> processes_watched_;
    std::unique_ptr<kernel::ProcessWatch> watch_;
    Worker files_;
};

/// What a file with a number says: without one it is 0, and what is no number is no opinion.
node::TrackReading read_number(const std::string& path);

}  // namespace lbconverge::daemon
