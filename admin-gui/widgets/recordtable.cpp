#include "admin-gui/widgets/recordtable.h"

#include "admin-gui/widgets/celldelegate.h"
#include "admin-gui/widgets/copying.h"
#include "admin-gui/widgets/theme.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPainter>
#include <QSettings>

#include <algorithm>

namespace Quern::console {

RecordTable::RecordTable(IndexedModel *model, const QString &settingsKey, QWidget *parent)
    : QTableView(parent)
    , m_model(model)
    , m_settingsKey(QStringLiteral("columns/") + settingsKey)
{
    setObjectName(settingsKey + QStringLiteral(".table"));
    setModel(model);
    setItemDelegate(new CellDelegate(this));
    setSelectionBehavior(SelectRows);
    setSelectionMode(ExtendedSelection);
    setEditTriggers(NoEditTriggers);
    setAlternatingRowColors(true);
    setShowGrid(false);
    setWordWrap(false);
    setTabKeyNavigation(false);
    setCornerButtonEnabled(false);
    setHorizontalScrollMode(ScrollPerPixel);
    setFrameShape(NoFrame);
    setContextMenuPolicy(Qt::ActionsContextMenu);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setDefaultSectionSize(theme::rowHeight(fontMetrics()));
    QHeaderView *header = horizontalHeader();
    header->setHighlightSections(false);
    header->setSectionsMovable(true);
    header->setStretchLastSection(true);
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    header->setSortIndicatorShown(true);
    header->setSortIndicator(-1, Qt::AscendingOrder);
    setSortingEnabled(true);
    m_isRestored = header->restoreState(QSettings().value(m_settingsKey).toByteArray());
    header->setStretchLastSection(true);
    if (m_isRestored)
        model->sort(header->sortIndicatorSection(), header->sortIndicatorOrder());
    connect(this, &QTableView::doubleClicked, this,
            [this](const QModelIndex &index) { Q_EMIT opened(index.data(KeyRole).toString()); });
    connect(selectionModel(), &QItemSelectionModel::selectionChanged, this, &RecordTable::selectionMoved);
    connect(selectionModel(), &QItemSelectionModel::currentRowChanged, this, &RecordTable::selectionMoved);
    connect(model, &IndexedModel::countsChanged, viewport(), qOverload<>(&QWidget::update));
}

RecordTable::~RecordTable()
{
    saveColumns();
}

/// The model of a view goes before the view's children do, and the columns with it.
void RecordTable::hideEvent(QHideEvent *event)
{
    QTableView::hideEvent(event);
    saveColumns();
}

void RecordTable::saveColumns() const
{
    if (horizontalHeader()->count() == 0)
        return;
    QSettings().setValue(m_settingsKey, horizontalHeader()->saveState());
}

void RecordTable::setEmptyText(const QString &text)
{
    m_emptyText = text;
    viewport()->update();
}

void RecordTable::setDefaultSort(int column, Qt::SortOrder order)
{
    if (!m_isRestored)
        sortByColumn(column, order);
}

void RecordTable::setDefaultWidths(const QList<int> &widths)
{
    if (m_isRestored)
        return;
    const int character = fontMetrics().averageCharWidth();
    // The last one has what is left, so that there is nothing to scroll to as long as the others fit.
    const int last = m_model->columnCount() - 1;
    for (int column = 0; column <= last; ++column) {
        const int least = horizontalHeader()->sectionSizeHint(column);
        setColumnWidth(column, column == last ? least : std::max(least, widths.value(column) * character + 12));
    }
}

QStringList RecordTable::selectedKeys() const
{
    QStringList keys;
    for (const int row : copying::selectedRows(*selectionModel()))
        keys.append(m_model->index(row, 0).data(KeyRole).toString());
    return keys;
}

QString RecordTable::currentKey() const
{
    return currentIndex().data(KeyRole).toString();
}

void RecordTable::selectKey(const QString &key)
{
    const int row = m_model->rowOfKey(key);
    if (row < 0)
        return;
    selectRow(row);
    scrollTo(m_model->index(row, 0));
}

QString RecordTable::copiedText() const
{
    return copying::textOf(*this, [this](const QModelIndex &index) { return m_model->copyText(index); });
}

void RecordTable::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Copy)) {
        QGuiApplication::clipboard()->setText(copiedText());
        return;
    }
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && currentIndex().isValid()) {
        Q_EMIT opened(currentKey());
        return;
    }
    // Space and "/" are the window's.
    if (event->key() == Qt::Key_Space || event->key() == Qt::Key_Slash)
        return event->ignore();
    QTableView::keyPressEvent(event);
}

void RecordTable::paintEvent(QPaintEvent *event)
{
    QTableView::paintEvent(event);
    if (m_model->rowCount() > 0)
        return;
    QPainter painter(viewport());
    painter.setPen(palette().color(QPalette::PlaceholderText));
    const QString text = m_model->totalCount() == 0 ? m_emptyText : tr("Nothing matches “%1”.").arg(m_model->filter());
    painter.drawText(viewport()->rect().adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap, text);
}

} // namespace Quern::console
