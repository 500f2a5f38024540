// Takes the readings of tracks, and tells the node: processes by a thread that the kernel wakes, commands as child
// processes, files on a thread of their own (a network file system may hang). Readings of interfaces come with the
// links, those of services from the health checks. Private to src/daemon; used on the loop's thread.
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

    /// From now on watches these tracks, and no others. A track that is watched already goes on without a break.
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

/// The number in a file. If there is no file, the number is 0. If its content is no such number, there is no opinion.
node::TrackReading read_number(const std::string& path);

}  // namespace lbconverge::daemon
