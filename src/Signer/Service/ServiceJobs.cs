using Fota.Signer.Home;
using Fota.Signer.Log;
using Fota.Signer.Repository;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Quartz;

namespace Fota.Signer.Service;

/// <summary>Makes drafts of what waits; ends what is too old.</summary>
[DisallowConcurrentExecution]
internal sealed partial class PreparationJob(DraftPreparation preparation, ILogger<PreparationJob> log) : IJob
{
    public static readonly JobKey Key = new("preparation");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await preparation.RunAsync(cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // A token that is away or a full disk, most likely. The requests wait, and the next run looks again.
            Failed(log, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "preparing drafts failed; it is tried again")]
    private static partial void Failed(ILogger log, Exception e);
}

/// <summary>Renews snapshot and timestamp before they grow stale, and sends what is new to the update server.</summary>
[DisallowConcurrentExecution]
internal sealed partial class RenewalJob(SignerHost host, HomeFolder folder, ServiceKeys keys, LogComparison comparison, PublishTarget target, ServiceHealth health, ILogger<RenewalJob> log) : IJob
{
    public static readonly JobKey Key = new("renewal");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await OnlinePass.RunAsync(host, folder, keys.Online(folder.ReadSettings()), comparison, target.Endpoint, target.Log, cancellationToken);
            health.RenewalSucceeded();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            health.RenewalFailed(e);
            Failed(log, e.Message.ReplaceLineEndings(" "));
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "renewal: {Message}; it is tried again")]
    private static partial void Failed(ILogger log, string message);
}

/// <summary>The update server that is published to, if there is one.</summary>
/// <param name="Endpoint">Its endpoint; null for none.</param>
/// <param name="Log">Signs for its log; null for none.</param>
internal sealed record PublishTarget(PublicationEndpoint? Endpoint, Countersigning? Log);

/// <summary>When the jobs run: at the start, when there is reason to, and every so often in case that a reason was missed.</summary>
internal static class ServiceJobs
{
    public static void Add(IServiceCollection services, TimeSpan interval)
    {
        services.AddQuartz(quartz =>
        {
            quartz.UseInMemoryStore();
            quartz.UseDefaultThreadPool(2);
            quartz.ConfigureScheduler(static scheduler => scheduler.ShutdownJobInterruption = ShutdownJobInterruption.Always);
            quartz.AddJob<PreparationJob>(static job => job.WithIdentity(PreparationJob.Key).StoreDurably());
            quartz.AddTrigger(trigger => trigger.ForJob(PreparationJob.Key).WithSimpleSchedule(interval));
            quartz.AddJob<RenewalJob>(static job => job.WithIdentity(RenewalJob.Key).StoreDurably());
            quartz.AddTrigger(trigger => trigger.ForJob(RenewalJob.Key).WithSimpleSchedule(interval));
        });
        services.AddQuartzHostedService(static hosted => hosted.WaitForJobsToComplete = true);
    }
}
