#include "admin-gui/widgets/celldelegate.h"

#include "admin-gui/widgets/theme.h"

#include <QApplication>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace Quern::console {

namespace {

constexpr int barHeight = 4;
/// What stands between a trend and the text behind it.
constexpr int textMargin = 12;

void drawBar(QPainter *painter, const QRect &cell, double fraction, const QColor &color)
{
    const QRect track(cell.left() + 4, cell.bottom() - barHeight, cell.width() - 8, barHeight - 1);
    QColor faint = color;
    faint.setAlphaF(0.2F);
    painter->fillRect(track, faint);
    QRect filled = track;
    filled.setWidth(int(track.width() * std::clamp(fraction, 0.0, 1.0)));
    painter->fillRect(filled, color);
}

void drawTrend(QPainter *painter, const QRect &cell, const QList<double> &values, QColor color)
{
    const QRectF area = QRectF(cell).adjusted(4, 4, -4, -4);
    if (values.size() < 2 || area.width() <= 0)
        return;
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    // A flat line is no news: what changes by less than a twentieth is drawn flat.
    const double span = std::max(*most - *least, *most / 20);
    QPolygonF line;
    for (qsizetype i = 0; i < values.size(); ++i) {
        const double height = span > 0 ? (values.at(i) - *least) / span : 0;
        line.append(QPointF(area.left() + area.width() * double(i) / double(values.size() - 1),
                            area.bottom() - area.height() * height));
    }
    color.setAlphaF(0.55F);
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen(color, 1.2));
    painter->drawPolyline(line);
}

} // namespace

void CellDelegate::initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const
{
    QStyledItemDelegate::initStyleOption(option, index);
    // Numbers keep away from the text of the next column.
    if (option->displayAlignment.testFlag(Qt::AlignRight))
        option->text += QStringLiteral("  ");
    const Tone tone = Tone(index.data(ToneRole).toInt());
    if (tone != Tone::Plain)
        option->palette.setColor(QPalette::Text, theme::toneColor(tone, option->palette));
}

QSize CellDelegate::sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const QSize hint = QStyledItemDelegate::sizeHint(option, index);
    return hint.expandedTo({0, theme::rowHeight(option.fontMetrics)});
}

void CellDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    QStyledItemDelegate::paint(painter, option, index);
    const QVariant fraction = index.data(FractionRole);
    const QVariant trend = index.data(TrendRole);
    if (!fraction.isValid() && !trend.isValid())
        return;
    Tone tone = Tone(index.data(ToneRole).toInt());
    if (tone == Tone::Plain)
        tone = Tone::Busy;
    const bool isSelected = option.state.testFlag(QStyle::State_Selected);
    const QColor color =
        isSelected ? option.palette.color(QPalette::HighlightedText) : theme::toneColor(tone, option.palette);
    painter->save();
    // The text stands at the right end, and the line before it.
    QRect trendArea = option.rect;
    const QString text = index.data(Qt::DisplayRole).toString();
    if (!text.isEmpty())
        trendArea.setWidth(trendArea.width() - option.fontMetrics.horizontalAdvance(text) - textMargin);
    if (fraction.isValid())
        drawBar(painter, option.rect, fraction.toDouble(), color);
    if (trend.isValid())
        drawTrend(painter, trendArea, trend.value<QList<double>>(), color);
    painter->restore();
}

} // namespace Quern::console
