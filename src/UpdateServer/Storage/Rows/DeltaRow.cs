using Fota.Manifest;
using Fota.UpdateServer.Deltas;

namespace Fota.UpdateServer.Storage.Rows;

/// <summary>A row of the table delta_packs.</summary>
internal sealed class DeltaRow
{
    public required string BaseImage { get; init; }

    public required string Image { get; init; }

    public required string State { get; init; }

    public string? Pack { get; init; }

    public long? Size { get; init; }

    public required long Failures { get; init; }

    public string? Detail { get; init; }

    public required long At { get; init; }

    public required long Maker { get; init; }

    public required long Wanted { get; init; }

    public static DeltaRow From(DeltaRecord r) => new()
    {
        BaseImage = r.Key.Base.ToString(),
        Image = r.Key.Image.ToString(),
        State = r.State.ToString(),
        Pack = r.Pack?.ToString(),
        Size = r.Size,
        Failures = r.Failures,
        Detail = r.Detail,
        At = r.At.ToUnixTimeMilliseconds(),
        Maker = r.Maker,
        Wanted = r.Wanted.ToUnixTimeMilliseconds(),
    };

    public DeltaRecord ToRecord() => new(
        new DeltaKey(Sha256Digest.Parse(BaseImage), Sha256Digest.Parse(Image)),
        Enum.Parse<DeltaState>(State),
        Pack is null ? null : Sha256Digest.Parse(Pack),
        Size,
        (int)Failures,
        Detail,
        DateTimeOffset.FromUnixTimeMilliseconds(At))
    {
        Maker = (int)Maker,
        Wanted = DateTimeOffset.FromUnixTimeMilliseconds(Wanted),
    };
}
