#include "admin-gui/models/processmodel.h"

#include "admin-gui/models/format.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>
#include <type_traits>

namespace Quern::console {

namespace {

using namespace Qt::Literals::StringLiterals;
using admin::WorkerStatus;

bool isSameProcess(const WorkerStatus &a, const WorkerStatus &b)
{
    return a.name == b.name && a.pid == b.pid && a.generation == b.generation;
}

template <typename Value>
int order(const Value &a, const Value &b)
{
    return a < b ? -1 : b < a ? 1 : 0;
}

} // namespace

QString processStateText(WorkerStatus::State state)
{
    switch (state) {
    case WorkerStatus::State::Starting:
        return ProcessModel::tr("starting");
    case WorkerStatus::State::Ready:
        return ProcessModel::tr("ready");
    case WorkerStatus::State::Draining:
        return ProcessModel::tr("draining");
    case WorkerStatus::State::Waiting:
        return ProcessModel::tr("waits for its restart");
    case WorkerStatus::State::Fatal:
        break;
    }
    return ProcessModel::tr("given up");
}

Tone processTone(const WorkerStatus &process)
{
    switch (process.state) {
    case WorkerStatus::State::Starting:
        return Tone::Busy;
    case WorkerStatus::State::Ready:
        return Tone::Good;
    case WorkerStatus::State::Draining:
        return Tone::Faint;
    case WorkerStatus::State::Waiting:
        return Tone::Warning;
    case WorkerStatus::State::Fatal:
        break;
    }
    return Tone::Bad;
}

ProcessModel::ProcessModel(MemoryOf memoryOf, QObject *parent)
    : QAbstractItemModel(parent)
    , m_memoryOf(std::move(memoryOf))
{
}

void ProcessModel::setStatus(const admin::Status &status)
{
    m_status = status;
    fill();
    Q_EMIT dataChanged(index(0, 0), index(GroupCount - 1, ColumnCount - 1));
}

void ProcessModel::setFilter(const QString &text)
{
    m_words = text.split(u' ', Qt::SkipEmptyParts);
    fill();
}

void ProcessModel::sort(int column, Qt::SortOrder order)
{
    m_sortColumn = column < 0 ? Name : column;
    m_sortOrder = order;
    fill();
}

void ProcessModel::fill()
{
    std::array<Rows, GroupCount> groups;
    for (const QList<WorkerStatus> *list : {&m_status.workers, &m_status.processes}) {
        for (const WorkerStatus &process : *list) {
            Rows &rows = groups[groupOf(process)];
            const bool isTwice = std::any_of(rows.begin(), rows.end(), [&process](const WorkerStatus &each) {
                return isSameProcess(each, process);
            });
            if (!isTwice && matches(process))
                rows.push_back(process);
        }
    }
    for (int group = 0; group < GroupCount; ++group) {
        Rows &rows = groups[std::size_t(group)];
        std::stable_sort(rows.begin(), rows.end(),
                         [this](const WorkerStatus &a, const WorkerStatus &b) { return isBefore(a, b); });
        setRows(Group(group), std::move(rows));
    }
}

ProcessModel::Group ProcessModel::groupOf(const WorkerStatus &process)
{
    if (process.name.startsWith("worker "_L1))
        return Workers;
    if (process.name.startsWith("task worker "_L1))
        return TaskWorkers;
    return process.name == "timer"_L1 ? Timer : Custom;
}

QString ProcessModel::groupTitle(Group group)
{
    switch (group) {
    case Master:
        return tr("Master");
    case Workers:
        return tr("Workers");
    case TaskWorkers:
        return tr("Task workers");
    case Timer:
        return tr("Timer");
    default:
        return tr("Custom processes");
    }
}

/// First those that have gone leave, then those that are new come, then the order is made right.
void ProcessModel::setRows(Group group, Rows rows)
{
    Rows &present = m_groups[group];
    const QModelIndex parent = index(group, 0);
    const auto isIn = [](const Rows &list, const WorkerStatus &process) {
        return std::any_of(list.begin(), list.end(),
                           [&process](const WorkerStatus &each) { return isSameProcess(each, process); });
    };
    for (int row = int(present.size()) - 1; row >= 0; --row) {
        if (isIn(rows, present[std::size_t(row)]))
            continue;
        beginRemoveRows(parent, row, row);
        present.erase(present.begin() + row);
        endRemoveRows();
    }
    for (const WorkerStatus &process : rows) {
        if (isIn(present, process))
            continue;
        beginInsertRows(parent, int(present.size()), int(present.size()));
        present.push_back(process);
        endInsertRows();
    }
    if (!std::equal(rows.begin(), rows.end(), present.begin(), present.end(), isSameProcess)) {
        Q_EMIT layoutAboutToBeChanged({parent}, VerticalSortHint);
        for (const QModelIndex &each : persistentIndexList()) {
            if (each.parent() != parent)
                continue;
            const WorkerStatus &process = present[std::size_t(each.row())];
            const auto to = std::find_if(rows.begin(), rows.end(), [&process](const WorkerStatus &other) {
                return isSameProcess(other, process);
            });
            changePersistentIndex(each, createIndex(int(to - rows.begin()), each.column(), each.internalId()));
        }
        present = std::move(rows);
        Q_EMIT layoutChanged({parent}, VerticalSortHint);
    } else {
        present = std::move(rows);
    }
    if (!present.empty())
        Q_EMIT dataChanged(index(0, 0, parent), index(int(present.size()) - 1, ColumnCount - 1, parent));
}

bool ProcessModel::isBefore(const WorkerStatus &a, const WorkerStatus &b) const
{
    int result = 0;
    switch (m_sortColumn) {
    case Generation:
        result = order(a.generation, b.generation);
        break;
    case Pid:
        result = order(a.pid, b.pid);
        break;
    case State:
        result = order(int(a.state), int(b.state));
        break;
    case InFlight:
        result = order(a.inFlight, b.inFlight);
        break;
    case Oldest:
        result = order(a.oldest, b.oldest);
        break;
    case Requests:
        result = order(a.requests, b.requests);
        break;
    case Memory:
        result = order(a.rssBytes, b.rssBytes);
        break;
    case Trend:
        result = order(a.rssPerMinute, b.rssPerMinute);
        break;
    case Cpu:
        result = order(a.cpuPercent, b.cpuPercent);
        break;
    case Restarts:
        result = order(a.successions(), b.successions());
        break;
    case LastExit:
        result = order(a.lastExit, b.lastExit);
        break;
    default:
        break;
    }
    if (result == 0) {
        // "process mailer 2" before "process mailer 10", whichever way the column is sorted.
        const int byName = order(std::tuple(a.name.left(a.name.lastIndexOf(u' ')), a.id, a.generation),
                                 std::tuple(b.name.left(b.name.lastIndexOf(u' ')), b.id, b.generation));
        return m_sortColumn == Name && m_sortOrder == Qt::DescendingOrder ? byName > 0 : byName < 0;
    }
    return m_sortOrder == Qt::AscendingOrder ? result < 0 : result > 0;
}

bool ProcessModel::matches(const WorkerStatus &process) const
{
    return std::all_of(m_words.begin(), m_words.end(), [&process](const QString &word) {
        for (int column = 0; column < ColumnCount; ++column) {
            if (text(process, column).contains(word, Qt::CaseInsensitive))
                return true;
        }
        return false;
    });
}

const WorkerStatus *ProcessModel::processAt(const QModelIndex &index) const
{
    if (!index.isValid() || index.internalId() == 0)
        return nullptr;
    return &m_groups[std::size_t(index.internalId() - 1)][std::size_t(index.row())];
}

QModelIndex ProcessModel::indexOfProcess(const QString &name) const
{
    QModelIndex found;
    for (int group = 0; group < GroupCount; ++group) {
        const Rows &rows = m_groups[std::size_t(group)];
        for (std::size_t row = 0; row < rows.size(); ++row) {
            if (rows[row].name != name)
                continue;
            if (!found.isValid() || rows[row].state == WorkerStatus::State::Ready)
                found = index(int(row), 0, index(group, 0));
        }
    }
    return found;
}

QModelIndex ProcessModel::index(int row, int column, const QModelIndex &parent) const
{
    if (!hasIndex(row, column, parent))
        return {};
    return createIndex(row, column, parent.isValid() ? quintptr(parent.row() + 1) : quintptr(0));
}

QModelIndex ProcessModel::parent(const QModelIndex &child) const
{
    if (!child.isValid() || child.internalId() == 0)
        return {};
    return createIndex(int(child.internalId()) - 1, 0, quintptr(0));
}

int ProcessModel::rowCount(const QModelIndex &parent) const
{
    if (!parent.isValid())
        return GroupCount;
    if (parent.internalId() != 0 || parent.column() != 0)
        return 0;
    return int(m_groups[std::size_t(parent.row())].size());
}

int ProcessModel::columnCount(const QModelIndex &) const
{
    return ColumnCount;
}

QVariant ProcessModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole &&
        (section == Pid || section == Generation || (section >= InFlight && section <= Restarts)))
        return QVariant::fromValue<Qt::Alignment>(Qt::AlignRight | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && section == Oldest)
        return tr("For how long the oldest request or event is with it");
    if (role != Qt::DisplayRole)
        return {};
    static const std::array titles = {QT_TR_NOOP("Process"),  QT_TR_NOOP("Generation"), QT_TR_NOOP("PID"),
                                      QT_TR_NOOP("State"),    QT_TR_NOOP("In flight"),  QT_TR_NOOP("Oldest"),
                                      QT_TR_NOOP("Requests"), QT_TR_NOOP("Memory"),     QT_TR_NOOP("Trend"),
                                      QT_TR_NOOP("CPU"),      QT_TR_NOOP("Restarts"),   QT_TR_NOOP("Last exit")};
    return tr(titles.at(std::size_t(section)));
}

