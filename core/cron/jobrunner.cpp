#include "cron/jobrunner.h"

#include "cron/commandrunner.h"
#include "cron/threadrunner.h"

namespace Quern::cron {

std::unique_ptr<JobRunner> makeRunner(const Job &job, std::size_t index, std::shared_ptr<RunReports> reports)
{
    if (std::holds_alternative<JobCommand>(job.work))
        return std::make_unique<CommandRunner>(job, index, std::move(reports));
    return std::make_unique<ThreadRunner>(job, index, std::move(reports));
}

} // namespace Quern::cron
