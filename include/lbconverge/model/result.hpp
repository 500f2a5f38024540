// Errors as values. Every layer returns Result<T>; only the command line turns an Error into an exit code.
// No layer throws across its own border.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace lbconverge {

/// What kind of failure it is; decides the exit code and whether trying again can help.
enum class ErrorKind {
    failed,         ///< it did not work, and nothing more is known
    usage,          ///< the command line makes no sense
    invalid_input,  ///< the configuration or another input file is wrong
    not_permitted,  ///< the kernel refused for lack of privilege (EPERM, EACCES)
    kernel_lacks,   ///< a module, scheduler or attribute that this kernel does not have
    busy,           ///< another lbconverge holds the lock
    refused,        ///< a guard of [limits] or the safety check said no
    world_moved,    ///< the kernel changed between reading and writing (EEXIST, ENOENT, ESRCH): plan again
};

/// One failure, told to a person: what happened, and what to do about it.
struct Error {
    ErrorKind kind = ErrorKind::failed;
    std::string what;
    std::string hint;

    bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string what, std::string hint = {}) {
    return tl::unexpected<Error>(Error{kind, std::move(what), std::move(hint)});
}

}  // namespace lbconverge

/// Hands the error of a Result on to the caller, whose result may be of another type.
#define RETURN_IF_ERROR(result)                                        \
    do {                                                               \
        if (const auto& tried = (result); !tried) {                    \
            return tl::unexpected<::lbconverge::Error>(tried.error()); \
        }                                                              \
    } while (false)
