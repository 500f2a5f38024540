// Starting one program: the user, the environment and the files are looked up, the child is made, and everything that
// it must not have is taken from it before it becomes the program. May block (name service, disk): not for the loop.
// Private to src/daemon.
#pragma once

#include "lbconverge/model/result.hpp"
#include "processes.hpp"

namespace lbconverge::daemon {

struct Spawned {
    int pid = 0;      ///< also that of its process group and session
    int process = 0;  ///< a pidfd, readable when it has ended; the caller's to close, as
    int output = 0;   ///< the end of the pipe that it writes to, which does not block
};

/// An error: the program does not run, and has done nothing.
Result<Spawned> spawn(const ChildCommand& command);

/// The lines of an environment file: NAME=VALUE, # comments, a value may stand in quotes. An error names the line,
/// never what it says.
Result<std::map<std::string, std::string>> parse_environment(const std::string& text);

}  // namespace lbconverge::daemon
