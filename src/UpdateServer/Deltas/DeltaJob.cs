using Fota.Manifest;
using Quartz;

namespace Fota.UpdateServer.Deltas;

/// <summary>Makes the delta packs that are wanted and not there, one after another; after each it looks again which is wanted most.</summary>
[DisallowConcurrentExecution]
internal sealed class DeltaJob(DeltaSchedule schedule, DeltaPlanner planner, DeltaCatalog catalog, DeltaMaker maker, DeltaRetention retention, TimeProvider time, ServerSeams seams, ILogger<DeltaJob> log) : IJob
{
    public static readonly JobKey Key = new("deltas");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        schedule.Begun();
        try
        {
            await MakeWantedAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Log.DeltasStopped(log);
        }
        catch (Exception e)
        {
            // The database, most likely. Nothing is half done, and the next run looks again.
            Log.DeltaRunFailed(log, e);
        }

        seams.DeltaRunEnded?.Invoke();
    }

    private async Task MakeWantedAsync(CancellationToken cancellation)
    {
        HashSet<DeltaKey> tried = []; // what fails is tried again by the next run: what is wrong now is wrong in a moment, too
        while (Next(tried) is { } wanted)
        {
            DeltaRecord? record = Make(wanted, cancellation);
            if (record is not null)
            {
                catalog.Save(record);
            }

            if (record is null or { State: DeltaState.Failed })
            {
                tried.Add(wanted.Key);
            }
        }

        await retention.ApplyAsync(planner.PlanToMake(), cancellation);
    }

    /// <summary>What is to be made now. A run can take hours, and what went meanwhile is not to wait for the next one.</summary>
    private WantedDelta? Next(HashSet<DeltaKey> tried)
    {
        catalog.ForgetMissing();
        return planner.PlanToMake().FirstOrDefault(w => !tried.Contains(w.Key) && catalog.Find(w.Key) is not { IsFinal: true });
    }

    /// <summary>What came of it; null if nothing is to be remembered, because the machine failed and the images are not to blame.</summary>
    private DeltaRecord? Make(WantedDelta wanted, CancellationToken cancellation)
    {
        try
        {
            DeltaRecord made = maker.Make(wanted, cancellation);
            Log.DeltaMade(log, wanted.Key.Base, wanted.Key.Image, made.State, made.Size!.Value, wanted.Devices);
            return made;
        }
        catch (RejectedException e)
        {
            // The same images are refused again, most likely.
            int failures = (catalog.Find(wanted.Key)?.Failures ?? 0) + 1;
            Log.DeltaFailed(log, e, wanted.Key.Base, wanted.Key.Image, failures);
            return new DeltaRecord(wanted.Key, DeltaState.Failed, null, null, failures, $"{e.Rejection.Reason}: {e.Rejection.Detail}", time.GetUtcNow());
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A full disk, for example, which is over in a while. The other packs are not to wait for this one.
            Log.DeltaPutOff(log, e, wanted.Key.Base, wanted.Key.Image);
            return null;
        }
    }
}
