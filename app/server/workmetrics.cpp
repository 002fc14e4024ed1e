#include "app/server/workmetrics.h"

#include "app/server/crondesk.h"
#include "app/server/familylist.h"
#include "tables/sharedtables.h"
#include "tasks/broker.h"

namespace Quern::app {

namespace {

using metrics::addValue;

void addStore(FamilyList &list, const tasks::BrokerCounters &counters)
{
    const auto each = [&counters](prometheus::MetricFamily &family, std::atomic<quint64> tasks::StoreGauges::*gauge) {
        addValue(family, {{"store", "memory"}}, double((counters.memory.*gauge).load()));
        if (counters.hasDatabase)
            addValue(family, {{"store", "database"}}, double((counters.database.*gauge).load()));
    };
    each(list.gauge("quern_tasks_queued", "Tasks and events that are due and wait for a task worker."),
         &tasks::StoreGauges::queued);
    each(list.gauge("quern_tasks_delayed", "Tasks and events that wait for their time."), &tasks::StoreGauges::delayed);
    each(list.gauge("quern_tasks_running", "Tasks and events that task workers have."), &tasks::StoreGauges::running);
    each(list.gauge("quern_tasks_dead_letters", "Tasks and events that have failed for good and are kept."),
         &tasks::StoreGauges::dead);
}

void addTasks(FamilyList &list, const tasks::BrokerCounters &counters)
{
    list.counter("quern_tasks_delivered_total", "Tasks and events accepted.", double(counters.delivered));
    list.counter("quern_tasks_refused_total", "Tasks and events refused, for want of room or of a disk.",
                 double(counters.refused));
    prometheus::MetricFamily &outcomes =
        list.counter("quern_task_outcomes_total", "How tries of tasks and events ended: done, to be tried again, or "
                                                  "failed for good.");
    addValue(outcomes, {{"outcome", "done"}}, double(counters.done));
    addValue(outcomes, {{"outcome", "retried"}}, double(counters.retried));
    addValue(outcomes, {{"outcome", "buried"}}, double(counters.buried));
    addStore(list, counters);
}

void addChannels(FamilyList &list, const tasks::Broker &broker)
{
    list.counter("quern_process_messages_total", "Messages between processes, taken.",
                 double(broker.postCounters().messages));
    list.counter("quern_process_messages_refused_total", "Messages between processes refused since too many waited.",
                 double(broker.postCounters().messagesRefused));
    const QList<tasks::ChannelFill> fills = broker.channelFill();
    const auto each = [&fills](prometheus::MetricFamily &family, qint64 tasks::ChannelFill::*member) {
        for (const tasks::ChannelFill &fill : fills)
            addValue(family, {{"process", fill.process.toStdString()}}, double(fill.*member));
    };
    each(list.gauge("quern_process_queue_items", "Items in the queues of custom processes."),
         &tasks::ChannelFill::queueItems);
    each(list.gauge("quern_process_queue_capacity_items", "Items that these queues hold at most."),
         &tasks::ChannelFill::queueCapacity);
    each(list.gauge("quern_process_input_bytes", "Bytes written to custom processes and not read by them."),
         &tasks::ChannelFill::inputBytes);
    each(list.gauge("quern_process_output_bytes", "Bytes written by custom processes and not read."),
         &tasks::ChannelFill::outputBytes);
}

void addCron(FamilyList &list, const QList<ipc::CronJobState> &jobs)
{
    const auto each = [&jobs](prometheus::MetricFamily &family, auto value) {
        for (const ipc::CronJobState &job : jobs)
            addValue(family, {{"cron_job", job.name.toStdString()}}, double(value(job)));
    };
    each(list.counter("quern_cron_runs_total", "Runs of cron jobs that have ended."),
         [](const auto &job) { return job.runs; });
    each(list.counter("quern_cron_failures_total", "Runs of cron jobs that have failed."),
         [](const auto &job) { return job.failures; });
    each(list.counter("quern_cron_skipped_total", "Due times of cron jobs without a run."),
         [](const auto &job) { return job.skipped; });
    each(list.gauge("quern_cron_running", "Runs of cron jobs under way."),
         [](const auto &job) { return job.underWay; });
    each(list.gauge("quern_cron_paused", "1 for cron jobs that are paused or have stopped themselves."),
         [](const auto &job) { return job.isPaused || job.isStopped ? 1 : 0; });
    each(list.gauge("quern_cron_last_duration_seconds", "How long the last runs of cron jobs took."),
         [](const auto &job) { return double(job.duration) / 1e6; });
    each(list.gauge("quern_cron_last_run_timestamp_seconds", "When the last runs of cron jobs began, since 1970."),
         [](const auto &job) { return double(job.last) / 1e3; });
}

void addTables(FamilyList &list, const QList<tables::TableFill> &fills)
{
    const auto each = [&fills](prometheus::MetricFamily &family, quint64 tables::TableFill::*member) {
        for (const tables::TableFill &fill : fills)
            addValue(family, {{"table", fill.name.toStdString()}}, double(fill.*member));
    };
    each(list.gauge("quern_table_rows", "Rows in tables."), &tables::TableFill::rows);
    each(list.gauge("quern_table_capacity_rows", "Rows that tables hold at most."), &tables::TableFill::size);
    each(list.gauge("quern_table_memory_bytes", "Memory that tables have taken."), &tables::TableFill::memory);
}

} // namespace

std::vector<prometheus::MetricFamily> WorkMetrics::Collect() const
{
    FamilyList list;
    addTasks(list, m_broker.counters());
    addChannels(list, m_broker);
    addCron(list, m_cron.jobs());
    addTables(list, m_tables.fill());
    return list.take();
}

} // namespace Quern::app
