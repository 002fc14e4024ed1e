#include "admin-gui/views/tableview.h"

#include "admin-gui/dialogs/atomicdialog.h"
#include "admin-gui/store/serverstore.h"
#include "admin-gui/views/rowpanel.h"
#include "admin-gui/widgets/recordpanel.h"
#include "admin-gui/widgets/recordtable.h"
#include "admin/protocol/methods.h"

#include <QLabel>
#include <QLineEdit>
#include <QPointer>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace Quern::console {

namespace {

const QString splitterKey = QStringLiteral("splitter/tables");
const QString listsKey = QStringLiteral("splitter/tables.lists");
const QString tableWord = QStringLiteral("table");
const QString filterWord = QStringLiteral("filter");

} // namespace

TableView::TableView(const ViewContext &context)
    : View(context, QStringLiteral("tables"), tr("Tables"))
    , m_viewContext(context)
    , m_tablePanel(new RecordPanel(&m_tables, QStringLiteral("tables")))
    , m_atomicPanel(new RecordPanel(&m_atomics, QStringLiteral("atomics")))
    , m_lists(new QSplitter(Qt::Vertical))
    , m_splitter(new QSplitter)
    , m_right(new QStackedWidget)
{
    makeLists();
    auto *hint = new QLabel(tr("Select a table to see its rows."));
    hint->setAlignment(Qt::AlignCenter);
    hint->setForegroundRole(QPalette::PlaceholderText);
    m_right->addWidget(hint);
    m_splitter->addWidget(m_lists);
    m_splitter->addWidget(m_right);
    m_splitter->setStretchFactor(0, 2);
    m_splitter->setStretchFactor(1, 3);
    m_splitter->setSizes({400, 640});
    m_splitter->setChildrenCollapsible(false);
    m_splitter->restoreState(QSettings().value(splitterKey).toByteArray());
    m_lists->restoreState(QSettings().value(listsKey).toByteArray());
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(m_splitter, 1);
    setFirstFocus(m_tablePanel->table());
    connect(&context.session, &Session::statusChanged, this, &TableView::showFill);
    connect(m_tablePanel->table(), &RecordTable::selectionMoved, this, [this] {
        const QStringList chosen = m_tablePanel->table()->selectedKeys();
        if (chosen.size() == 1)
            choose(chosen.constFirst());
    });
    connect(m_atomicPanel->table(), &RecordTable::opened, this, &TableView::setAtomic);
}

TableView::~TableView()
{
    QSettings settings;
    settings.setValue(splitterKey, m_splitter->saveState());
    settings.setValue(listsKey, m_lists->saveState());
}

void TableView::makeLists()
{
    RecordTable *tables = m_tablePanel->table();
    tables->setAccessibleName(title());
    tables->setSelectionMode(QAbstractItemView::SingleSelection);
    tables->setEmptyText(
        tr("There are no tables. [[table]] in the settings makes one: memory that all processes of the "
           "server share."));
    tables->setDefaultWidths({12, 14, 23, 14});
    RecordTable *atomics = m_atomicPanel->table();
    atomics->setAccessibleName(tr("Atomics"));
    atomics->setSelectionMode(QAbstractItemView::SingleSelection);
    atomics->setEmptyText(
        tr("There are no atomics. [[atomic]] in the settings makes one: an integer that all processes "
           "of the server share."));
    atomics->setDefaultWidths({20, 16});
    m_atomicPanel->addAction(tr("Set…"), RecordPanel::Needs::One, allows(admin::Methods::atomicSet),
                             [this] { setAtomic(); });
    m_lists->addWidget(m_tablePanel);
    m_lists->addWidget(m_atomicPanel);
    m_lists->setChildrenCollapsible(false);
    m_lists->setSizes({420, 220});
}

void TableView::setActive(bool isActive)
{
    View::setActive(isActive);
    if (isActive)
        refresh();
}

