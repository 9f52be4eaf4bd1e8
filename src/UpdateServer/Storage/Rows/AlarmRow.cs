using Fota.UpdateServer.Alarms;

namespace Fota.UpdateServer.Storage.Rows;

/// <summary>A row of the table alarms.</summary>
internal sealed class AlarmRow
{
    /// <summary>Begins an alarm, unless it lasts already.</summary>
    public const string Raise =
        """
        INSERT INTO alarms (kind, subject, product, level, raised, detail) VALUES (@Kind, @Subject, @Product, @Level, @At, @Detail)
        ON CONFLICT (kind, subject) WHERE cleared IS NULL DO NOTHING
        """;

    /// <summary>Ends an alarm, if it lasts and what it waits for was reached.</summary>
    public const string Clear = "UPDATE alarms SET cleared = @At WHERE kind = @Kind AND subject = @Subject AND cleared IS NULL AND level <= @Level";

    public const string Columns = "SELECT number, kind, subject, product, raised, cleared, detail FROM alarms";

    public required long Number { get; init; }

    public required string Kind { get; init; }

    public required string Subject { get; init; }

    public string? Product { get; init; }

    public required long Raised { get; init; }

    public long? Cleared { get; init; }

    public required string Detail { get; init; }

    public static object From(AlarmChange c) => new { Kind = c.Kind.ToString(), c.Subject, c.Product, c.Level, At = c.At.ToUnixTimeMilliseconds(), c.Detail };

    public Alarm ToAlarm() => new(
        Number, Enum.Parse<AlarmKind>(Kind), Subject, Product, DateTimeOffset.FromUnixTimeMilliseconds(Raised), Cleared is { } cleared ? DateTimeOffset.FromUnixTimeMilliseconds(cleared) : null, Detail);
}
