#pragma once

#include <QList>
#include <QString>

namespace Quern::app::doctor {

/// What was looked at, what was found, and what to do about it. Made by the three functions below, so that whatever is
/// not well comes with its mend.
struct Check
{
    enum class Outcome { Ok, Warning, Error };

    QString name; ///< of what was looked at, never translated: "open files", "listen 127.0.0.1:5200"
    Outcome outcome = Outcome::Ok;
    QString found;
    QString mend; ///< a command or a setting; empty if all is well
};

using Checks = QList<Check>;

inline Check well(const QString &name, const QString &found)
{
    return {name, Check::Outcome::Ok, found, {}};
}

/// It works, and not as it should.
inline Check warning(const QString &name, const QString &found, const QString &mend)
{
    return {name, Check::Outcome::Warning, found, mend};
}

/// The server cannot start, or cannot serve.
inline Check error(const QString &name, const QString &found, const QString &mend)
{
    return {name, Check::Outcome::Error, found, mend};
}

} // namespace Quern::app::doctor
