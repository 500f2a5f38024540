#include "take.hpp"

#include "lbconverge/model/name.hpp"

#include <algorithm>

namespace lbconverge::importer {

namespace {

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// killall -0 NAME, pidof NAME and pgrep -x NAME ask whether a process of that name exists.
std::optional<std::string> process_asked_for(const std::vector<std::string>& words) {
    if (words.empty()) return std::nullopt;
    const std::string_view program = base_name(words.front());
    const bool killall = program == "killall" && words.size() == 3 && words[1] == "-0";
    const bool pidof = program == "pidof" && words.size() == 2;
    const bool pgrep = program == "pgrep" && words.size() == 3 && words[1] == "-x";
    if (!killall && !pidof && !pgrep) return std::nullopt;
    const std::string& name = words.back();
    const bool plain = !name.empty() && name.size() <= 15 && name.front() != '-' &&
                       name.find_first_of("/*?|&;<>$`\"'() ") == name.npos;
    return plain ? std::optional(name) : std::nullopt;
}

/// keepalived starts an absolute path itself, and gives everything else to a shell.
std::vector<std::string> command_of(const std::string& text) {
    std::vector<std::string> words = command_words(text);
    if (!words.empty() && words.front().starts_with('/')) return words;
    return {"/bin/sh", "-c", text};
}

bool is_utf8_text(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace

std::optional<Script> script_of(Interpreter& into, const Statement& at) {
    const std::vector<std::string> words = command_words(at.text);
    if (words.size() < 2 || words[1].find_first_not_of(" \t") == std::string::npos || !is_utf8_text(words[1])) {
        into.broken(at, "has no command", "write the absolute path of a program");
        return std::nullopt;
    }
    Script script;
    script.command = command_of(words[1]);
    const bool more = words.size() > 2 && (words[2].starts_with('-') || words[2].starts_with('/') || words.size() > 4);
    if (more) {
        into.broken(at, "only the first word is the command for keepalived",
                    "put the whole command into double quotes");
    } else {
        if (words.size() > 2) script.user = words[2];
        if (words.size() > 3) into.lost(at, "a command has the groups of its user", "put the user into that group");
    }
    return script;
}

namespace {

void take_track(Interpreter& into, const Statement& at, TrackKind what, std::int32_t weight) {
    const auto name = into.text(at, 1);
    if (!name) return;
    TrackEntry track;
    track.place = at.place;
    track.what = what;
    track.name = *name;
    track.weight = weight;
    track.comments = at.comments;
    into.track = &track;
    into.body(at.body);
    into.track = nullptr;
    const auto& known = into.node.tracks;
    const bool again = std::any_of(known.begin(), known.end(), [&](const TrackEntry& each) {
        return each.what == what && each.name == track.name;
    });
    if (again) return into.broken(at, quoted(*name) + " is defined already: this block is ignored");
    into.node.tracks.push_back(std::move(track));
}

}  // namespace

void take_vrrp_script(Interpreter& into, const Statement& at) { take_track(into, at, TrackKind::script, 0); }

void take_process(Interpreter& into, const Statement& at) { take_track(into, at, TrackKind::process, 1); }

void take_file(Interpreter& into, const Statement& at) { take_track(into, at, TrackKind::file, 1); }

void take_script(Interpreter& into, const Statement& at) {
    auto script = script_of(into, at);
    if (!script) return;
    const std::vector<std::string> words = command_words(at.text);
    if (const auto process = process_asked_for(command_words(words[1]))) into.track->target = *process;
    if (!into.track->script.user.empty()) script->user = into.track->script.user;
    into.track->script = std::move(*script);
}

void take_user(Interpreter& into, const Statement& at) {
    const auto user = into.text(at, 1);
    if (!user) return;
    (into.track != nullptr ? into.track->script : into.checker->script).user = *user;
    if (at.words.size() > 2) into.lost(at, "a command has the groups of its user", "put the user into that group");
}

void take_script_interval(Interpreter& into, const Statement& at) {
    if (const auto seconds = into.number(at, 1, 0, 4294, Tail::dropped)) {
        into.track->interval = std::max(*seconds, 1u) * second;
    }
}

void take_script_timeout(Interpreter& into, const Statement& at) {
    if (const auto seconds = into.number(at, 1, 0, 4294, Tail::dropped)) {
        into.track->timeout = std::max(*seconds, 1u) * second;
    }
}

void take_rise(Interpreter& into, const Statement& at) {
    if (const auto count = into.number(at, 1, 1, 1000, Tail::dropped)) into.track->rise = *count;
}

void take_fall(Interpreter& into, const Statement& at) {
    if (const auto count = into.number(at, 1, 1, 1000, Tail::dropped)) into.track->fall = *count;
}

void take_track_weight(Interpreter& into, const Statement& at) {
    if (const auto weight = into.signed_number(at, 1, -254, 254)) into.track->weight = *weight;
    into.track->reverse = at.word(2) == "reverse";
}

void take_process_name(Interpreter& into, const Statement& at) {
    const std::vector<std::string> words = command_words(at.text);
    if (words.size() < 2) return into.broken(at, "names no process");
    into.track->target = words[1];
    if (words.size() > 2) into.lost(at, "a process is known by its name, not by its parameters", "a track by command");
}

void take_delay(Interpreter& into, const Statement& at) {
    if (const auto delay = into.duration(at, 1, 0, 3600)) into.track->delay = std::max(into.track->delay, *delay);
}

void take_file_path(Interpreter& into, const Statement& at) {
    if (const auto path = into.text(at, 1)) into.track->target = *path;
}

namespace {

/// keepalived looks for a track where it is used. What comes later is not there.
bool is_defined(Interpreter& into, const Statement& entry, const TrackUse& use) {
    if (use.what == TrackKind::interface) return true;
    const auto& known = into.node.tracks;
    const bool found = std::any_of(known.begin(), known.end(), [&](const TrackEntry& each) {
        return each.what == use.what && each.name == use.name;
    });
    if (!found)
        into.broken(entry, quoted(use.name) + " is not defined above: keepalived ignores it", "define it first");
    return found;
}

/// NAME [weight N] [reverse], one in a line.
void take_use(Interpreter& into, const Statement& entry, TrackKind what, std::vector<TrackUse>& uses) {
    TrackUse use;
    use.place = entry.place;
    use.what = what;
    use.name = entry.word(0);
    bool reverse = false;
    for (std::size_t i = 1; i < entry.words.size(); ++i) {
        const std::string_view word = entry.word(i);
        if (word == "weight") {
            use.weight = into.signed_number(entry, ++i, -254, 254);
        } else if (word == "reverse" || word == "noreverse" || word == "no_reverse") {
            reverse = word == "reverse";
        } else {
            into.broken(entry, quoted(word) + " is no option of what is tracked: keepalived ignores it",
                        "a line for each name");
        }
    }
    if (reverse) {
        into.lost(entry, "a track cannot count in reverse", "a track by command that fails when it should");
    } else if (is_defined(into, entry, use)) {
        uses.push_back(std::move(use));
    }
}

void take_uses(Interpreter& into, const Statement& at, TrackKind what) {
    auto& uses = into.instance != nullptr ? into.instance->tracks : into.group->tracks;
    for (const Statement& entry : at.body) take_use(into, entry, what, uses);
}

void take_hook(Interpreter& into, const Statement& at, std::vector<std::string> on) {
    auto script = script_of(into, at);
    if (!script) return;
    auto& hooks = into.instance != nullptr ? into.instance->hooks : into.group->hooks;
    if (std::any_of(hooks.begin(), hooks.end(), [&](const HookEntry& each) { return each.on == on; })) {
        return into.broken(at, "is there already: keepalived ignores this one", "one script that calls both");
    }
    hooks.push_back({at.place, std::move(on), std::move(*script)});
}

}  // namespace

void take_track_scripts(Interpreter& into, const Statement& at) { take_uses(into, at, TrackKind::script); }

void take_track_processes(Interpreter& into, const Statement& at) { take_uses(into, at, TrackKind::process); }

void take_track_files(Interpreter& into, const Statement& at) { take_uses(into, at, TrackKind::file); }

void take_track_interfaces(Interpreter& into, const Statement& at) { take_uses(into, at, TrackKind::interface); }

void take_notify(Interpreter& into, const Statement& at) { take_hook(into, at, {}); }

void take_notify_master(Interpreter& into, const Statement& at) { take_hook(into, at, {"master"}); }

void take_notify_backup(Interpreter& into, const Statement& at) { take_hook(into, at, {"backup"}); }

void take_notify_fault(Interpreter& into, const Statement& at) { take_hook(into, at, {"fault"}); }

void take_notify_stop(Interpreter& into, const Statement& at) { take_hook(into, at, {"stop"}); }

}  // namespace lbconverge::importer
