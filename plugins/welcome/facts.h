#pragma once

#include <Quern/request.h>

#include <QJsonObject>
#include <QString>

#include <chrono>

/// What happened to one request on its way to the handler.
struct Facts
{
    explicit Facts(const Quern::Request &request);

    /// "127.0.0.1:40312", "[::1]:40312", or "a Unix socket".
    QString client;
    QString httpVersion; ///< "1.1"
    QString request;     ///< its number, as it stands in the log
    int worker;
    int reactor;
    int generation;
    qint64 pid;
    std::chrono::microseconds inMaster; ///< from the last byte read to the dispatch to this worker
    std::chrono::microseconds toWorker; ///< from the dispatch to the call of the handler

    QJsonObject toJson() const;
};
