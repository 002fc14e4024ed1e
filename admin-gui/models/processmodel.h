#pragma once

#include "admin-gui/models/indexedmodel.h"
#include "admin/protocol/status.h"

#include <QAbstractItemModel>

#include <array>
#include <functional>
#include <vector>

namespace Quern::console {

/// "ready", in the user's language.
QString processStateText(admin::WorkerStatus::State state);
Tone processTone(const admin::WorkerStatus &process);

/// The master and its children, as a tree: the groups by role, and in each the processes of all generations. A process
/// keeps its row's identity while it lives, so that a selection stays where it is. Lives in the main thread.
class ProcessModel final : public QAbstractItemModel
{
    Q_OBJECT
public:
    enum Column { Name, Generation, Pid, State, InFlight, Oldest, Requests, Memory, Trend, Cpu, Restarts, LastExit };
    static constexpr int ColumnCount = LastExit + 1;

    /// Of a process: bytes, oldest first.
    using MemoryOf = std::function<QList<double>(const admin::WorkerStatus &process)>;

    explicit ProcessModel(MemoryOf memoryOf, QObject *parent = nullptr);

    void setStatus(const admin::Status &status);
    void clear() { setStatus({}); }
    /// Shows the processes in whose row each word of \a text is found.
    void setFilter(const QString &text);

    /// Null for a group, and for the master.
    const admin::WorkerStatus *processAt(const QModelIndex &index) const;
    /// Of the process with this name that takes work; else any of that name. Invalid if there is none.
    QModelIndex indexOfProcess(const QString &name) const;

    QModelIndex index(int row, int column, const QModelIndex &parent = {}) const override;
    QModelIndex parent(const QModelIndex &child) const override;
    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;

private:
    enum Group { Master, Workers, TaskWorkers, Timer, Custom, GroupCount };
    using Rows = std::vector<admin::WorkerStatus>;

    static Group groupOf(const admin::WorkerStatus &process);
    static QString groupTitle(Group group);
    void fill();
    void setRows(Group group, Rows rows);
    bool isBefore(const admin::WorkerStatus &a, const admin::WorkerStatus &b) const;
    bool matches(const admin::WorkerStatus &process) const;
    QVariant groupData(Group group, int column, int role) const;
    QVariant masterData(int column, int role) const;
    QVariant processData(const admin::WorkerStatus &process, int column, int role) const;
    static QString text(const admin::WorkerStatus &process, int column);

    MemoryOf m_memoryOf;
    admin::Status m_status;
    std::array<Rows, GroupCount> m_groups;
    QStringList m_words;
    int m_sortColumn = Name;
    Qt::SortOrder m_sortOrder = Qt::AscendingOrder;
};

} // namespace Quern::console
