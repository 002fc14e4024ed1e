#pragma once

#include <Quern/result.h>

#include <QDateTime>
#include <QJsonObject>
#include <QList>
#include <QString>

namespace Quern::admin {

// Ids of tasks are strings of decimal digits: they go beyond what numbers of JSON carry. All fromJson() functions
// return Error::Protocol with the member and what is wrong with it.

/// Which dead letters are wanted: the newest first. Shape: {"name": "mail", "before": "", "limit": 100}; each may
/// be left out.
struct DeadLetterQuery
{
    static constexpr int MostLetters = 100;

    QString name;            ///< of the task or event; empty: any
    QString before;          ///< what the page before gave as "older"; empty: from the newest on
    int limit = MostLetters; ///< 1 to MostLetters

    QJsonObject toJson() const;
    static Result<DeadLetterQuery> fromJson(const QJsonObject &json);
    bool operator==(const DeadLetterQuery &) const = default;
};

/// A task or event that has failed for good.
/// Shape: {"number": 3, "id": "4711", "kind": "task", "name": "mail", "error": "…", "attempts": 5, "createdAt":
/// "2026-01-31T12:00:00.000Z", "buriedAt": "…", "payloadBytes": 20, "store": "database"}
struct DeadLetter
{
    enum class Kind { Task, Event };
    enum class Store { Memory, Database };

    /// Of the error that is told, in characters.
    static constexpr qsizetype LongestError = 1000;

    qint64 number = 0; ///< counts up from one to the next in its store
    QString id;
    Kind kind = Kind::Task;
    QString name;
    QString error;           ///< of the last try; a longer one ends in "…"
    int attempts = 0;        ///< how often it was tried
    QDateTime createdAt;     ///< UTC, to the millisecond
    QDateTime buriedAt;      ///< the same
    qint64 payloadBytes = 0; ///< of its payload
    Store store = Store::Memory;

    bool operator==(const DeadLetter &) const = default;
};

/// Shape: {"letters": […], "older": ""}
struct DeadLetterPage
{
    QList<DeadLetter> letters; ///< the newest first
    QString older;             ///< what to ask for next, to have the older ones; empty: there are none

    QJsonObject toJson() const;
    static Result<DeadLetterPage> fromJson(const QJsonObject &json);
    /// See EndpointSchema.
    static QJsonObject schema();
    bool operator==(const DeadLetterPage &) const = default;
};

/// Names one dead letter. Shape: {"id": "4711"}
struct DeadLetterReference
{
    QString id;

    QJsonObject toJson() const;
    static Result<DeadLetterReference> fromJson(const QJsonObject &json);
};

/// What the task was delivered with.
/// Shape: {"kind": "map", "map": {…}, "bytes": "", "size": 20, "truncated": false}
struct DeadLetterPayload
{
    enum class Kind {
        Map,   ///< "map" has it as JSON
        Cbor,  ///< a map that is too large for that: "bytes" has its CBOR (RFC 8949)
        Bytes, ///< "bytes" has them
    };

    Kind kind = Kind::Map;
    QJsonObject map;
    QString bytes;          ///< base64 (RFC 4648 §4)
    qint64 size = 0;        ///< of the whole payload, of a map in CBOR
    bool truncated = false; ///< "bytes" is the beginning only

    QJsonObject toJson() const;
    static Result<DeadLetterPayload> fromJson(const QJsonObject &json);
    /// See EndpointSchema.
    static QJsonObject schema();
    bool operator==(const DeadLetterPayload &) const = default;
};

/// Which dead letters something is to happen to. Shape: {"scope": "named", "id": "", "name": "mail"}
struct DeadLetterSelection
{
    enum class Scope {
        One,   ///< that of the task "id"
        Named, ///< all with the name "name"
        All,
    };

    Scope scope = Scope::One;
    QString id;
    QString name;

    QJsonObject toJson() const;
    static Result<DeadLetterSelection> fromJson(const QJsonObject &json);
    bool operator==(const DeadLetterSelection &) const = default;
};

/// Shape: {"count": 3}
struct DeadLetterCount
{
    qint64 count = 0;

    QJsonObject toJson() const;
    static Result<DeadLetterCount> fromJson(const QJsonObject &json);
    /// See EndpointSchema.
    static QJsonObject schema();
};

/// "task", as in the JSON.
QString deadLetterKindName(DeadLetter::Kind kind);
/// "memory", as in the JSON.
QString deadLetterStoreName(DeadLetter::Store store);

} // namespace Quern::admin
