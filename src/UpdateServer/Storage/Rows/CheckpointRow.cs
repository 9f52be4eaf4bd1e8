namespace Fota.UpdateServer.Storage.Rows;

/// <summary>A row of the table audit_checkpoints.</summary>
internal sealed class CheckpointRow
{
    public required string Vkey { get; init; }

    public required long Size { get; init; }

    public required byte[] Note { get; init; }

    public required long Taken { get; init; }

    public static CheckpointRow From(StoredCheckpoint c) => new() { Vkey = c.Vkey, Size = c.Size, Note = c.Note, Taken = c.Taken.ToUnixTimeMilliseconds() };

    public StoredCheckpoint ToCheckpoint() => new(Vkey, Size, Note, DateTimeOffset.FromUnixTimeMilliseconds(Taken));
}
