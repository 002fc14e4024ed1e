#include "admin-gui/widgets/chartpanel.h"

#include "admin-gui/widgets/theme.h"

#include <QCategoryAxis>
#include <QChart>
#include <QDateTime>
#include <QDateTimeAxis>
#include <QEvent>
#include <QLegend>
#include <QLineSeries>

#include <algorithm>
#include <cmath>

namespace Quern::console {

namespace {

constexpr double millisecondsPerSecond = 1000;
/// A plot that has just begun is not drawn at its edge.
constexpr double leastSeconds = 60;
/// Minutes alone would say the same several times.
constexpr double withSecondsBelow = 600;

/// The next of 1, 2, 2.5, 5, 10, … that is not below \a value.
double roundUp(double value)
{
    const double magnitude = std::pow(10, std::floor(std::log10(value)));
    for (const double step : {1.0, 2.0, 2.5, 5.0}) {
        if (value <= step * magnitude)
            return step * magnitude;
    }
    return 10 * magnitude;
}

} // namespace

ChartPanel::ChartPanel(const QString &title, Format format, QWidget *parent)
    : QChartView(parent)
    , m_title(title)
    , m_format(std::move(format))
    , m_time(new QDateTimeAxis)
    , m_values(new QCategoryAxis)
{
    setAccessibleName(title);
    setFrameShape(NoFrame);
    setRenderHint(QPainter::Antialiasing);
    setFocusPolicy(Qt::NoFocus);
    chart()->legend()->setVisible(false);
    chart()->legend()->setAlignment(Qt::AlignBottom);
    chart()->setMargins({4, 2, 8, 2});
    chart()->setBackgroundRoundness(6);
    chart()->setTitle(title);
    m_time->setTickCount(4);
    m_time->setGridLineVisible(false);
    // Laid out without a range, it would have no labels for good.
    setSpan(double(QDateTime::currentMSecsSinceEpoch()) / millisecondsPerSecond, leastSeconds);
    m_values->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
    chart()->addAxis(m_time, Qt::AlignBottom);
    chart()->addAxis(m_values, Qt::AlignLeft);
    setTop(1);
    dress();
}

void ChartPanel::setLines(const QList<Line> &lines, double now, double seconds)
{
    while (m_series.size() > lines.size()) {
        chart()->removeSeries(m_series.constLast());
        delete m_series.takeLast();
    }
    while (m_series.size() < lines.size()) {
        auto *series = new QLineSeries;
        chart()->addSeries(series);
        series->attachAxis(m_time);
        series->attachAxis(m_values);
        m_series.append(series);
        dress();
    }
    double greatest = 0;
    double oldest = now - leastSeconds;
    QStringList present;
    for (qsizetype i = 0; i < lines.size(); ++i) {
        QList<QPointF> points;
        for (const QPointF &point : lines.at(i).points) {
            if (!std::isfinite(point.y()))
                continue;
            points.append({point.x() * millisecondsPerSecond, point.y()});
            greatest = std::max(greatest, point.y());
            oldest = std::min(oldest, point.x());
        }
        m_series.at(i)->setName(lines.at(i).name.toHtmlEscaped()); // a legend reads markup
        m_series.at(i)->replace(points);
        if (!points.isEmpty())
            present.append(m_format(points.constLast().y()));
    }
    chart()->legend()->setVisible(lines.size() > 1);
    chart()->setTitle(present.isEmpty() ? m_title
                                        : m_title + QStringLiteral(":  ") + present.join(QStringLiteral(" · ")));
    setAccessibleDescription(chart()->title());
    setSpan(now, std::min(seconds, now - oldest));
    setTop(greatest);
}

void ChartPanel::setSpan(double end, double seconds)
{
    m_time->setFormat(seconds < withSecondsBelow ? QStringLiteral("HH:mm:ss") : QStringLiteral("HH:mm"));
    m_time->setRange(QDateTime::fromMSecsSinceEpoch(qint64((end - seconds) * millisecondsPerSecond)),
                     QDateTime::fromMSecsSinceEpoch(qint64(end * millisecondsPerSecond)));
}

void ChartPanel::setTop(double greatest)
{
    const double top = greatest > 0 ? roundUp(greatest * 1.05) : 1;
    const QStringList labels{m_format(0), m_format(top / 2), m_format(top)};
    if (m_values->categoriesLabels() == labels)
        return;
    for (const QString &label : m_values->categoriesLabels())
        m_values->remove(label);
    m_values->setRange(0, top);
    m_values->append(labels.at(0), 0);
    m_values->append(labels.at(1), top / 2);
    m_values->append(labels.at(2), top);
}

void ChartPanel::changeEvent(QEvent *event)
{
    QChartView::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        dress();
}

void ChartPanel::dress()
{
    const QPalette colors = palette();
    const QColor faint = colors.color(QPalette::PlaceholderText);
    QFont small = font();
    small.setPointSizeF(small.pointSizeF() * 0.85);
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    chart()->setBackgroundBrush(colors.color(QPalette::Base));
    chart()->setTitleBrush(colors.color(QPalette::Text));
    chart()->setTitleFont(bold);
    chart()->legend()->setLabelColor(colors.color(QPalette::Text));
    chart()->legend()->setFont(small);
    for (QAbstractAxis *axis : {static_cast<QAbstractAxis *>(m_time), static_cast<QAbstractAxis *>(m_values)}) {
        axis->setLabelsColor(faint);
        axis->setLabelsFont(small);
        axis->setLinePen(QPen(theme::lineColor(colors)));
        axis->setGridLinePen(QPen(theme::lineColor(colors)));
    }
    for (qsizetype i = 0; i < m_series.size(); ++i)
        m_series.at(i)->setPen(QPen(theme::seriesColor(int(i), colors), 1.8));
    setBackgroundBrush(Qt::NoBrush);
    viewport()->setAutoFillBackground(false);
}

} // namespace Quern::console
