#include "admin-gui/widgets/timeline.h"

#include "admin-gui/models/format.h"
#include "admin-gui/widgets/theme.h"

#include <QDateTime>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace Quern::console {

namespace {

constexpr int margin = 8;
constexpr double leastBar = 3;
constexpr int mostNameCharacters = 28;
constexpr double secondsPerTick = 180;

} // namespace

Timeline::Timeline(const QString &title, QWidget *parent) : QWidget(parent)
{
    setAccessibleName(title);
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Minimum);
}

void Timeline::setLanes(const QList<Lane> &lanes, double now, double past, double future)
{
    const bool isOtherHeight = lanes.size() != m_lanes.size();
    m_lanes = lanes;
    m_now = now;
    m_past = past;
    m_future = future;
    QStringList lines;
    for (const Lane &lane : lanes)
        lines.append(lane.name + QStringLiteral(": ") + lane.tip);
    setAccessibleDescription(lines.join(u'\n'));
    if (isOtherHeight)
        updateGeometry();
    update();
}

int Timeline::laneHeight() const
{
    return fontMetrics().height() + 10;
}

int Timeline::nameWidth() const
{
    int width = 0;
    for (const Lane &lane : m_lanes)
        width = std::max(width, fontMetrics().horizontalAdvance(lane.name));
    return std::min(width + 2, fontMetrics().averageCharWidth() * mostNameCharacters) + 2 * margin;
}

QSize Timeline::sizeHint() const
{
    return minimumSizeHint();
}

QSize Timeline::minimumSizeHint() const
{
    return {300, int(m_lanes.size()) * laneHeight() + fontMetrics().height() + 2 * margin};
}

QRect Timeline::plotArea() const
{
    const int left = nameWidth();
    return {left, margin / 2, width() - left - 2 * margin, int(m_lanes.size()) * laneHeight()};
}

QRect Timeline::laneArea(int lane) const
{
    const QRect plot = plotArea();
    return {plot.left(), plot.top() + lane * laneHeight(), plot.width(), laneHeight()};
}

double Timeline::placeOf(double time) const
{
    const QRect plot = plotArea();
    return plot.left() + plot.width() * (time - (m_now - m_past)) / (m_past + m_future);
}

QRectF Timeline::barArea(int lane, const Bar &bar) const
{
    const QRectF area = QRectF(laneArea(lane)).adjusted(0, 5, 0, -5);
    const double left = std::max(placeOf(bar.begin), area.left());
    const double right = std::max(placeOf(bar.end), left + leastBar);
    return {left, area.top(), right - left, area.height()};
}

int Timeline::laneAt(int y) const
{
    const int lane = (y - plotArea().top()) / laneHeight();
    return y >= plotArea().top() && lane < m_lanes.size() ? lane : -1;
}

QString Timeline::tipAt(const QPoint &place) const
{
    const int lane = laneAt(place.y());
    if (lane < 0)
        return {};
    const QList<Bar> &bars = m_lanes.at(lane).bars;
    for (auto it = bars.crbegin(); it != bars.crend(); ++it) {
        if (barArea(lane, *it).adjusted(-1, -5, 1, 5).contains(place))
            return it->tip;
    }
    return m_lanes.at(lane).name + QStringLiteral(": ") + m_lanes.at(lane).tip;
}

bool Timeline::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    QToolTip::showText(help->globalPos(), format::tip(tipAt(help->pos())), this);
    return true;
}

void Timeline::mousePressEvent(QMouseEvent *event)
{
    QWidget::mousePressEvent(event);
    const int lane = laneAt(event->pos().y());
    if (lane >= 0)
        Q_EMIT laneClicked(m_lanes.at(lane).name);
}

void Timeline::paintEvent(QPaintEvent *)
{
    if (m_lanes.isEmpty())
        return;
    QPainter painter(this);
    drawTimes(painter);
    for (int lane = 0; lane < m_lanes.size(); ++lane)
        drawLane(painter, lane);
    const QRect plot = plotArea();
    painter.setPen(QPen(theme::toneColor(Tone::Busy, palette()), 1.5));
    painter.drawLine(QPointF(placeOf(m_now), plot.top()), QPointF(placeOf(m_now), plot.bottom()));
}

/// On whole minutes, so that the lines move with the bars.
void Timeline::drawTimes(QPainter &painter) const
{
    const QRect plot = plotArea();
    const QColor faint = palette().color(QPalette::PlaceholderText);
    for (double time = std::ceil((m_now - m_past) / secondsPerTick) * secondsPerTick; time < m_now + m_future;
         time += secondsPerTick) {
        const double x = placeOf(time);
        painter.setPen(theme::lineColor(palette()));
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()));
        painter.setPen(faint);
        const QString text = QDateTime::fromSecsSinceEpoch(qint64(time)).toString(QStringLiteral("HH:mm"));
        const double width = fontMetrics().horizontalAdvance(text);
        painter.drawText(QPointF(x - width / 2, plot.bottom() + fontMetrics().ascent() + 4), text);
    }
}

void Timeline::drawLane(QPainter &painter, int lane) const
{
    const Lane &shown = m_lanes.at(lane);
    const QRect area = laneArea(lane);
    if (shown.isSelected) {
        QColor color = palette().color(QPalette::Highlight);
        color.setAlphaF(0.15F);
        painter.fillRect(QRect(0, area.top(), width(), area.height()), color);
    }
    painter.setPen(palette().color(QPalette::Text));
    const QRect nameArea(margin, area.top(), nameWidth() - 2 * margin, area.height());
    painter.drawText(nameArea, Qt::AlignVCenter | Qt::AlignLeft,
                     fontMetrics().elidedText(shown.name, Qt::ElideRight, nameArea.width()));
    painter.setPen(theme::lineColor(palette()));
    painter.drawLine(area.left(), area.center().y(), area.right(), area.center().y());
    for (const Bar &bar : shown.bars) {
        if (bar.end >= m_now - m_past)
            painter.fillRect(barArea(lane, bar), theme::toneColor(bar.tone, palette()));
    }
    if (shown.due)
        drawDue(painter, lane, *shown.due);
}

/// A diamond; an arrow if it is further on.
void Timeline::drawDue(QPainter &painter, int lane, double due) const
{
    const QRectF area = laneArea(lane);
    const double size = area.height() / 5;
    const double middle = area.center().y();
    const bool isSeen = due <= m_now + m_future;
    const double x = isSeen ? placeOf(std::max(due, m_now)) : area.right() + margin - size;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme::toneColor(isSeen ? Tone::Plain : Tone::Faint, palette()));
    if (isSeen) {
        painter.drawPolygon(QPolygonF({QPointF(x - size, middle), QPointF(x, middle - size), QPointF(x + size, middle),
                                       QPointF(x, middle + size)}));
    } else {
        painter.drawPolygon(
            QPolygonF({QPointF(x, middle - size), QPointF(x + size, middle), QPointF(x, middle + size)}));
    }
    painter.restore();
}

} // namespace Quern::console
