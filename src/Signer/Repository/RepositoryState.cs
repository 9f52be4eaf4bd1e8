using System.Text.Json;
using Fota.Signer.Home;

namespace Fota.Signer.Repository;

/// <summary>
/// state.json: which metadata versions are current. It is written last and by one rename, so a publication has happened entirely or not at all;
/// files that it does not name are as good as absent. Delegated are the roles of products and their hash bins; one that was ever listed stays, as clients
/// refuse a snapshot without it (A10). Snapshot and timestamp are not in it: timestamp.json is their pointer.
/// </summary>
internal sealed record RepositoryState(long Root, long Targets, IReadOnlyDictionary<string, long> Delegated)
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
    };

    public static RepositoryState Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<RepositoryState>(json, s_options) ?? throw new JsonException("state.json: wanted an object, got null");

    public byte[] ToJson() => [.. JsonSerializer.SerializeToUtf8Bytes(this, s_options), (byte)'\n'];

    /// <summary>The state in which a role has another version.</summary>
    public RepositoryState With(string role, long version) => role switch
    {
        RolesSettings.RootName => this with { Root = version },
        RolesSettings.TargetsName => this with { Targets = version },
        _ => this with { Delegated = new SortedDictionary<string, long>(Delegated.ToDictionary(), StringComparer.Ordinal) { [role] = version } },
    };
}