QVariant ProcessModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    if (role == Qt::TextAlignmentRole)
        return headerData(index.column(), Qt::Horizontal, role);
    if (const WorkerStatus *process = processAt(index))
        return processData(*process, index.column(), role);
    return index.row() == Master ? masterData(index.column(), role)
                                 : groupData(Group(index.row()), index.column(), role);
}

QVariant ProcessModel::masterData(int column, int role) const
{
    if (role == KeyRole)
        return QStringLiteral("master");
    if (role != Qt::DisplayRole)
        return {};
    switch (column) {
    case Name:
        return groupTitle(Master);
    case Generation:
        return m_status.generation > 0 ? format::count(m_status.generation) : QString();
    case Pid:
        return m_status.pid > 0 ? QString::number(m_status.pid) : QString();
    case Requests:
        return m_status.pid > 0 ? format::count(m_status.totals.requests) : QString();
    default:
        return {};
    }
}

QVariant ProcessModel::groupData(Group group, int column, int role) const
{
    const Rows &rows = m_groups[group];
    if (role == KeyRole)
        return QString::number(group);
    if (role == ToneRole && rows.empty())
        return int(Tone::Faint);
    if (role != Qt::DisplayRole)
        return {};
    const auto sum = [&rows](auto member) {
        return std::accumulate(rows.begin(), rows.end(), std::remove_cvref_t<decltype(rows.front().*member)>(),
                               [member](auto total, const WorkerStatus &each) { return total + each.*member; });
    };
    const auto ready = std::count_if(rows.begin(), rows.end(),
                                     [](const WorkerStatus &each) { return each.state == WorkerStatus::State::Ready; });
    switch (column) {
    case Name:
        return rows.empty() ? tr("%1: none").arg(groupTitle(group)) : groupTitle(group);
    case State:
        return rows.empty() ? QString() : tr("%1 of %2 ready").arg(ready).arg(rows.size());
    case InFlight:
        return rows.empty() ? QString() : format::count(sum(&WorkerStatus::inFlight));
    case Requests:
        return rows.empty() ? QString() : format::count(sum(&WorkerStatus::requests));
    case Memory:
        return rows.empty() ? QString() : format::bytes(sum(&WorkerStatus::rssBytes));
    case Cpu:
        return rows.empty() ? QString() : format::percent(sum(&WorkerStatus::cpuPercent));
    default:
        return {};
    }
}

