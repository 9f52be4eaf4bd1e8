using System.Text.Json;

namespace Fota.Signer.Repository;

/// <summary>
/// state.json: which metadata versions are current. It is written last and by one rename, so a publication has happened entirely or not at all;
/// files that it does not name are as good as absent. Snapshot and timestamp are not in it: timestamp.json is their pointer.
/// </summary>
internal sealed record RepositoryState(long Root, long Targets, IReadOnlyDictionary<string, long> Products)
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
    };

    public static RepositoryState Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<RepositoryState>(json, s_options) ?? throw new JsonException("state.json: wanted an object, got null");

    public byte[] ToJson() => [.. JsonSerializer.SerializeToUtf8Bytes(this, s_options), (byte)'\n'];

    /// <summary>The state in which a product's role has another version.</summary>
    public RepositoryState With(string product, long version) => this with { Products = new SortedDictionary<string, long>(Products.ToDictionary(), StringComparer.Ordinal) { [product] = version } };
}
