#pragma once

#include "admin/protocol/taskmessages.h"

#include <QString>

namespace Quern::console {

/// What a task was delivered with, as it is shown: a map as indented JSON, bytes as the text that they are, if they are
/// one, and in hex.
struct PayloadText
{
    /// Of JSON and text, in characters: more would hold up the window that shows it.
    static constexpr qsizetype LongestText = 256 * 1024;
    /// Of bytes in hex.
    static constexpr qsizetype MostDumped = 16 * 1024;

    QString summary; ///< "map, 20 B", in the user's language; says what is left out
    QString text;

    static PayloadText of(const admin::DeadLetterPayload &payload);
    /// Lines of 16 bytes: where they are, in hex, and as ASCII.
    static QString hexDump(const QByteArray &bytes);
};

} // namespace Quern::console
