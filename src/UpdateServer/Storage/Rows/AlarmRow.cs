using Fota.UpdateServer.Alarms;

namespace Fota.UpdateServer.Storage.Rows;

/// <summary>A row of the table alarms.</summary>
internal sealed class AlarmRow
{
    /// <summary>Says of an alarm that lasts that it was seen again, and by what its end is judged from now on.</summary>
    public const string See =
        """
        UPDATE alarms SET
          seen = CASE WHEN seen < @At THEN @At ELSE seen END,
          level = CASE WHEN level < @Level THEN @Level ELSE level END,
          before = CASE WHEN @IsAnew THEN @Before ELSE before END,
          detail = CASE WHEN @IsAnew OR level < @Level THEN @Detail ELSE detail END
        WHERE kind = @Kind AND subject = @Subject AND cleared IS NULL
        """;

    /// <summary>Begins an alarm, unless it lasts already.</summary>
    public const string Raise =
        """
        INSERT INTO alarms (kind, subject, product, level, raised, seen, before, detail) VALUES (@Kind, @Subject, @Product, @Level, @At, @At, @Before, @Detail)
        ON CONFLICT (kind, subject) WHERE cleared IS NULL DO NOTHING
        """;

    /// <summary>Ends an alarm, if it has lasted long enough and nothing was seen of it that whoever judged it did not know.</summary>
    public const string Clear = "UPDATE alarms SET cleared = @At WHERE kind = @Kind AND subject = @Subject AND cleared IS NULL AND raised <= @Ripe AND seen <= @Judged";

    /// <summary>Those of kinds that this program knows: a newer one beside it may have raised others.</summary>
    public static readonly string Known =
        $"SELECT number, kind, subject, product, raised, cleared, detail, seen, level, before FROM alarms WHERE kind IN ({string.Join(", ", Enum.GetNames<AlarmKind>().Select(static kind => $"'{kind}'"))})";

    public const string Watches = "SELECT begun, ended FROM alarm_watches ORDER BY begun";

    public const string KeepWatch =
        """
        INSERT INTO alarm_watches (begun, ended) VALUES (@Begun, @Ended)
        ON CONFLICT (begun) DO UPDATE SET ended = excluded.ended WHERE excluded.ended > alarm_watches.ended
        """;

    public required long Number { get; init; }

    public required string Kind { get; init; }

    public required string Subject { get; init; }

    public string? Product { get; init; }

    public required long Raised { get; init; }

    public long? Cleared { get; init; }

    public required string Detail { get; init; }

    public required long Seen { get; init; }

    public required long Level { get; init; }

    public string? Before { get; init; }

    /// <summary>The statements that make a change, in their order: the first one that finds something to do is the last.</summary>
    public static IReadOnlyList<(string Sql, bool IsNews)> StatementsOf(AlarmChange change) => change.IsRaised ? [(See, false), (Raise, true)] : [(Clear, true)];

    public static object From(AlarmChange c) => new
    {
        Kind = c.Kind.ToString(),
        c.Subject,
        c.Product,
        c.Level,
        At = c.At.ToUnixTimeMilliseconds(),
        c.Before,
        c.IsAnew,
        c.Detail,
        Ripe = c.Ripe.ToUnixTimeMilliseconds(),
        Judged = c.Judged.ToUnixTimeMilliseconds(),
    };

    public Alarm ToAlarm() => new(Number, Enum.Parse<AlarmKind>(Kind), Subject, Product, MomentOf(Raised), Cleared is { } cleared ? MomentOf(cleared) : null, Detail)
    {
        Seen = MomentOf(Math.Max(Seen, Raised)), // a program of before knows no "seen"
        Level = Level,
        Before = Before,
    };

    public static DateTimeOffset MomentOf(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}

/// <summary>A row of the table alarm_watches.</summary>
internal sealed class WatchRow
{
    public required long Begun { get; init; }

    public required long Ended { get; init; }

    public static WatchRow From(Watch w) => new() { Begun = w.Begun.ToUnixTimeMilliseconds(), Ended = w.Ended.ToUnixTimeMilliseconds() };

    public Watch ToWatch() => new(AlarmRow.MomentOf(Begun), AlarmRow.MomentOf(Ended));
}
