#pragma once

#include "ipc/messages.h"

#include <QList>
#include <QMap>
#include <QString>

#include <chrono>

namespace Quern::process {

/// How many workers there are, and what each of them is told.
struct SupervisorSettings
{
    int workerNum = 1;
    int reactorCount = 1;
    QString workerProgram; ///< absolute path of quern-worker
    QString generationsDirectory;
    ipc::AnswerOptions answers;
    QList<ipc::BootMessage::Plugin> plugins; ///< the original files
    QList<ipc::BootMessage::Port> ports;     ///< that the server listens on, by number
    int connectionsFd = -1; ///< of the ipc::ConnectionTable, which outlives the supervisor; -1: there is none
    int tablesFd = -1;      ///< of the memory of the tables, which outlives the supervisor; -1: there is none
    std::chrono::milliseconds maxWaitTime{3000};   ///< an old worker may finish its requests for this long
    std::chrono::milliseconds startTimeout{30000}; ///< until a new worker must be ready
    QMap<QString, QString> environment;            ///< of the workers, besides the master's
};

} // namespace Quern::process
