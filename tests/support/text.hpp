// Text of several lines in a test, written as in the file that it stands for. Only for tests.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

/// R"(…)"_text: the lines between the parentheses, without the indentation that they share. The line break after the
/// opening parenthesis is not part of the text: the first line of the text is line 1.
inline std::string operator""_text(const char* raw, std::size_t size) {
    std::string_view rest(raw, size);
    if (rest.starts_with('\n')) rest.remove_prefix(1);
    // If the closing parenthesis is on a line of its own, the spaces before it are not part of the text.
    if (const auto last = rest.find_last_not_of(' '); last != rest.npos && rest[last] == '\n')
        rest = rest.substr(0, last + 1);

    const auto for_each_line = [rest](const auto& use) {
        for (std::size_t at = 0; at < rest.size();) {
            const std::size_t end = std::min(rest.find('\n', at), rest.size() - 1);
            const std::string_view line = rest.substr(at, end + 1 - at);
            use(line, std::min(line.find_first_not_of(' '), line.size()));
            at += line.size();
        }
    };
    std::size_t shared = rest.size();
    for_each_line([&](std::string_view line, std::size_t indentation) {
        if (line != "\n") shared = std::min(shared, indentation);
    });
    std::string text;
    for_each_line(
        [&](std::string_view line, std::size_t indentation) { text += line.substr(std::min(shared, indentation)); });
    return text;
}

/// R"(…)"_with(a, b): such a text, in which the values replace the signs $, in their order.
inline auto operator""_with(const char* raw, std::size_t size) {
    return [text = operator""_text(raw, size)](const auto&... values) {
        std::string result;
        std::string_view rest = text;
        const auto fill_next = [&](std::string_view value) {
            const std::size_t place = rest.find('$');
            result.append(rest.substr(0, place)).append(value);
            rest.remove_prefix(place + 1);
        };
        (fill_next(values), ...);
        return result.append(rest);
    };
}
