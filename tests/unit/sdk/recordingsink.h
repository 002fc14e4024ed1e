#pragma once

#include "sdk/src/response_p.h"

#include <QList>
#include <QThread>

struct Outcome
{
    quint64 id = 0;
    int status = 0; ///< 0 if the response was dropped
    QByteArray headers;
    QByteArray body;
    QThread *thread = nullptr;
};

/// Keeps what responses came to.
class RecordingSink final : public Quern::ResponseSink
{
public:
    void responseReady(quint64 id, int status, const QByteArray &headerBlock, const QByteArray &body) override
    {
        outcomes.append({id, status, headerBlock, body, QThread::currentThread()});
    }
    void responseDropped(quint64 id) override { outcomes.append({id, 0, {}, {}, QThread::currentThread()}); }

    QList<Outcome> outcomes;
};
