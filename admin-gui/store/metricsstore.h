#pragma once

#include "admin-gui/connection/session.h"
#include "admin-gui/store/metricstext.h"
#include "admin-gui/store/quantile.h"
#include "admin-gui/store/series.h"

#include <QBasicTimer>
#include <QObject>

#include <deque>

namespace Quern::console {

/// The server's metrics, read again and again, and what each was in the last quarter of an hour. Lives in the main
/// thread.
class MetricsStore final : public QObject
{
    Q_OBJECT
public:
    static constexpr std::chrono::milliseconds Interval{2000};
    /// Of one number.
    static constexpr std::size_t MostPoints = 450;
    /// Numbers that are kept; what else there is has its present value alone.
    static constexpr qsizetype MostSeries = 4000;
    /// Latencies are those of this time.
    static constexpr double LatencySeconds = 10;

    explicit MetricsStore(Session &session, QObject *parent = nullptr);

    const MetricsSnapshot &snapshot() const { return m_snapshot; }
    /// Of MetricSample::series(): as it was told. Empty if it is not known.
    const Series &history(const QString &series) const;
    /// A counter's growth per second.
    QList<QPointF> rateOf(const QString &series, double since) const;

    /// Of requests, in seconds; nothing while there are none.
    std::optional<double> p50() const { return m_p50; }
    std::optional<double> p99() const { return m_p99; }
    const Series &p50History() const { return m_p50History; }
    const Series &p99History() const { return m_p99History; }

    /// Why there are none, for people; empty if there are.
    const QString &trouble() const { return m_trouble; }

    void readNow();
    void clear();

Q_SIGNALS:
    void changed();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    struct Latencies
    {
        double time;
        Buckets buckets;
    };

    void take(const Result<MetricsSnapshot> &snapshot);
    void takeLatencies(double time);

    Session &m_session;
    QBasicTimer m_timer;
    bool m_isAsking = false;
    QString m_trouble;
    MetricsSnapshot m_snapshot;
    QHash<QString, Series> m_histories;
    std::deque<Latencies> m_latencies;
    std::optional<double> m_p50;
    std::optional<double> m_p99;
    Series m_p50History{MostPoints};
    Series m_p99History{MostPoints};
};

} // namespace Quern::console
