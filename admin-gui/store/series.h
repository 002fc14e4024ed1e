#pragma once

#include <QList>
#include <QPointF>

#include <cstddef>
#include <deque>

namespace Quern::console {

/// What one number was in the last while: at most so many values, the oldest go first. Times are seconds since 1970.
class Series
{
public:
    explicit Series(std::size_t most = 900) : m_most(most) {}

    void add(double time, double value)
    {
        m_points.emplace_back(time, value);
        if (m_points.size() > m_most)
            m_points.pop_front();
    }
    void clear() { m_points.clear(); }
    bool isEmpty() const { return m_points.empty(); }
    std::size_t size() const { return m_points.size(); }
    double lastTime() const { return m_points.empty() ? 0 : m_points.back().x(); }
    double last() const { return m_points.empty() ? 0 : m_points.back().y(); }

    /// Those since \a time; x is the time.
    QList<QPointF> since(double time) const
    {
        QList<QPointF> points;
        for (const QPointF &point : m_points) {
            if (point.x() >= time)
                points.append(point);
        }
        return points;
    }
    /// The values alone, oldest first.
    QList<double> values() const
    {
        QList<double> values;
        for (const QPointF &point : m_points)
            values.append(point.y());
        return values;
    }

private:
    std::size_t m_most;
    std::deque<QPointF> m_points;
};

} // namespace Quern::console
