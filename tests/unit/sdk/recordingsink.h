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
    Quern::Answer answer;
};

/// Keeps what responses came to.
class RecordingSink final : public Quern::ResponseSink
{
public:
    void responseReady(quint64 id, const Quern::Answer &answer) override
    {
        outcomes.append({id, answer.status, answer.headerBlock, answer.body, QThread::currentThread(), answer});
    }
    void responseDropped(quint64 id) override { outcomes.append({id, 0, {}, {}, QThread::currentThread(), {}}); }
    void streamWritten(quint64 id) override { written.append(id); }
    void streamAwaited() override { ++awaited; }
    void callAuthor(quint64, const std::function<void()> &callback) override { callback(); }

    QList<Outcome> outcomes;
    QList<quint64> written; ///< the streams that had something to take, each time
    int awaited = 0;
};
