#include "app/server/poolhealth.h"

#include <algorithm>

namespace Quern::app {

namespace {

using ipc::ChildRole;
using process::ChildReport;
using State = ChildReport::State;

QString poolName(const ipc::ChildIdentity &who)
{
    switch (who.role) {
    case ChildRole::Worker:
        return QStringLiteral("workers");
    case ChildRole::TaskWorker:
        return QStringLiteral("task workers");
    case ChildRole::Process:
        return QStringLiteral("process %1").arg(who.name);
    case ChildRole::Timer:
    case ChildRole::Boot:
        break;
    }
    return who.text();
}

/// What is wrong with one of them, as a part of a sentence; empty if it works.
QString trouble(const ChildReport &child)
{
    const QString last = child.lastExit.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(child.lastExit);
    if (child.state == State::Fatal)
        return QStringLiteral("%1 is FATAL%2").arg(child.who.text(), last);
    if (child.isBreakerOpen)
        return QStringLiteral("%1 ends as soon as it starts%2").arg(child.who.text(), last);
    if (child.state == State::Waiting)
        return QStringLiteral("%1 waits for its next start%2").arg(child.who.text(), last);
    if (child.isTooLarge)
        return QStringLiteral("%1 is beyond its memory limit as soon as it begins%2").arg(child.who.text(), last);
    return child.state == State::Ready ? QString() : QStringLiteral("%1 is starting%2").arg(child.who.text(), last);
}

void setBounds(admin::PoolStatus &pool, ChildRole role, const config::ServerSettings &server)
{
    pool.least = pool.most = pool.size;
    if (role == ChildRole::Worker) {
        pool.least = std::min(pool.size, server.workerNum);
        pool.most = std::max(pool.size, server.workerMaxNum);
    } else if (role == ChildRole::TaskWorker) {
        pool.least = std::min(pool.size, server.taskWorkerNum);
        pool.most = std::max(pool.size, server.taskWorkerMaxNum);
    }
}

} // namespace

QList<admin::PoolStatus> poolHealth(const QList<ChildReport> &children, const config::ServerSettings &server)
{
    struct Pool
    {
        admin::PoolStatus status;
        ChildRole role = ChildRole::Worker;
        QStringList troubles;
        int hopeless = 0; ///< for now, or for good
    };
    std::vector<Pool> pools;
    for (const ChildReport &child : children) {
        if (!child.serves || child.isSuccessor)
            continue;
        const QString name = poolName(child.who);
        auto pool =
            std::find_if(pools.begin(), pools.end(), [&name](const Pool &each) { return each.status.name == name; });
        if (pool == pools.end()) {
            pools.emplace_back();
            pool = std::prev(pools.end());
            pool->status.name = name;
            pool->role = child.who.role;
        }
        ++pool->status.size;
        pool->status.ready += child.state == State::Ready ? 1 : 0;
        pool->hopeless += child.state == State::Fatal || (child.isBreakerOpen && child.state != State::Ready) ? 1 : 0;
        if (const QString text = trouble(child); !text.isEmpty())
            pool->troubles.append(text);
    }
    constexpr qsizetype mostTold = 3;
    QList<admin::PoolStatus> list;
    for (Pool &pool : pools) {
        admin::PoolStatus &status = pool.status;
        if (pool.hopeless == status.size)
            status.state = admin::PoolStatus::State::Failed;
        else if (!pool.troubles.isEmpty())
            status.state = admin::PoolStatus::State::Degraded;
        status.reason = pool.troubles.mid(0, mostTold).join(QStringLiteral("; "));
        if (pool.troubles.size() > mostTold)
            status.reason += QStringLiteral("; and %1 more").arg(pool.troubles.size() - mostTold);
        setBounds(status, pool.role, server);
        list.append(status);
    }
    return list;
}

} // namespace Quern::app
