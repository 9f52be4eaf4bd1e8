using Fota.UpdateServer.Configuration;
using Npgsql;
using Quartz;

namespace Fota.UpdateServer.Deltas;

/// <summary>
/// When <see cref="DeltaJob"/> runs: at the start, when there is reason to, and every minute in case that a reason was missed. Of several servers over one database one
/// runs it at a time, whichever it is; when that one dies another takes it up.
/// </summary>
internal sealed class DeltaSchedule(ISchedulerFactory schedulers, DeltaPlanner planner, ServerSettings settings, ILogger<DeltaSchedule> log)
{
    private static readonly TimeSpan s_fallback = TimeSpan.FromMinutes(1);

    /// <summary>How often a server says in the database that it lives, and how much later than that it counts as dead.</summary>
    private static readonly TimeSpan s_sign = TimeSpan.FromSeconds(5), s_patience = TimeSpan.FromSeconds(10);

    private int _asked;

    public static void Add(IServiceCollection services, DatabaseSettings? shared)
    {
        services.AddSingleton<PublishedImages>().AddSingleton<DeltaCatalog>().AddSingleton<DeltaPlanner>().AddSingleton<DeltaMaker>().AddSingleton<DeltaRetention>().AddSingleton<DeltaOffers>().AddSingleton<DeltaSchedule>();
        services.AddQuartz(quartz =>
        {
            if (shared is null)
            {
                quartz.UseInMemoryStore();
            }
            else
            {
                quartz.UsePersistentStore(store =>
                {
                    store.UsePostgres(NpgsqlFactory.Instance, shared.ConnectionString);
                    store.UseClustering(static o => (o.CheckinInterval, o.CheckinMisfireThreshold) = (s_sign, s_patience));
                    store.ProvisionSchema();
                });
            }

            quartz.UseDefaultThreadPool(1);
            quartz.ConfigureScheduler(static o => o.ShutdownJobInterruption = ShutdownJobInterruption.Always);
            quartz.AddJob<DeltaJob>(static job => job.WithIdentity(DeltaJob.Key).StoreDurably());

            // The first time at once: what was being made at the last stop, and what failed then, is tried again.
            quartz.AddTrigger(static trigger => trigger.ForJob(DeltaJob.Key).WithIdentity("deltas every minute").WithSimpleSchedule(s_fallback));
        });
        services.AddQuartzHostedService(static o => o.WaitForJobsToComplete = true);
    }

    /// <summary>Has the job run as soon as it can; many wishes before it begins are one.</summary>
    public async ValueTask RunSoonAsync()
    {
        if (Interlocked.Exchange(ref _asked, 1) != 0)
        {
            return;
        }

        try
        {
            if (settings.Database is not null)
            {
                planner.PlanToMake(); // whoever runs the job, what this server knows is no news to it from now on
            }

            IScheduler scheduler = await schedulers.GetScheduler();
            await scheduler.TriggerJob(DeltaJob.Key);
            if (settings.Database is not null)
            {
                Begun(); // here, or nowhere: it may run on another server
            }
        }
        catch (SchedulerException e)
        {
            // It is about to stop. Whoever asked did something else, which is done.
            Begun();
            Log.DeltasNotScheduled(log, e);
        }
    }

    /// <summary>The job begins: what is wished from now on is for the next run.</summary>
    public void Begun() => Volatile.Write(ref _asked, 0);
}
