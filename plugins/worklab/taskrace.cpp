#include "taskrace.h"

#include <QJsonObject>

#include <algorithm>

using namespace Qt::Literals::StringLiterals;

namespace Worklab {

namespace {

int numberOf(const Quern::Request &request, QByteArrayView name, int otherwise, int most)
{
    const QString text = request.query(name);
    return text.isEmpty() ? otherwise : std::clamp(text.toInt(), 1, most);
}

} // namespace

TaskRace::TaskRace(const Quern::Request &request, Quern::Response response)
    : m_task(request.param("name").toUtf8())
    , m_response(std::move(response))
    , m_count(numberOf(request, "count", 10'000, 10'000'000))
    , m_window(numberOf(request, "window", 256, 10'000))
    , m_untilAccepted(request.query("until") == u"accepted"_s)
{
    m_options.durable = request.query("durable") == u"true"_s;
    m_clock.start();
}

void TaskRace::start(const Quern::Request &request, Quern::Response &response)
{
    std::make_shared<TaskRace>(request, response.defer())->deliverMore();
}

void TaskRace::deliverMore()
{
    while (m_sent < m_count && m_sent - m_back < m_window) {
        Quern::TaskOptions options = m_options;
        if (m_untilAccepted)
            options.accepted = [self = shared_from_this()](const Quern::Result<Quern::TaskId> &id) {
                self->oneCameBack(id.ok());
            };
        else
            options.finished = [self = shared_from_this()](const Quern::TaskResult &result) {
                self->oneCameBack(result.ok());
            };
        ++m_sent;
        const Quern::Delivery delivered = Quern::server().deliver(m_task, {{u"number"_s, m_sent}}, options);
        if (!delivered) {
            m_error = delivered.error().message();
            m_count = m_sent; // this one, too, comes back
        }
    }
}

void TaskRace::oneCameBack(bool isGood)
{
    ++m_back;
    m_failed += isGood ? 0 : 1;
    if (m_back == m_count)
        end();
    else
        deliverMore();
}

void TaskRace::end()
{
    const double seconds = double(m_clock.nsecsElapsed()) / 1e9;
    QJsonObject json = {{u"count"_s, m_back}, {u"failed"_s, m_failed}, {u"seconds"_s, seconds}};
    json.insert(u"perSecond"_s, seconds > 0 ? m_back / seconds : 0);
    if (!m_error.isEmpty())
        json.insert(u"error"_s, m_error);
    m_response.json(json);
    m_response.end();
}

} // namespace Worklab
