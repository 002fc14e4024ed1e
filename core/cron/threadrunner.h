#pragma once

#include "cron/jobrunner.h"

namespace Quern::cron {

/// Runs the function of a job in threads that live as long as the process, made when they are first needed: one, or as
/// many as runs may overlap. A thread whose run does not end is left behind when this goes: who ends the process then
/// must not wait for it, nor unload what it runs.
class ThreadRunner final : public JobRunner
{
public:
    ThreadRunner(const Job &job, std::size_t index, std::shared_ptr<RunReports> reports);
    ~ThreadRunner() override;

    void begin(const PlannedRun &run) override;
    void requestStop() override;
    void kill(const QString &) override {}

private:
    struct Shared;

    static void serve(const std::shared_ptr<Shared> &shared);
    static void run(Shared &shared, const PlannedRun &plan);

    const std::shared_ptr<Shared> m_shared; ///< with the threads
};

} // namespace Quern::cron
