// Files from outside as text: configurations, secrets, files of checks and tracks. One function reads them all, so that
// no file can stop the program or fill its memory.
#pragma once

#include "lbconverge/model/result.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace lbconverge::kernel {

struct FileLimits {
    std::size_t most = std::size_t{256} << 20;  ///< octets; ten times the largest known table
    bool beginning = false;                     ///< read only that much of a longer file; else such a file is an error
};

/// The whole file, with any octets. Only a regular file is opened, or a link to one: reading a pipe waits for its
/// writer, and opening a device may have effects. invalid_input: "PATH: cannot be read: it is a pipe".
Result<std::string> read_file(const std::string& path, FileLimits limits = {});
/// The same; nullopt: there is no such file.
Result<std::optional<std::string>> read_file_if_any(const std::string& path, FileLimits limits = {});

}  // namespace lbconverge::kernel