QString ProcessModel::text(const WorkerStatus &process, int column)
{
    switch (column) {
    case Name:
        return process.name;
    case Generation:
        return format::count(process.generation);
    case Pid:
        return process.pid > 0 ? QString::number(process.pid) : QString();
    case State:
        return processStateText(process.state);
    case InFlight:
        return format::count(process.inFlight);
    case Oldest:
        return process.oldest.count() > 0 ? format::duration(process.oldest) : QString();
    case Requests:
        return format::count(process.requests);
    case Memory:
        return process.pid > 0 ? format::bytes(process.rssBytes) : QString();
    case Trend:
        return format::memoryTrend(process.rssPerMinute);
    case Cpu:
        return process.pid > 0 ? format::percent(process.cpuPercent) : QString();
    case Restarts:
        return format::count(process.successions());
    case LastExit:
        return process.lastExit;
    default:
        return {};
    }
}

QVariant ProcessModel::processData(const WorkerStatus &process, int column, int role) const
{
    // Of a handler: longer than a client likes to wait.
    constexpr std::chrono::seconds longRunning{1};
    switch (role) {
    case Qt::DisplayRole:
        return text(process, column);
    case KeyRole:
        return process.name;
    case ToneRole:
        if (column == State)
            return int(processTone(process));
        if (column == Oldest && process.oldest >= longRunning)
            return int(Tone::Warning);
        if (column == LastExit || process.state == WorkerStatus::State::Draining)
            return int(Tone::Faint);
        return int(Tone::Plain);
    case TrendRole:
        return column == Trend ? QVariant::fromValue(m_memoryOf(process)) : QVariant();
    case Qt::ToolTipRole:
        if (column == Oldest && !process.work.isEmpty())
            return format::tip(process.work);
        return column == LastExit && !process.lastExit.isEmpty() ? format::tip(process.lastExit) : QVariant();
    default:
        return {};
    }
}

} // namespace Quern::console
