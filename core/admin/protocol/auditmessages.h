#pragma once

#include <Quern/result.h>

#include <QDateTime>
#include <QJsonObject>
#include <QList>
#include <QString>

namespace Quern::admin {

// All fromJson() functions return Error::Protocol with the member and what is wrong with it.

/// Something that somebody wanted to change, or a token that nobody holds.
/// Shape: {"serial": 7, "time": "2026-01-31T12:00:00.000Z", "who": "token deploy from 127.0.0.1", "role": "operator",
/// "method": "cron.run", "params": {…}, "outcome": "done", "error": ""}
struct AuditEntry
{
    enum class Outcome {
        Done,
        Begun,   ///< it takes its time: another entry tells how it ended, unless that was with the process itself
        Failed,  ///< "error" says why
        Refused, ///< nothing was tried: the role may not, or nobody holds the token
    };

    qint64 serial = 0;  ///< one more with each
    QDateTime time;     ///< when it was asked for, or when what had begun ended; UTC, to the millisecond
    QString who;        ///< see Caller::name
    QString role;       ///< "operator"; empty: nobody's
    QString method;     ///< empty: a wrong token
    QJsonObject params; ///< without secrets and payloads
    Outcome outcome = Outcome::Done;
    QString error;

    QJsonObject toJson() const;
    static Result<AuditEntry> fromJson(const QJsonObject &json);
    bool operator==(const AuditEntry &) const = default;
};

/// Which entries are wanted, the newest first. Shape: {"limit": 100, "before": 0}; each may be left out.
struct AuditQuery
{
    static constexpr int MostEntries = 100;

    int limit = MostEntries; ///< 1 to MostEntries
    qint64 before = 0;       ///< a serial; 0: from the newest on

    QJsonObject toJson() const;
    static Result<AuditQuery> fromJson(const QJsonObject &json);
};

/// Shape: {"entries": […], "before": 0}
struct AuditPage
{
    QList<AuditEntry> entries; ///< the newest first
    qint64 before = 0;         ///< what to ask for next, to have the older ones; 0: there are none

    QJsonObject toJson() const;
    static Result<AuditPage> fromJson(const QJsonObject &json);
    /// See EndpointSchema.
    static QJsonObject schema();
};

} // namespace Quern::admin
