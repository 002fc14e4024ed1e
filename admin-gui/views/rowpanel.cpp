#include "admin-gui/views/rowpanel.h"

#include "admin-gui/actions/tableactions.h"
#include "admin-gui/dialogs/filldialog.h"
#include "admin-gui/dialogs/rowdialog.h"
#include "admin-gui/models/format.h"
#include "admin-gui/widgets/recordpanel.h"
#include "admin-gui/widgets/recordtable.h"
#include "admin-gui/widgets/theme.h"
#include "admin/protocol/methods.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPointer>
#include <QPushButton>
#include <QTimerEvent>
#include <QVBoxLayout>

namespace Quern::console {

namespace {

constexpr int typingPauseMs = 350;

} // namespace

RowPanel::RowPanel(const ViewContext &context, const admin::TableDescription &table, QWidget *parent)
    : QWidget(parent)
    , m_context(context)
    , m_table(table)
    , m_model(table.columns)
    , m_panel(new RecordPanel(&m_model, QStringLiteral("rows/") + table.name))
    , m_mistake(new QLabel)
    , m_first(new QPushButton(tr("First page")))
    , m_next(new QPushButton(tr("Next page")))
    , m_note(new QLabel)
{
    RecordTable *rows = m_panel->table();
    rows->setObjectName(QStringLiteral("rows.table"));
    rows->setAccessibleName(tr("Rows of %1").arg(table.name));
    rows->setDefaultWidths(QList<int>(m_model.columnCount(), 16));
    makeFilter();
    addActions();
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 0, 0, 0);
    layout->addWidget(m_panel, 1);
    layout->addWidget(makePager());
    connect(rows, &RecordTable::opened, this, &RowPanel::edit);
    showPage({});
}

void RowPanel::makeFilter()
{
    m_panel->releaseFilter();
    QLineEdit *field = m_panel->filterField();
    field->setObjectName(QStringLiteral("rows.filter"));
    field->setPlaceholderText(tr("tea  key:user-*  stock>5 ( / )"));
    field->setToolTip(
        tr("<p>The server picks the rows for which all of these words are true:</p>"
           "<p><b>tea</b>: the key or a value contains it<br>"
           "<b>key:tea</b>, <b>key:user-*</b>: the key is this, or begins with it<br>"
           "<b>stock&gt;5</b>, <b>title=\"green tea\"</b>: the column is so; also = != &lt; &lt;= &gt;=</p>"
           "<p>Upper and lower case differ. What has spaces in it stands in double quotes.</p>"));
    field->setAccessibleDescription(tr("Words that are all true of the rows: tea, key:tea, key:user-*, stock>5"));
    connect(field, &QLineEdit::textChanged, this, [this] { m_pause.start(typingPauseMs, this); });
    connect(field, &QLineEdit::returnPressed, this, [this] {
        if (m_pause.isActive())
            showFirstPage();
    });
    m_mistake->setObjectName(QStringLiteral("rows.mistake"));
    m_mistake->setWordWrap(true);
    m_mistake->setTextFormat(Qt::PlainText);
    m_mistake->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_mistake->hide();
    static_cast<QBoxLayout *>(m_panel->layout())->insertWidget(1, m_mistake);
}

QWidget *RowPanel::makePager()
{
    m_first->setObjectName(QStringLiteral("rows.first"));
    m_next->setObjectName(QStringLiteral("rows.next"));
    m_note->setObjectName(QStringLiteral("rows.note"));
    m_note->setForegroundRole(QPalette::PlaceholderText);
    connect(m_first, &QPushButton::clicked, this, &RowPanel::showFirstPage);
    connect(m_next, &QPushButton::clicked, this, &RowPanel::showNextPage);
    auto *pager = new QWidget;
    auto *layout = new QHBoxLayout(pager);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_first);
    layout->addWidget(m_next);
    layout->addWidget(m_note, 1);
    return pager;
}

void RowPanel::addActions()
{
    using Needs = RecordPanel::Needs;
    Session &session = m_context.session;
    const auto maySet = [&session] { return session.may(admin::Methods::tableSet); };
    m_panel->addAction(tr("Edit…"), Needs::One, maySet, [this] { edit(m_panel->table()->selectedKeys().value(0)); });
    m_panel->addAction(tr("Add…"), Needs::Nothing, maySet,
                       [this] { RowDialog::ask(m_table, std::nullopt, m_context.actions, changed(), window()); });
    m_panel->addAction(
        tr("Delete…"), Needs::Some, [&session] { return session.may(admin::Methods::tableDelete); },
        [this] {
            QList<QByteArray> keys;
            for (const QString &key : m_panel->table()->selectedKeys()) {
                if (const admin::TableRow *row = m_model.find(key))
                    keys.append(row->key.bytes);
            }
            m_context.actions.run(tableactions::deleteRows(m_table.name, keys),
                                  [done = changed()](const Result<QJsonObject> &) { done(); });
        });
    m_panel->addAction(tr("Fill…"), Needs::Nothing, maySet,
                       [this] { FillDialog::ask(m_table, m_context.actions, changed(), window()); });
}

