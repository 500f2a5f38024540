// Starts one program: looks up the user, the environment and the files, makes the child, and takes away from it what it
// must not have, before it becomes the program. This may block (name service, disk), so the loop must not call it.
// Private to src/daemon.
#pragma once

#include "lbconverge/model/result.hpp"
#include "processes.hpp"

namespace lbconverge::daemon {

struct Spawned {
    int pid = 0;      ///< also the id of its process group and session
    int process = 0;  ///< a pidfd, readable when the child has ended; the caller closes it
    int output = 0;   ///< our end of the pipe for its output, does not block; the caller closes it
};

/// An error: the program was not started.
Result<Spawned> spawn(const ChildCommand& command);

/// Reads the lines of an environment file: NAME=VALUE, and comments with #. A value may be in quotes. An error has the
/// number of the line, but never its text, which may be a secret.
Result<std::map<std::string, std::string>> parse_environment(const std::string& text);

}  // namespace lbconverge::daemon
