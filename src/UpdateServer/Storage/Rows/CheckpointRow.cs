namespace Fota.UpdateServer.Storage.Rows;

/// <summary>A row of the table audit_checkpoints.</summary>
internal sealed class CheckpointRow
{
    public const string Select = "SELECT vkey, size, note, taken FROM audit_checkpoints ORDER BY size DESC, taken DESC";

    public const string Keep =
        """
        INSERT INTO audit_checkpoints (vkey, size, note, taken) VALUES (@Vkey, @Size, @Note, @Taken)
        ON CONFLICT (vkey) DO UPDATE SET size = excluded.size, note = excluded.note, taken = excluded.taken WHERE excluded.size > audit_checkpoints.size
        """;

    public required string Vkey { get; init; }

    public required long Size { get; init; }

    public required byte[] Note { get; init; }

    public required long Taken { get; init; }

    public static CheckpointRow From(StoredCheckpoint c) => new() { Vkey = c.Vkey, Size = c.Size, Note = c.Note, Taken = c.Taken.ToUnixTimeMilliseconds() };

    public StoredCheckpoint ToCheckpoint() => new(Vkey, Size, Note, DateTimeOffset.FromUnixTimeMilliseconds(Taken));
}
