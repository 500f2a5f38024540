#include "tracker.hpp"

#include "lbconverge/daemon/log.hpp"
#include "lbconverge/kernel/file.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

namespace lbconverge::daemon {

using config::TrackType;
using node::TrackOpinion;
using node::TrackReading;

namespace {

/// As in keepalived. A larger number makes no sense, since a priority is at most 254.
constexpr std::int32_t largest_number = 254;

bool same(const config::Track& a, const config::Track& b) {
    return a.name == b.name && a.type == b.type && a.target == b.target && a.command == b.command && a.user == b.user &&
           a.interval == b.interval && a.timeout == b.timeout;
}

TrackReading no_opinion(std::string why) { return {.opinion = TrackOpinion::unknown, .why = std::move(why)}; }

}  // namespace

TrackReading read_number(const std::string& path) {
    const auto read = kernel::read_file_if_any(path, {.most = 64, .beginning = true});
    if (!read) return no_opinion(read.error().what);
    if (!*read) return {.opinion = TrackOpinion::good, .why = "there is no file " + path};
    std::string_view text = **read;
    while (!text.empty() && std::strchr(" \t\r\n", text.front()) != nullptr) text.remove_prefix(1);
    text = text.substr(0, text.find_first_of(" \t\r\n"));
    std::int32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || std::abs(number) > largest_number) {
        return no_opinion(path + " holds no number from -254 to 254");
    }
    return {.opinion = TrackOpinion::good, .why = path + " reads " + std::to_string(number), .number = number};
}

/// A command or a file that is looked at again and again.
struct Tracker::WatchedTrack {
    WatchedTrack(Loop& loop, config::Track track) : settings(std::move(track)), timer(loop) {}

    config::Track settings;
    Timer timer;
    std::chrono::steady_clock::time_point began{};
    Processes::Id process = 0;  ///< 0: none is under way
    bool gone = false;          ///< it has left the configuration
};

Tracker::~Tracker() = default;

void Tracker::match(const std::vector<node::Track>& tracks) {
    watch_processes(tracks);
    std::vector<std::shared_ptr<WatchedTrack>> kept;
    for (const node::Track& track : tracks) {
        const config::Track& wanted = track.settings();
        if (wanted.type != TrackType::command && wanted.type != TrackType::file) continue;
        const auto at = std::find_if(watched_.begin(), watched_.end(),
                                     [&](const auto& each) { return each && same(each->settings, wanted); });
        if (at != watched_.end()) {
            kept.push_back(std::exchange(*at, nullptr));
        } else {
            kept.push_back(std::make_shared<WatchedTrack>(loop_, wanted));
            loop_.post([this, fresh = kept.back()] { look_at(fresh); });
        }
    }
    for (const auto& each : watched_) {
        if (each == nullptr) continue;
        each->gone = true;
        each->timer.cancel();
        processes_.end(each->process);
    }
    watched_ = std::move(kept);
}

void Tracker::look_at(const std::shared_ptr<WatchedTrack>& track) {
    if (track->gone) return;
    track->began = std::chrono::steady_clock::now();
    if (track->settings.type == TrackType::file) {
        files_.post([this, track] {
            loop_.post([this, track, found = read_number(track->settings.target)] { again(track, found); });
        });
        return;
    }
    ChildCommand command{.argv = track->settings.command, .user = track->settings.user};
    command.timeout = track->settings.timeout;
    track->process = processes_.start(std::move(command), [this, track](const Ended& ended) {
        track->process = 0;
        again(track, {.opinion = ended.good() ? TrackOpinion::good : TrackOpinion::bad, .why = to_text(ended)});
    });
}

/// Takes the next reading an interval after this one began, and never two readings at a time.
void Tracker::again(const std::shared_ptr<WatchedTrack>& track, const TrackReading& reading) {
    if (track->gone) return;
    const auto wait = track->began + track->settings.interval - std::chrono::steady_clock::now();
    track->timer.start(wait, [this, track] { look_at(track); });
    tell_({track->settings.name, reading});
}

void Tracker::watch_processes(const std::vector<node::Track>& tracks) {
    std::vector<config::Track> wanted;
    for (const node::Track& each : tracks) {
        if (each.settings().type == TrackType::process) wanted.push_back(each.settings());
    }
    if (std::equal(wanted.begin(), wanted.end(), processes_watched_.begin(), processes_watched_.end(), same)) return;
    processes_watched_ = wanted;
    // Its destructor waits for its thread, which may be busy. So another thread calls the destructor.
    files_.post([old = std::shared_ptr<kernel::ProcessWatch>(std::move(watch_))]() mutable { old.reset(); });
    if (wanted.empty()) return;
    std::vector<std::string> names;
    auto interval = wanted.front().interval;
    for (const config::Track& each : wanted) {
        interval = std::min(interval, each.interval);
        if (std::find(names.begin(), names.end(), each.target) == names.end()) names.push_back(each.target);
    }
    const auto seen = [this](const std::string& name, bool running) {
        loop_.post([this, name, running] {
            const TrackReading found{.opinion = running ? TrackOpinion::good : TrackOpinion::bad,
                                     .why = (running ? "process " : "no process ") + name + (running ? " runs" : "")};
            const auto all = processes_watched_;
            for (const config::Track& each : all) {
                if (each.target == name) tell_({each.name, found});
            }
        });
    };
    const auto means = [interval](bool events, const std::string& why) {
        if (events) return log(Level::info, "processes: the kernel tells when one starts or ends");
        log(Level::info, "processes: looking every " + std::to_string(interval.count()) +
                             " ms, since the kernel tells nothing (" + why + ")");
    };
    watch_ = kernel::ProcessWatch::start(std::move(names), interval, {.seen = seen, .means = means});
}

}  // namespace lbconverge::daemon
