#include "admin-gui/views/processview.h"

#include "admin-gui/actions/serveractions.h"
#include "admin-gui/store/serverstore.h"
#include "admin-gui/views/processdetail.h"
#include "admin-gui/widgets/celldelegate.h"
#include "admin-gui/widgets/copying.h"
#include "admin-gui/widgets/theme.h"
#include "admin/protocol/methods.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QSettings>
#include <QSplitter>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>

#include <algorithm>

namespace Quern::console {

namespace {

const QString columnsKey = QStringLiteral("columns/processes");
const QString splitterKey = QStringLiteral("splitter/processes");

} // namespace

ProcessView::ProcessView(const ViewContext &context)
    : View(context, QStringLiteral("processes"), tr("Processes"))
    , m_model([this](const admin::WorkerStatus &process) { return store().history().memoryOf(process); })
    , m_filter(new QLineEdit)
    , m_tree(new QTreeView)
    , m_detail(new ProcessDetail(context.session, context.store))
    , m_splitter(new QSplitter)
    , m_recycle(makeAction(tr("Recycle"), QStringLiteral("reload")))
    , m_kill(makeAction(tr("Kill…"), QStringLiteral("close")))
    , m_showLog(makeAction(tr("Log"), QStringLiteral("logs")))
{
    m_filter->setPlaceholderText(tr("Filter ( / )"));
    m_filter->setAccessibleName(tr("Filter"));
    m_filter->setClearButtonEnabled(true);
    m_filter->setMaximumWidth(320);
    makeTree();
    auto *bar = new QHBoxLayout;
    bar->addWidget(m_filter, 1);
    bar->addStretch(1);
    for (QAction *action : {m_recycle, m_kill, m_showLog}) {
        auto *button = new QToolButton;
        button->setDefaultAction(action);
        button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        bar->addWidget(button);
        m_tree->addAction(action);
    }
    m_splitter->addWidget(m_tree);
    m_splitter->addWidget(m_detail);
    m_splitter->setStretchFactor(0, 3);
    m_splitter->setStretchFactor(1, 1);
    m_splitter->setSizes({700, 320});
    m_splitter->restoreState(QSettings().value(splitterKey).toByteArray());
    auto *layout = new QVBoxLayout(this);
    layout->addLayout(bar);
    layout->addWidget(m_splitter, 1);
    setFirstFocus(m_tree);
    m_detail->hide();
    connect(m_filter, &QLineEdit::textChanged, &m_model, &ProcessModel::setFilter);
    connect(&context.session, &Session::statusChanged, this, &ProcessView::showStatus);
    connect(m_tree, &QTreeView::activated, this, [this] {
        if (m_detail->isVisible())
            m_detail->focusLog();
    });
    connect(m_recycle, &QAction::triggered, this, [this] { actions().run(serveractions::recycle(selected())); });
    connect(m_kill, &QAction::triggered, this, [this] { actions().run(serveractions::kill(selected())); });
    connect(m_showLog, &QAction::triggered, this, [this] {
        Q_EMIT goRequested(QStringLiteral("logs"), {{QStringLiteral("role"), selected().value(0).name}});
    });
    selectionMoved();
}

ProcessView::~ProcessView()
{
    QSettings settings;
    settings.setValue(columnsKey, m_tree->header()->saveState());
    settings.setValue(splitterKey, m_splitter->saveState());
}

QAction *ProcessView::makeAction(const QString &text, const QString &icon)
{
    return new QAction(theme::icon(icon), text, this);
}

void ProcessView::makeTree()
{
    m_tree->setObjectName(QStringLiteral("processes.tree"));
    m_tree->setAccessibleName(title());
    m_tree->setModel(&m_model);
    m_tree->setItemDelegate(new CellDelegate(m_tree));
    m_tree->setUniformRowHeights(true);
    m_tree->setAlternatingRowColors(true);
    m_tree->setAllColumnsShowFocus(true);
    m_tree->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_tree->setFrameShape(QFrame::NoFrame);
    m_tree->setContextMenuPolicy(Qt::ActionsContextMenu);
    m_tree->setSortingEnabled(true);
    m_tree->sortByColumn(ProcessModel::Name, Qt::AscendingOrder);
    m_tree->header()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    const int character = m_tree->fontMetrics().averageCharWidth();
    const QList<int> widths = {26, 10, 9, 14, 8, 9, 14, 11, 20, 7, 8, 10};
    for (int column = 0; column < ProcessModel::ColumnCount; ++column)
        m_tree->setColumnWidth(column, widths.at(column) * character + 14);
    m_tree->header()->restoreState(QSettings().value(columnsKey).toByteArray());
    m_tree->expandAll();
    connect(m_tree->selectionModel(), &QItemSelectionModel::selectionChanged, this, &ProcessView::selectionMoved);
    auto *copying = new QAction(tr("Copy"), m_tree);
    copying->setShortcut(QKeySequence::Copy);
    copying->setShortcutContext(Qt::WidgetShortcut);
    connect(copying, &QAction::triggered, this, &ProcessView::copy);
    m_tree->addAction(copying);
}

void ProcessView::refresh()
{
    m_detail->refresh();
    showStatus();
}

void ProcessView::setActive(bool isActive)
{
    View::setActive(isActive);
    if (isActive)
        refresh();
}

void ProcessView::setPaused(bool isPaused)
{
    View::setPaused(isPaused);
    showStatus();
}

void ProcessView::showStatus()
{
    const auto &status = session().status();
    if (!isActive() || isPaused())
        return;
    if (!status) {
        m_model.clear();
        return;
    }
    const bool wasEmpty = m_model.rowCount(m_model.index(1, 0)) == 0;
    m_model.setStatus(*status);
    if (wasEmpty)
        m_tree->expandAll();
    if (const QList<admin::WorkerStatus> processes = selected(); processes.size() == 1)
        m_detail->showProcess(processes.constFirst());
    updateActions();
}

QList<admin::WorkerStatus> ProcessView::selected() const
{
    QList<admin::WorkerStatus> processes;
    for (const QModelIndex &index : m_tree->selectionModel()->selectedRows()) {
        if (const admin::WorkerStatus *process = m_model.processAt(index))
            processes.append(*process);
    }
    return processes;
}

void ProcessView::selectionMoved()
{
    const QList<admin::WorkerStatus> processes = selected();
    m_detail->setVisible(processes.size() == 1);
    if (processes.size() == 1) {
        if (m_detail->process() != processes.constFirst().name)
            m_detail->setProcess(processes.constFirst().name);
        m_detail->showProcess(processes.constFirst());
    }
    updateActions();
}

void ProcessView::updateActions()
{
    const QList<admin::WorkerStatus> processes = selected();
    const bool areWorkers = std::all_of(processes.begin(), processes.end(), [](const admin::WorkerStatus &each) {
        return each.name.startsWith(QStringLiteral("worker ")) || each.name.startsWith(QStringLiteral("task worker "));
    });
    // A name alone means the one that serves: of two with the same the older one cannot be named.
    const auto &status = session().status();
    const bool canBeNamed = status && std::all_of(processes.begin(), processes.end(), [&status](const auto &each) {
                                return each.generation == status->generation;
                            });
    m_recycle->setEnabled(!processes.isEmpty() && areWorkers && canBeNamed &&
                          session().may(admin::Methods::processRecycle));
    m_kill->setEnabled(!processes.isEmpty() && canBeNamed && session().may(admin::Methods::processKill));
    m_showLog->setEnabled(processes.size() == 1);
}

void ProcessView::copy() const
{
    QGuiApplication::clipboard()->setText(
        copying::textOf(*m_tree, [](const QModelIndex &index) { return index.data().toString(); }));
}

QVariantMap ProcessView::place() const
{
    return {{QStringLiteral("filter"), m_filter->text()}, {QStringLiteral("process"), selected().value(0).name}};
}

void ProcessView::goTo(const QVariantMap &place)
{
    m_filter->setText(place.value(QStringLiteral("filter")).toString());
    const QModelIndex index = m_model.indexOfProcess(place.value(QStringLiteral("process")).toString());
    if (!index.isValid())
        return;
    m_tree->setCurrentIndex(index);
    m_tree->scrollTo(index);
}

} // namespace Quern::console
