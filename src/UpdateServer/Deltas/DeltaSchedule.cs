using Quartz;

namespace Fota.UpdateServer.Deltas;

/// <summary>When <see cref="DeltaJob"/> runs: at the start, when there is reason to, and every minute in case that a reason was missed.</summary>
internal sealed class DeltaSchedule(ISchedulerFactory schedulers, ILogger<DeltaSchedule> log)
{
    private static readonly TimeSpan s_fallback = TimeSpan.FromMinutes(1);

    private int _asked;

    public static void Add(IServiceCollection services)
    {
        services.AddSingleton<PublishedImages>().AddSingleton<DeltaCatalog>().AddSingleton<DeltaPlanner>().AddSingleton<DeltaMaker>().AddSingleton<DeltaRetention>().AddSingleton<DeltaOffers>().AddSingleton<DeltaSchedule>();
        services.AddQuartz(static quartz =>
        {
            quartz.UseInMemoryStore();
            quartz.UseDefaultThreadPool(1);
            quartz.ConfigureScheduler(static o => o.ShutdownJobInterruption = ShutdownJobInterruption.Always);
            quartz.AddJob<DeltaJob>(static job => job.WithIdentity(DeltaJob.Key).StoreDurably());

            // The first time at once: what was being made at the last stop, and what failed then, is tried again.
            quartz.AddTrigger(static trigger => trigger.ForJob(DeltaJob.Key).WithSimpleSchedule(s_fallback));
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
            IScheduler scheduler = await schedulers.GetScheduler();
            await scheduler.TriggerJob(DeltaJob.Key);
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
