using System.Text.Json;
using System.Text.Json.Serialization;
using Fota.Manifest;
using Fota.Signer.Home;

namespace Fota.Signer.Roles;

/// <summary>What somebody wants changed about a role. Together with the repository it says everything that is to be signed, to the byte.</summary>
/// <param name="Roles">One role; snapshot and timestamp may be changed as one.</param>
/// <param name="AddKeys">Labels of keys that will sign for it.</param>
/// <param name="RemoveKeys">Labels of keys that no longer will.</param>
/// <param name="Threshold">How many keys will have to sign; null as before.</param>
/// <param name="ExpiresDays">How long what they sign will be good for; null as before.</param>
/// <param name="HashBins">Into how many bins the product's releases go; null as before.</param>
/// <param name="Renew">Whether the role is signed again although nothing else changes.</param>
/// <param name="Proposed">When: lives are counted from here.</param>
/// <param name="AtLeast">The number of the next snapshot, unless a higher one is due; null, and not written, for the next number.</param>
/// <param name="Ceremony">SHA-256 of the ceremony's file that asks for it; null, and not written, where none does.</param>
internal sealed record ChangeRequest(
    IReadOnlyList<string> Roles,
    IReadOnlyList<string> AddKeys,
    IReadOnlyList<string> RemoveKeys,
    int? Threshold,
    int? ExpiresDays,
    int? HashBins,
    bool Renew,
    DateTimeOffset Proposed,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? AtLeast = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Ceremony = null)
{
    public bool Concerns(string role) => Roles.Contains(role, StringComparer.Ordinal);

    /// <summary>Whether the role is to be signed anew, whoever its keys are.</summary>
    [JsonIgnore]
    public bool AsksForNewLife => Renew || ExpiresDays is not null;

    /// <summary>Lives are counted from the proposal: one that is dated ahead is neither signed nor put in force.</summary>
    /// <exception cref="SignerRefusalException">It was proposed later than now.</exception>
    public void DemandPast(DateTimeOffset now)
    {
        if (Proposed > now)
        {
            throw new SignerRefusalException($"change: wanted one that was proposed by now ({now:u}), got one of {Proposed:u}");
        }
    }
}

/// <summary>proposal.json: the request, and what follows from it, for people. Its digest is what the signers tell one another.</summary>
internal sealed record Proposal(ChangeRequest Request, IReadOnlyList<string> Effects)
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
    };

    /// <summary>Stable: the same proposal has the same bytes.</summary>
    [JsonIgnore]
    public Sha256Digest Digest => Sha256Digest.Of(ToJson());

    public static Proposal Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<Proposal>(json, s_options) ?? throw new JsonException("proposal.json: wanted an object, got null");

    /// <summary>The proposal of the change that is on its way; null if there is none.</summary>
    /// <exception cref="SignerRefusalException">There is one, and it cannot be read.</exception>
    public static Proposal? Find(HomeFolder folder)
    {
        try
        {
            return Directory.Exists(folder.Change) ? Parse(File.ReadAllBytes(folder.Proposal)) : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new SignerRefusalException($"{folder.Proposal}: wanted the proposal of the change that is on its way, got what cannot be read ({e.Message.ReplaceLineEndings(" ")}): `fota-signer role discard` drops it", e);
        }
    }

    /// <summary>What people are told of a change of which this is the folder: its digest, or that there is none to tell.</summary>
    public static string NameIn(string folder)
    {
        try
        {
            return $"{Parse(File.ReadAllBytes(Path.Combine(folder, HomeFolder.ProposalName))).Digest}";
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return "whose proposal cannot be read";
        }
    }

    public byte[] ToJson() => [.. JsonSerializer.SerializeToUtf8Bytes(this, s_options), (byte)'\n'];
}
