#include "worker/pluginloader.h"

#include "base/pluginname.h"

#include <Quern/handlerplugin.h>

#include <QPluginLoader>
#include <QSet>

#include <algorithm>
#include <exception>

namespace Quern::worker {

QString pluginTitle(const QString &name, const PluginEntry &entry)
{
    const QString place = entry.place.isEmpty() ? QString() : entry.place + QStringLiteral(": ");
    return place +
           QCoreApplication::translate("Quern::worker::PluginLoader", "plugin \"%1\" (%2)").arg(name, entry.source);
}

PluginLoader::PluginLoader(int workerId, StepObserver observer) : m_observer(std::move(observer))
{
    m_application.workerId = workerId;
}

PluginLoader::~PluginLoader()
{
    m_application.rollBack({});
    while (!m_instances.empty())
        m_instances.pop_back();
}

Result<void> PluginLoader::load(const QList<PluginEntry> &entries)
{
    m_entries = entries;
    for (const PluginEntry &entry : entries) {
        // To look at its metadata is to map the file.
        tell(pluginTitle(base::pluginNameOf(entry.source), entry));
        m_plugins.append(PluginSpec::read(entry.file, entry.settings));
        m_plugins.last().source = entry.source;
    }
    refuseSharedNames();

    QSet<QString> installed;
    const QList<qsizetype> order = dependencyOrder();
    for (const qsizetype index : order) {
        PluginSpec &spec = m_plugins[index];
        const bool ready = std::all_of(spec.dependencies.cbegin(), spec.dependencies.cend(),
                                       [&installed](const QString &name) { return installed.contains(name); });
        if (!spec.error.isEmpty() || !ready)
            continue;
        tell(titleOf(index));
        spec.error = install(spec);
        if (spec.error.isEmpty())
            installed.insert(spec.name);
    }

    QStringList lines;
    for (qsizetype i = 0; i < m_plugins.size(); ++i) {
        const PluginSpec &spec = m_plugins.at(i);
        if (!spec.error.isEmpty())
            // Qt's own texts name the file it has loaded, a copy that is gone when somebody reads this.
            lines.append(titleOf(i) + QStringLiteral(": ") + QString(spec.error).replace(spec.file, spec.source));
    }
    if (!lines.isEmpty())
        return Error(Error::Invalid, lines.join(u'\n'));
    return {};
}

Histogram PluginLoader::ownHistogram(const QByteArray &name, const QByteArray &help, const std::vector<double> &bounds,
                                     const QByteArray &label) const
{
    MetricDefinition definition;
    definition.kind = MetricKind::Histogram;
    definition.name = name;
    definition.help = help;
    definition.labels = {label};
    definition.bounds = bounds;
    auto family = m_application.metricArea ? m_application.metricArea->addFamily(definition, {}) : nullptr;
    return family ? Histogram(std::move(family), nullptr) : Histogram();
}

void PluginLoader::setMetricArea(std::shared_ptr<void> memory, std::size_t bytes)
{
    m_application.metricArea = std::make_shared<MetricArea>(std::move(memory), bytes);
}

void PluginLoader::tell(const QString &title) const
{
    if (m_observer)
        m_observer(title);
}

void PluginLoader::refuseSharedNames()
{
    for (qsizetype i = 0; i < m_plugins.size(); ++i) {
        PluginSpec &spec = m_plugins[i];
        const qsizetype first = indexOf(spec.name);
        if (spec.error.isEmpty() && first != i)
            spec.error =
                tr("the plugin in %1 has the same name. Remove one of the two from the settings, or rename it.")
                    .arg(m_plugins.at(first).source);
    }
}

/// Positions of the usable plugins, dependencies first. Those with a missing or circular dependency are given an error.
QList<qsizetype> PluginLoader::dependencyOrder()
{
    QList<qsizetype> order;
    QList<qsizetype> trail;
    for (qsizetype i = 0; i < m_plugins.size(); ++i)
        visit(i, trail, order);
    return order;
}

/// Appends \a index to \a order, after what it depends on. \a trail holds the plugins that led here.
void PluginLoader::visit(qsizetype index, QList<qsizetype> &trail, QList<qsizetype> &order)
{
    PluginSpec &spec = m_plugins[index];
    if (order.contains(index) || !spec.error.isEmpty())
        return;
    if (const qsizetype start = trail.indexOf(index); start >= 0) {
        const QList<qsizetype> circle = trail.sliced(start);
        QStringList names;
        for (const qsizetype each : circle)
            names.append(m_plugins.at(each).name);
        names.append(spec.name);
        for (const qsizetype each : circle)
            m_plugins[each].error =
                tr("its dependencies lead back to itself: %1. Remove one of them.").arg(names.join(u" → "));
        return;
    }
    trail.append(index);
    for (const QString &name : std::as_const(spec.dependencies)) {
        const qsizetype dependency = indexOf(name);
        if (dependency >= 0)
            visit(dependency, trail, order);
        else
            spec.error =
                (m_entries.at(index).place.isEmpty()
                     ? tr("it needs the plugin \"%1\", which is not there. Add it to the settings, or name its file as "
                          "well: quern plugin check a.so b.so")
                     : tr("it needs the plugin \"%1\", which is not there. Add it to the settings."))
                    .arg(name);
    }
    trail.removeLast();
    if (spec.error.isEmpty())
        order.append(index);
}

qsizetype PluginLoader::indexOf(const QString &name) const
{
    const auto place = std::find_if(m_plugins.cbegin(), m_plugins.cend(),
                                    [&name](const PluginSpec &spec) { return spec.name == name; });
    return place == m_plugins.cend() ? -1 : place - m_plugins.cbegin();
}

/// Returns why the plugin cannot be used, with the mend; empty on success.
QString PluginLoader::install(const PluginSpec &spec)
{
    QPluginLoader library(spec.file);
    library.setLoadHints(spec.loadHints());
    if (!library.load())
        return tr("it cannot be loaded (%1). Build it again with the SDK and Qt %2, and install what it links to.")
            .arg(library.errorString(), QString::fromLatin1(qVersion()));

    const ApplicationPrivate::Mark before = m_application.mark();
    std::unique_ptr<QObject> instance;
    QString error;
    try {
        instance.reset(library.instance());
        if (auto *plugin = qobject_cast<HandlerPlugin *>(instance.get()))
            plugin->install(m_application.open(spec.name, spec.settings));
        else
            error = tr("its class is no handler plugin. Derive it from Quern::HandlerPlugin and name that in "
                       "Q_INTERFACES.");
    } catch (const std::exception &exception) {
        error = tr("its installation failed: %1").arg(QString::fromUtf8(exception.what()).simplified());
    } catch (...) {
        error = tr("its installation failed with an exception that is not derived from std::exception.");
    }
    m_application.close();
    if (error.isEmpty()) {
        m_instances.push_back(std::move(instance));
        return QString();
    }
    // Before the instance goes: the handlers may refer to it until their end.
    m_application.rollBack(before);
    return error;
}

} // namespace Quern::worker
