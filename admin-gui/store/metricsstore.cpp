#include "admin-gui/store/metricsstore.h"

#include "admin/protocol/methods.h"

#include <QDateTime>
#include <QTimerEvent>

#include <algorithm>
#include <limits>

namespace Quern::console {

namespace {

const QString durationBucket = QStringLiteral("http_server_requests_seconds_bucket");
const QString upperBound = QStringLiteral("le");

double present()
{
    return double(QDateTime::currentMSecsSinceEpoch()) / 1000;
}

} // namespace

MetricsStore::MetricsStore(Session &session, QObject *parent) : QObject(parent), m_session(session)
{
    connect(&session, &Session::connected, this, [this] {
        m_isAsking = false;
        readNow();
        m_timer.start(int(Interval.count()), this);
    });
    connect(&session, &Session::stateChanged, this, [this](const LinkState &state) {
        if (!state.isUp())
            m_timer.stop();
    });
}

void MetricsStore::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_timer.timerId())
        readNow();
}

void MetricsStore::readNow()
{
    if (m_isAsking)
        return;
    m_isAsking = true;
    m_session.ask<MetricsSnapshot>(admin::Methods::metricsRead, {}, this,
                                   [this](const Result<MetricsSnapshot> &outcome) {
                                       m_isAsking = false;
                                       take(outcome);
                                   });
}

void MetricsStore::take(const Result<MetricsSnapshot> &snapshot)
{
    m_trouble = snapshot ? QString() : snapshot.error().message();
    if (snapshot) {
        m_snapshot = *snapshot;
        const double time = present();
        for (const MetricSample &sample : m_snapshot.samples) {
            const QString series = sample.series();
            auto history = m_histories.find(series);
            if (history == m_histories.end() && m_histories.size() < MostSeries)
                history = m_histories.insert(series, Series(MostPoints));
            if (history != m_histories.end())
                history->add(time, sample.value);
        }
        // What has not been told for as long as a history lasts has gone.
        const double oldest = time - double(MostPoints) * double(Interval.count()) / 1000;
        m_histories.removeIf([oldest](const auto &history) { return history.value().lastTime() < oldest; });
        takeLatencies(time);
    }
    Q_EMIT changed();
}

/// The sum over all routes.
void MetricsStore::takeLatencies(double time)
{
    Latencies now{time, {}};
    for (const MetricSample &sample : m_snapshot.samples) {
        if (sample.name == durationBucket) {
            const QString bound = sample.labels.value(upperBound);
            now.buckets[bound == QStringLiteral("+Inf") ? std::numeric_limits<double>::infinity() : bound.toDouble()] +=
                sample.value;
        }
    }
    // A server that has started anew counts from 0.
    if (!m_latencies.empty() && !now.buckets.empty() && !m_latencies.back().buckets.empty() &&
        now.buckets.rbegin()->second < m_latencies.back().buckets.rbegin()->second)
        m_latencies.clear();
    m_latencies.push_back(std::move(now));
    while (m_latencies.size() > 2 && m_latencies[1].time <= time - LatencySeconds)
        m_latencies.pop_front();
    if (m_latencies.size() < 2)
        return;
    m_p50 = quantileOf(m_latencies.back().buckets, m_latencies.front().buckets, 0.5);
    m_p99 = quantileOf(m_latencies.back().buckets, m_latencies.front().buckets, 0.99);
    if (m_p50)
        m_p50History.add(time, *m_p50);
    if (m_p99)
        m_p99History.add(time, *m_p99);
}

const Series &MetricsStore::history(const QString &series) const
{
    static const Series none;
    const auto found = m_histories.constFind(series);
    return found == m_histories.constEnd() ? none : *found;
}

QList<QPointF> MetricsStore::rateOf(const QString &series, double since) const
{
    const QList<QPointF> points = history(series).since(since);
    QList<QPointF> rates;
    for (qsizetype i = 1; i < points.size(); ++i) {
        const double seconds = points.at(i).x() - points.at(i - 1).x();
        const double growth = points.at(i).y() - points.at(i - 1).y();
        if (seconds > 0)
            rates.append({points.at(i).x(), std::max(growth, 0.0) / seconds});
    }
    return rates;
}

void MetricsStore::clear()
{
    m_snapshot = {};
    m_histories.clear();
    m_latencies.clear();
    m_p50.reset();
    m_p99.reset();
    m_p50History.clear();
    m_p99History.clear();
    Q_EMIT changed();
}

} // namespace Quern::console
