#pragma once

#include <Quern/global.h>

#include <QString>

#include <utility>

class QDebug;

namespace Quern {

/// Why an operation failed: a code to branch on and a message to read. A value type; any thread.
class Error
{
public:
    /// What to branch on.
    enum Code {
        Invalid,     ///< the input breaks a rule; the message names the place and the mend
        Protocol,    ///< a peer broke the wire protocol
        TooLarge,    ///< a size is over its limit
        NotFound,    ///< the thing named does not exist
        Exists,      ///< the thing named exists already
        Busy,        ///< a bounded resource is full or held by someone else
        Unavailable, ///< the other side is not there (any more)
        Timeout,     ///< a deadline passed
        Permission,  ///< the operating system or a policy refused
        Io,          ///< any other failure of the operating system
        Internal,    ///< a defect in this program
    };               ///< what to branch on

    Error(Code code, QString message) : m_message(std::move(message)), m_code(code) {} ///< of both

    Code code() const { return m_code; }                 ///< to branch on
    const QString &message() const { return m_message; } ///< to read

private:
    QString m_message;
    Code m_code;
};

/// For logs and tests: `Quern::Error(NotFound, "the thing named")`.
QUERN_EXPORT QDebug operator<<(QDebug debug, const Error &error);

} // namespace Quern
