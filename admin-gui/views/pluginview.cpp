#include "admin-gui/views/pluginview.h"

#include "admin-gui/widgets/recordpanel.h"
#include "admin-gui/widgets/recordtable.h"
#include "admin/protocol/methods.h"

#include <QLabel>
#include <QSettings>
#include <QSplitter>
#include <QVBoxLayout>

namespace Quern::console {

namespace {

const QString splitterKey = QStringLiteral("splitter/plugins");

} // namespace

PluginView::PluginView(const ViewContext &context)
    : ListView(context, QStringLiteral("plugins"), tr("Plugins"))
    , m_plugins(new RecordPanel(&m_model, QStringLiteral("plugins")))
    , m_routes(new RecordPanel(&m_routeModel, QStringLiteral("routes")))
    , m_title(new QLabel)
    , m_splitter(new QSplitter)
{
    m_plugins->table()->setDefaultWidths({18, 10, 11, 9, 18, 40});
    m_plugins->table()->setSelectionMode(QAbstractItemView::SingleSelection);
    m_routes->table()->setAccessibleName(tr("Routes"));
    m_routes->table()->setDefaultWidths({10, 30});
    m_title->setObjectName(QStringLiteral("routes.title"));
    m_title->setTextFormat(Qt::PlainText);
    QFont bold = m_title->font();
    bold.setWeight(QFont::DemiBold);
    m_title->setFont(bold);
    auto *right = new QWidget;
    auto *rightLayout = new QVBoxLayout(right);
    rightLayout->setContentsMargins(8, 0, 0, 0);
    rightLayout->addWidget(m_title);
    rightLayout->addWidget(m_routes, 1);
    m_splitter->addWidget(m_plugins);
    m_splitter->addWidget(right);
    m_splitter->setStretchFactor(0, 2);
    m_splitter->setStretchFactor(1, 1);
    m_splitter->setSizes({640, 380});
    m_splitter->setChildrenCollapsible(false);
    m_splitter->restoreState(QSettings().value(splitterKey).toByteArray());
    connect(m_plugins->table(), &RecordTable::opened, m_routes->table(), qOverload<>(&QWidget::setFocus));
    setPanel(m_plugins);
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(m_splitter);
    connect(m_plugins->table(), &RecordTable::selectionMoved, this, &PluginView::showRoutes);
    connect(&context.session, &Session::statusChanged, this, &PluginView::lookForReload);
    connect(&context.session, &Session::stateChanged, this, [this] { showState({}); });
    showState({});
    showRoutes();
}

PluginView::~PluginView()
{
    QSettings().setValue(splitterKey, m_splitter->saveState());
}

void PluginView::refresh()
{
    if (!session().state().isUp())
        return; // it is called again when it is
    const auto &status = session().status();
    m_generation = status ? status->generation : -1;
    session().ask<admin::PluginList>(admin::Methods::pluginList, {}, this,
                                     [this](const Result<admin::PluginList> &list) { take(list); });
}

void PluginView::setActive(bool isActive)
{
    View::setActive(isActive);
    if (isActive && !isPaused())
        refresh();
}

void PluginView::setPaused(bool isPaused)
{
    View::setPaused(isPaused);
    lookForReload();
}

void PluginView::lookForReload()
{
    const auto &status = session().status();
    if (isActive() && !isPaused() && status && status->generation != m_generation)
        refresh();
}

void PluginView::take(const Result<admin::PluginList> &list)
{
    if (!list) {
        m_model.clear();
        return showState(list.error().message());
    }
    m_model.setRecords(list->plugins);
    showState({});
    m_shown.clear(); // its routes may be others
    QString wanted = m_model.keyOfName(std::exchange(m_wanted, {}));
    if (wanted.isEmpty() && m_plugins->table()->selectedKeys().isEmpty() && m_model.rowCount() > 0)
        wanted = m_model.index(0, 0).data(KeyRole).toString();
    if (!wanted.isEmpty())
        m_plugins->table()->selectKey(wanted);
    showRoutes();
}

void PluginView::showRoutes()
{
    const QString key = m_plugins->table()->selectedKeys().value(0);
    if (key == m_shown && !key.isEmpty())
        return;
    m_shown = key;
    const admin::PluginInfo *plugin = m_model.find(key);
    m_routeModel.setRecords(plugin ? plugin->routes : QList<admin::RouteInfo>());
    m_title->setText(plugin ? tr("Routes of %1").arg(plugin->name) : tr("Routes"));
    m_routes->table()->setEmptyText(
        !plugin ? tr("Select a plugin to see its routes.")
        : plugin->state == admin::PluginInfo::State::Disabled
            ? tr("%1 is disabled: its routes are known once it is loaded.").arg(plugin->name)
            : tr("%1 has no routes of HTTP or WebSocket; it may serve sockets, tasks or cron jobs.").arg(plugin->name));
}

void PluginView::showState(const QString &trouble)
{
    m_plugins->table()->setEmptyText(!trouble.isEmpty()          ? trouble
                                     : !session().state().isUp() ? tr("The plugins are listed here once the server is "
                                                                      "connected.")
                                                                 : tr("No plugin is loaded."));
}

QVariantMap PluginView::place() const
{
    const admin::PluginInfo *plugin = m_model.find(m_shown);
    return placeWith({{QStringLiteral("routes"), m_routes->filterText()},
                      {QStringLiteral("plugin"), plugin ? plugin->name : QString()}});
}

void PluginView::goTo(const QVariantMap &place)
{
    ListView::goTo(place);
    m_routes->setFilterText(place.value(QStringLiteral("routes")).toString());
    m_wanted = place.value(QStringLiteral("plugin")).toString();
    const QString key = m_model.keyOfName(m_wanted);
    if (key.isEmpty())
        return;
    m_wanted.clear();
    m_plugins->table()->selectKey(key);
}

} // namespace Quern::console
