#pragma once

#include "admin/protocol/status.h"

#include <Quern/result.h>

#include <QDateTime>
#include <QJsonObject>
#include <QList>
#include <QString>
#include <QStringList>

#include <chrono>

namespace Quern::admin {

// Of all fromJson() functions: Error::Protocol names the member and what is wrong with it.

/// What is to be reloaded. Shape: {"taskWorkers": false}, which may be left out.
struct ReloadRequest
{
    bool taskWorkers = false; ///< the task workers alone, with the settings that hold; else all, with those of now

    QJsonObject toJson() const;
    static Result<ReloadRequest> fromJson(const QJsonObject &json);
    static QJsonObject schema();
};

/// How many processes there are to be. It holds until the settings file names another number than it did, or the server
/// is restarted. Shape: {"workers": 8, "taskWorkers": 0}; each may be left out.
struct ScaleRequest
{
    int workers = 0;     ///< 0: as many as now
    int taskWorkers = 0; ///< the same

    QJsonObject toJson() const;
    static Result<ScaleRequest> fromJson(const QJsonObject &json);
    static QJsonObject schema();
};

/// How whoever asks for a restart believes the server was started: one that was started otherwise refuses it.
/// Shape: {"environment": "production", "versionLabel": "7"}
struct RestartRequest
{
    QString environment;  ///< whose .env file is read, see -e; empty: that is not said
    QString versionLabel; ///< X_VERSION of the children; the same

    QJsonObject toJson() const;
    static Result<RestartRequest> fromJson(const QJsonObject &json);
    static QJsonObject schema();
};

/// Whether the server is to lose its clients to others: /readyz says no, and each HTTP connection is closed after its
/// present answer. Whoever comes is served nevertheless. Shape: {"on": true}
struct DrainRequest
{
    bool on = true;

    QJsonObject toJson() const;
    static Result<DrainRequest> fromJson(const QJsonObject &json);
    static QJsonObject schema();
};

/// Whether the server is to reload by itself when its files change. It holds until the settings file says something
/// else than it did, or the server is restarted. Shape: {"on": true}
struct WatchRequest
{
    bool on = true;

    QJsonObject toJson() const;
    static Result<WatchRequest> fromJson(const QJsonObject &json);
    static QJsonObject schema();
};

/// All children of the master. Shape: {"processes": […]}
struct ProcessList
{
    QList<WorkerStatus> processes; ///< the workers first

    QJsonObject toJson() const;
    static QJsonObject schema();
};

/// Names a child of the generation that serves, as WorkerStatus::name does. Shape: {"process": "worker 1", "pid":
/// 4711}; "pid" may be left out.
struct ProcessReference
{
    QString process;
    qint64 pid = 0; ///< that it is to have; 0: whichever has the name now

    QJsonObject toJson() const;
    static Result<ProcessReference> fromJson(const QJsonObject &json);
};

/// What a client wants to be told of, from now on; all off ends it.
/// Shape: {"status": true, "intervalMs": 1000, "operations": true, "processes": true}; each may be left out.
struct Subscription
{
    bool status = false;                      ///< the whole Status, again and again
    std::chrono::milliseconds interval{1000}; ///< how often, 200 ms to 60 s
    bool operations = false;                  ///< each step of each Operation
    bool processes = false;                   ///< each ProcessEvent

    QJsonObject toJson() const;
    static Result<Subscription> fromJson(const QJsonObject &json);
    bool operator==(const Subscription &) const = default;
};

/// A child has come or gone. Shape: {"at": "2026-01-31T12:00:00.000Z", "process": "worker 1", "pid": 4711,
/// "generation": 2, "what": "ended", "reason": "signal 11 (Segmentation fault)"}
struct ProcessEvent
{
    enum class What { Ready, Ended };

    QDateTime at; ///< UTC, to the millisecond
    QString process;
    qint64 pid = 0;
    int generation = 0;
    What what = What::Ready;
    QString reason; ///< how it ended; empty if it is ready

    QJsonObject toJson() const;
    static Result<ProcessEvent> fromJson(const QJsonObject &json);
    bool operator==(const ProcessEvent &) const = default;
};

} // namespace Quern::admin
