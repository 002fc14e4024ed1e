#pragma once

#include "admin/protocol/operation.h"

#include <QObject>

#include <deque>
#include <optional>

namespace Quern::admin {

/// The long actions of the server, running and past. Lives in the main thread.
class OperationLog final : public QObject
{
    Q_OBJECT
public:
    /// The oldest that have ended are forgotten.
    static constexpr std::size_t MaxOperations = 32;

    using QObject::QObject;

    /// Begins one and returns its id.
    qint64 begin(Operation::Kind kind);
    /// Goes on with one that a program before this has begun; those that follow have ids above \a last, the greatest
    /// that was used then.
    void resume(qint64 id, Operation::Kind kind, qint64 last);
    /// Something has happened in it. Steps of unknown or finished operations are ignored.
    void addStep(qint64 id, const QString &text);
    /// It ends; an empty \a error is success.
    void finish(qint64 id, const QString &error);

    /// The id of the one that was begun last; 0: there was none.
    qint64 last() const { return m_serial; }
    std::optional<Operation> find(qint64 id) const;
    /// The newest first.
    QList<Operation> all() const { return {m_operations.rbegin(), m_operations.rend()}; }

Q_SIGNALS:
    void changed(const Quern::admin::Operation &operation);

private:
    void add(qint64 id, Operation::Kind kind);
    Operation *running(qint64 id);

    std::deque<Operation> m_operations;
    qint64 m_serial = 0;
};

} // namespace Quern::admin
