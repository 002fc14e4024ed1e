#pragma once

#include "base/logrecord.h"

#include <Quern/result.h>

#include <QDateTime>
#include <QJsonObject>
#include <QList>
#include <QString>
#include <QStringList>

namespace Quern::admin {

/// One message of the log.
/// Shape: {"serial": 7, "time": "2026-01-31T12:00:00.000Z", "level": "info", "role": "worker 2", "pid": 123,
/// "category": "shop", "message": "…"}
struct LogLine
{
    qint64 serial = 0; ///< one more with each, from 1 while the server runs
    QDateTime time;    ///< UTC, to the millisecond
    base::LogLevel level = base::LogLevel::Info;
    QString role;   ///< who spoke: "master", "worker 2"
    qint64 pid = 0; ///< of the process that spoke
    QString category;
    QString message; ///< its lines are separated by '\n'

    static LogLine of(const base::LogRecord &record);
    base::LogRecord toRecord() const;

    bool operator==(const LogLine &) const = default;
};

/// Which lines are wanted. Shape: {"lines": 100, "level": "debug", "role": "", "before": 0}; each may be left out.
struct LogQuery
{
    int lines = 100;                              ///< the last so many
    base::LogLevel level = base::LogLevel::Debug; ///< and above
    QString role;                                 ///< empty: everybody's
    qint64 before = 0;                            ///< a serial; 0: all

    QJsonObject toJson() const;
    /// Error::Protocol names the member and what is wrong with it.
    static Result<LogQuery> fromJson(const QJsonObject &json);
    bool operator==(const LogQuery &) const = default;
};

/// Lines, oldest first. Shape: {"lines": […], "before": 0, "dropped": 0}
struct LogPage
{
    QList<LogLine> lines;
    qint64 before = 0;  ///< what to ask for next, to have the older ones; 0: there are none. Not in events
    qint64 dropped = 0; ///< how many came before these that the client was too slow for. In events only

    QJsonObject toJson() const;
    /// Error::Protocol names the member and what is wrong with it.
    static Result<LogPage> fromJson(const QJsonObject &json);
    /// See EndpointSchema.
    static QJsonObject schema();
    bool operator==(const LogPage &) const = default;
};

/// Shape: {"levels": "quern.http=debug,info"}; see base::LogLevels::change().
struct LogLevelChange
{
    QString levels;

    QJsonObject toJson() const;
    /// Error::Protocol names the member and what is wrong with it.
    static Result<LogLevelChange> fromJson(const QJsonObject &json);
    /// See EndpointSchema.
    static QJsonObject schema();
};

/// Shape: {"general": "info", "categories": ["quern.http=debug"]}
struct LogLevelsInForce
{
    base::LogLevel general = base::LogLevel::Info;
    QStringList categories;

    QJsonObject toJson() const;
    /// Error::Protocol names the member and what is wrong with it.
    static Result<LogLevelsInForce> fromJson(const QJsonObject &json);
    /// See EndpointSchema.
    static QJsonObject schema();
    bool operator==(const LogLevelsInForce &) const = default;
};

} // namespace Quern::admin
