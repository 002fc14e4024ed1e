#pragma once

#include <Quern/result.h>

#include <QDateTime>
#include <QJsonObject>
#include <QList>
#include <QString>

#include <chrono>

namespace Quern::admin {

/// Names one long action. Shape: {"operation": 3, "patienceMs": 13000}; whoever asks may leave out the latter.
struct OperationReference
{
    qint64 operation = 0;                  ///< Operation::id
    std::chrono::milliseconds patience{0}; ///< "patienceMs": by then it has ended, unless the server is in trouble

    QJsonObject toJson() const;
    /// Error::Protocol names the member and what is wrong with it.
    static Result<OperationReference> fromJson(const QJsonObject &json);
    /// See EndpointSchema.
    static QJsonObject schema();
};

/// Shape: {"operation": 3}
struct OperationNumber
{
    qint64 operation = 0; ///< Operation::id

    QJsonObject toJson() const;
    static Result<OperationNumber> fromJson(const QJsonObject &json);
};

/// One thing that an operation has done.
struct OperationStep
{
    QDateTime at; ///< UTC, to the millisecond
    QString text; ///< for people: "worker 2 is ready"

    bool operator==(const OperationStep &) const = default;
};

/// A long action of the server and how far it is.
/// Shape: {"id": 3, "kind": "reload", "state": "running", "steps": [{"at": "2026-01-31T12:00:00.000Z", "text": "…"}],
/// "error": ""}
struct Operation
{
    enum class Kind {
        Reload,
        Stop,
        Scale,   ///< to another number of workers, which a reload brings
        Drain,   ///< clients are asked to go elsewhere, until no request keeps a connection
        Restart, ///< a reload that proves the new settings, and then the start of the program anew
    };
    enum class State { Running, Succeeded, Failed };

    qint64 id = 0; ///< unique while the server runs, from 1
    Kind kind = Kind::Reload;
    State state = State::Running;
    QList<OperationStep> steps; ///< oldest first
    QString error;              ///< why it failed; empty in every other state

    QJsonObject toJson() const;
    /// Error::Protocol names the member and what is wrong with it.
    static Result<Operation> fromJson(const QJsonObject &json);
    /// See EndpointSchema.
    static QJsonObject schema();

    bool operator==(const Operation &) const = default;
};

/// Shape: {"operations": […]}
struct OperationList
{
    QList<Operation> operations; ///< the newest first

    QJsonObject toJson() const;
    static Result<OperationList> fromJson(const QJsonObject &json);
    static QJsonObject schema();
};

} // namespace Quern::admin
