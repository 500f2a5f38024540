#include "status_desk.hpp"

#include "lbconverge/model/exit.hpp"

namespace lbconverge::daemon {

namespace {

/// The shortest time between two pictures. With ten thousand checks, a picture takes milliseconds of the loop's time,
/// and any user may ask for it.
constexpr std::chrono::milliseconds moment{100};

ControlServer::SharedReply line_of(const Result<std::string>& text) {
    if (!text) return ControlServer::line_of({.exit = exit_code(text.error().kind), .errors = {text.error().what}});
    return ControlServer::line_of({.values = {*text}});
}

}  // namespace

void StatusDesk::ask(Admission::Client client, Worker& writer) {
    waiting_.push_back(client);
    next(writer);
}

void StatusDesk::next(Worker& writer) {
    if (waiting_.empty() || in_moment_ || writing_) return;
    in_moment_ = true;
    moment_.start(moment, [this, &writer] {
        in_moment_ = false;
        next(writer);
    });
    writing_ = true;
    write(writer);
}

void StatusDesk::write(Worker& writer) {
    writer.post([this, &writer, who = std::exchange(waiting_, {}), picture = caught(look_)] {
        const Result<std::string> text = picture ? caught(*picture) : tl::unexpected(picture.error());
        loop_.post([this, &writer, who, line = line_of(text)] {
            for (const Admission::Client each : who) control_.answer(each, line);
            writing_ = false;
            next(writer);
        });
    });
}

}  // namespace lbconverge::daemon