void TableView::setPaused(bool isPaused)
{
    View::setPaused(isPaused);
    showFill();
}

void TableView::refresh()
{
    readLists();
    if (m_rows)
        m_rows->refresh();
    updateActions();
}

void TableView::readLists()
{
    readTables({}, {});
    readAtomics();
}

void TableView::readTables(const QString &after, QList<admin::TableDescription> tables)
{
    session().ask<admin::TableList>(admin::Methods::tableList, admin::TableListQuery{after}.toJson(), this,
                                    [this, tables](const Result<admin::TableList> &page) {
                                        if (!page)
                                            return;
                                        const QList<admin::TableDescription> read = tables + page->tables;
                                        if (page->next.isEmpty() || page->tables.isEmpty())
                                            showTables(read);
                                        else
                                            readTables(page->next, read);
                                    });
}

void TableView::showTables(const QList<admin::TableDescription> &tables)
{
    m_tables.setRecords(tables);
    if (m_rows) {
        const admin::TableDescription *table = m_tables.find(m_rows->table().name);
        if (table && table->columns == m_rows->table().columns)
            m_rows->setFill(*table);
        else
            closeRows();
    }
    const QString wanted = m_wanted.value(tableWord).toString();
    if (m_tables.find(wanted))
        goTo(std::exchange(m_wanted, {}));
    else if (!m_rows && m_tables.rowCount() > 0)
        m_tablePanel->table()->selectKey(m_tables.at(0).name);
    if (!m_rows && m_tablePanel->table()->selectedKeys().size() == 1)
        choose(m_tablePanel->table()->selectedKeys().constFirst()); // the same name, with other columns
}

void TableView::readAtomics()
{
    session().ask<admin::AtomicList>(admin::Methods::atomicList, {}, this,
                                     [this](const Result<admin::AtomicList> &list) {
                                         if (list)
                                             m_atomics.setRecords(list->atomics);
                                     });
}

void TableView::showFill()
{
    if (isActive() && !isPaused() && session().status())
        m_tables.setFill(session().status()->tables);
}

void TableView::setAtomic()
{
    const admin::AtomicValue *atomic = m_atomics.find(m_atomicPanel->table()->currentKey());
    if (!atomic || !session().may(admin::Methods::atomicSet))
        return;
    AtomicDialog::ask(
        *atomic, actions(),
        [view = QPointer<TableView>(this)] {
            if (view)
                view->readAtomics();
        },
        window());
}

void TableView::choose(const QString &name)
{
    const admin::TableDescription *table = m_tables.find(name);
    if (!table || (m_rows && m_rows->table().name == name))
        return;
    closeRows();
    m_rows = new RowPanel(m_viewContext, *table);
    m_right->addWidget(m_rows);
    m_right->setCurrentWidget(m_rows);
    connect(m_rows, &RowPanel::tableChanged, this, [this] {
        if (isActive())
            refresh();
    });
    m_rows->refresh();
}

void TableView::closeRows()
{
    delete std::exchange(m_rows, nullptr);
}

QLineEdit *TableView::filterField() const
{
    return m_rows ? m_rows->filterField() : m_tablePanel->filterField();
}

void TableView::updateActions()
{
    m_tablePanel->updateActions();
    m_atomicPanel->updateActions();
    if (m_rows)
        m_rows->updateActions();
}

QVariantMap TableView::place() const
{
    if (!m_rows)
        return {};
    return {{tableWord, m_rows->table().name}, {filterWord, m_rows->filterText()}};
}

void TableView::goTo(const QVariantMap &place)
{
    const QString table = place.value(tableWord).toString();
    if (table.isEmpty())
        return;
    if (!m_tables.find(table)) {
        m_wanted = place;
        return;
    }
    m_tablePanel->table()->selectKey(table);
    choose(table);
    if (m_rows->filterText() != place.value(filterWord).toString())
        m_rows->setFilterText(place.value(filterWord).toString());
}

} // namespace Quern::console
