#pragma once

#include <QStyledItemDelegate>

namespace Quern::console {

/// Draws what the models' own roles tell: a Tone as the colour of the text, a FractionRole as a bar, a TrendRole as a
/// line behind the text.
class CellDelegate final : public QStyledItemDelegate
{
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;

    /// Rows of a tree are as high as those of a table.
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;

protected:
    void initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const override;
};

} // namespace Quern::console