void RowPanel::edit(const QString &key)
{
    const admin::TableRow *row = m_model.find(key);
    if (row && m_context.session.may(admin::Methods::tableSet))
        RowDialog::ask(m_table, *row, m_context.actions, changed(), window());
}

std::function<void()> RowPanel::changed()
{
    return [panel = QPointer<RowPanel>(this)] {
        if (panel)
            Q_EMIT panel->tableChanged();
    };
}

void RowPanel::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_pause.timerId())
        showFirstPage();
    else
        QWidget::timerEvent(event);
}

void RowPanel::showFirstPage()
{
    m_pause.stop();
    m_page = 1;
    m_after.clear();
    refresh();
}

void RowPanel::showNextPage()
{
    if (m_nextAfter.isEmpty())
        return;
    ++m_page;
    m_after = m_nextAfter;
    refresh();
}

void RowPanel::refresh()
{
    ++m_round;
    m_requests = 0;
    m_read.clear();
    const Session &session = m_context.session;
    if (!session.state().isUp()) {
        if (m_model.totalCount() == 0)
            say(tr("The server is not connected."));
        return; // what it has told last stays to be seen
    }
    if (!session.may(admin::Methods::tableRows))
        return say(tr("Your role may see which tables there are, and not their rows: that takes the role operator."));
    if (m_model.totalCount() == 0)
        m_panel->table()->setEmptyText(tr("…"));
    readFrom(m_after);
}

void RowPanel::readFrom(const QString &after)
{
    ++m_requests;
    admin::TableRowQuery query;
    query.table = m_table.name;
    query.limit = PageRows - int(m_read.size());
    query.after = after;
    query.filter = m_panel->filterText().trimmed();
    m_context.session.ask<admin::TableRowPage>(admin::Methods::tableRows, query.toJson(), this,
                                               [this, round = m_round](const Result<admin::TableRowPage> &page) {
                                                   if (round != m_round)
                                                       return;
                                                   if (page)
                                                       take(*page);
                                                   else
                                                       fail(page.error());
                                               });
}

void RowPanel::take(const admin::TableRowPage &page)
{
    m_read += page.rows;
    if (m_read.size() < PageRows && !page.next.isEmpty() && m_requests < MostRequests && isVisible())
        readFrom(page.next);
    else
        showPage(page.next);
}

void RowPanel::fail(const Error &error)
{
    const bool isInvalid = error.code() == Error::Invalid;
    if (isInvalid && m_panel->filterText().trimmed().isEmpty() && !m_after.isEmpty())
        return showFirstPage(); // the place of the page is none any more
    if (isInvalid)
        return showMistake(error.message());
    say(error.message());
}

/// At the field of the filter. The rows are still those of before, which would be taken for its result.
void RowPanel::showMistake(const QString &mistake)
{
    say(tr("The filter is wrong."));
    QPalette colors = m_mistake->palette();
    colors.setColor(QPalette::WindowText, theme::toneColor(Tone::Bad, palette()));
    m_mistake->setPalette(colors);
    m_mistake->setText(mistake);
    m_mistake->show();
}

/// In place of rows.
void RowPanel::say(const QString &text)
{
    m_read.clear();
    showPage({});
    m_panel->table()->setEmptyText(text);
}

void RowPanel::showPage(const QString &next)
{
    m_nextAfter = next;
    m_mistake->hide();
    m_panel->table()->setEmptyText(m_panel->filterText().isEmpty()
                                       ? tr("The table is empty. Rows that handlers set, or “Add…”, would be here.")
                                       : tr("No row is like that."));
    m_model.setRecords(m_read);
    m_read.clear();
    m_first->setEnabled(!m_after.isEmpty());
    m_next->setEnabled(!next.isEmpty());
    m_first->parentWidget()->setVisible(!m_after.isEmpty() || !next.isEmpty());
    m_note->setText(next.isEmpty() ? tr("Page %1, the last").arg(format::count(m_page))
                                   : tr("Page %1; columns sort the rows of this page").arg(format::count(m_page)));
}

void RowPanel::updateActions()
{
    m_panel->updateActions();
}

QLineEdit *RowPanel::filterField() const
{
    return m_panel->filterField();
}

QString RowPanel::filterText() const
{
    return m_panel->filterText();
}

void RowPanel::setFilterText(const QString &text)
{
    m_panel->setFilterText(text);
}

} // namespace Quern::console
