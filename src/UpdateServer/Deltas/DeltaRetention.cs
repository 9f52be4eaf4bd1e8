using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Deltas;

/// <summary>Removes the delta packs whose bases died out. What was published stays, whatever it is.</summary>
internal sealed class DeltaRetention(DeltaCatalog deltas, ContentStore content, Publisher publisher, ReleaseCatalog published, TimeProvider time, ILogger<DeltaRetention> log)
{
    /// <summary>So long a pack stays that no plan holds: devices come back, and rollouts are taken up again.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromDays(30);

    /// <summary>So seldom it is written down that a plan holds a pack.</summary>
    private static readonly TimeSpan s_accuracy = TimeSpan.FromDays(1);

    /// <summary>Notes what <paramref name="plan"/> holds, and removes what no plan has held for long; only the job calls it.</summary>
    /// <exception cref="IOException">A pack cannot be removed; its record is still there.</exception>
    public async Task ApplyAsync(IEnumerable<WantedDelta> plan, CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        HashSet<DeltaKey> wanted = [.. plan.Select(static w => w.Key)];
        foreach (DeltaRecord record in deltas.Records)
        {
            TimeSpan age = now - record.Wanted;
            if (wanted.Contains(record.Key) && age >= s_accuracy)
            {
                deltas.Save(record with { Wanted = now });
            }
            else if (!wanted.Contains(record.Key) && age >= Patience)
            {
                await publisher.BetweenPublicationsAsync(turn => Remove(record, turn), cancellation);
            }
        }
    }

    /// <summary>The file first: a record without one is forgotten at the next start, a file without one would stay.</summary>
    private void Remove(DeltaRecord record, IPublicationTurn turn)
    {
        if (record.Pack is { } pack)
        {
            if (published.Current.Files.Values.Any(f => f.Digest == pack))
            {
                return;
            }

            turn.Demand(); // a server that was frozen here may have been overtaken by a publication that has this very content
            content.Remove(pack);
        }

        deltas.Forget(record);
        Log.DeltaRemoved(log, record.Key.Base, record.Key.Image, record.Wanted);
    }
}
