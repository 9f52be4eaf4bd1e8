using Fota.Manifest.Log;
using Fota.UpdateServer.Alarms;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Audit;

/// <summary>Whether the signer keeps up with the log: what is not signed for, whoever holds the database can still change.</summary>
/// <param name="store">Has the entries.</param>
/// <param name="log">Says whose signatures count.</param>
/// <param name="settings">How long an entry may wait.</param>
/// <param name="isExpected">Whether a log for which nobody ever signed should have been, where the settings do not say.</param>
internal sealed class LogSigning(IAuditStore store, AuditLog log, AlarmSettings settings, bool isExpected)
{
    private static readonly TimeSpan s_usual = TimeSpan.FromHours(1);

    /// <summary>How it stands now.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    public SigningState Look(DateTimeOffset now)
    {
        long? size = log.Newest()?.Size;
        TimeSpan? limit = settings.UnsignedMinutes switch
        {
            0 => null,
            { } minutes => TimeSpan.FromMinutes(minutes),
            null => size is not null || isExpected ? s_usual : null,
        };
        long count = store.Count();
        DateTimeOffset? since = store.Read(size ?? 0, 1) is [var oldest] && LogEntry.Decode(oldest).IsAccepted(out LogEntry? entry, out _) ? entry.Time : null;
        SigningState state = new(size, count, since, false);
        return state with { IsLate = limit is { } most && (state.IsDamaged || now - since > most) };
    }

    /// <summary>What begins or ends by it.</summary>
    /// <param name="open">The alarm that lasts; null for none.</param>
    /// <param name="now">The moment.</param>
    public IEnumerable<AlarmChange> Judge(Alarm? open, DateTimeOffset now)
    {
        if (TryLook(now) is not { } state)
        {
            yield break;
        }

        if (state.IsLate && open is null)
        {
            yield return new AlarmChange(AlarmKind.LogUnsigned, AlarmChange.ServersLog, now, true, state.Text);
        }

        if (!state.IsLate && open is not null && now - open.Raised >= AlarmChange.Least)
        {
            yield return AlarmChange.End(open, now, state.Text);
        }
    }

    /// <summary>How it stands; null where content is away or damaged, so that nobody knows whose signatures count. Readiness says that; other alarms do not wait for it.</summary>
    private SigningState? TryLook(DateTimeOffset now)
    {
        try
        {
            return Look(now);
        }
        catch (Exception e) when (e is StoreUnavailableException or IOException)
        {
            return null;
        }
    }
}

/// <summary>How far the log is signed for.</summary>
/// <param name="Size">How many entries are; null where nobody ever signed.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Since">When the oldest one was written that is not; null where none can be read.</param>
/// <param name="IsLate">Whether that is too long ago, or the log is damaged: nobody can sign for it then.</param>
internal sealed record SigningState(long? Size, long Count, DateTimeOffset? Since, bool IsLate)
{
    /// <summary>Whether the entry that is to be signed for next is not there although others are, or cannot be read; or entries are gone that were signed for.</summary>
    public bool IsDamaged => Since is null && Count != (Size ?? 0);

    /// <summary>In one line.</summary>
    public string Text => (Size, Since) switch
    {
        _ when IsDamaged => $"{Size ?? 0} entries of the server's log are signed for, there are {Count}, and the next one is missing or cannot be read",
        (null, _) => "nobody has signed for the server's log yet (fota-signer online --server-log)",
        (_, null) => $"all {Size} entries of the server's log are signed for",
        _ => $"{Size} entries of the server's log are signed for, and none that was written since {Since:u}",
    };
}
