#pragma once

#include "ipc/childrole.h"
#include "ipc/messages.h"
#include "process/restartpolicy.h"

#include <QList>
#include <QMap>
#include <QString>

#include <chrono>

namespace Quern::process {

/// The copies of one custom process.
struct ProcessPool
{
    QString name;
    int num = 1;
    RestartSettings restarts;
    bool redirect = false; ///< what it prints is for its pipe, not for the log
    bool operator==(const ProcessPool &) const = default;
};

/// Which children there are, and what each of them is told.
struct SupervisorSettings
{
    int workerNum = 1;
    int taskWorkerNum = 0;
    bool isRolling = false;     ///< a reload to these replaces the children one by one
    ipc::PoolSizes most;        ///< to which a reload keeps what there are more of; less than those two: it does not
    QList<ipc::CronEntry> cron; ///< for the timer process, which there is if they or the plugins want one
    QList<ProcessPool> processes;
    int reactorCount = 1;
    QString workerProgram; ///< absolute path of quern-worker
    QString generationsDirectory;
    int firstGeneration = 1; ///< those before it are another server's, which is still there
    ipc::AnswerOptions answers;
    QList<ipc::BootMessage::Plugin> plugins; ///< the original files
    QList<ipc::BootMessage::Port> ports;     ///< that the server listens on, by number
    ipc::TaskDefaults tasks;
    ipc::ProcessPlan plan;        ///< what children are told of each other; of the same children
    ipc::Confinement confinement; ///< of every child
    int connectionsFd = -1;       ///< of the ipc::ConnectionTable, which outlives the supervisor; -1: there is none
    std::chrono::milliseconds maxWaitTime{3000};   ///< an old child may finish what it has begun for this long
    std::chrono::milliseconds longestRequest{0};   ///< that a worker may have begun; 0: there is no limit
    std::chrono::milliseconds startTimeout{30000}; ///< until a new child must be ready
    std::chrono::milliseconds hookTimeout{5000};   ///< of one life-cycle hook
    QMap<QString, QString> environment;            ///< of the children, besides the master's
    int tablesFd = -1; ///< of the memory of the tables, which outlives the supervisor; -1: there is none
};

} // namespace Quern::process
