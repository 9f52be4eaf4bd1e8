using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Roles;

namespace Fota.Signer.Ceremony;

/// <summary>
/// What a ceremony changed, for those who were not there: JSON that the keys sign which are at hand when the change is put in force, beside the statements that every key signed
/// which took part, wherever it was.
/// </summary>
internal sealed record ChangeTranscript(
    int Version,
    string Kind,
    string CeremonySha256,
    string Reason,
    string Change,
    DateTimeOffset Proposed,
    DateTimeOffset Finished,
    IReadOnlyList<string> Effects,
    IReadOnlyDictionary<string, ChangedVersion> Versions,
    IReadOnlyList<TranscriptKey> Keys,
    IReadOnlyDictionary<string, string> Files)
{
    /// <summary>What the name of the file ends with.</summary>
    public const string Ending = ".json";

    /// <summary>What the name of a signature over it ends with.</summary>
    public const string SignatureEnding = ".sig";

    private const string StatementEnding = ".txt", MetadataPrefix = "metadata/";

    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Strict) { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    public byte[] ToJson() => [.. JsonSerializer.SerializeToUtf8Bytes(this, s_options), (byte)'\n'];

    /// <summary>The transcript's name: when the change was proposed, and the beginning of its digest.</summary>
    public static string NameOf(Proposal proposal) => $"{HomeFolder.ChangeTranscript}{proposal.Request.Proposed.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}-{proposal.Digest.ToString()[..8]}";

    /// <summary>The file of a signature over the transcript by a key.</summary>
    public static string SignatureOf(string name, string label) => $"{name}{Ending}.{label}{SignatureEnding}";

    /// <summary>Writes the statements of all that took part among what is prepared, and says everything in a transcript.</summary>
    /// <param name="home">The home.</param>
    /// <param name="draft">The change, prepared.</param>
    /// <param name="plan">What was asked for.</param>
    /// <param name="prepared">What will be in force.</param>
    /// <param name="finished">The moment.</param>
    public static ChangeTranscript Of(SignerHome home, ChangeDraft draft, ChangePlan plan, PreparedChange prepared, DateTimeOffset finished)
    {
        SortedDictionary<string, string> files = new(StringComparer.Ordinal) { [HomeFolder.SettingsName] = Digest(draft.Change.After.ToJson()) };
        foreach ((string path, byte[] file) in prepared.Files)
        {
            files["repository/" + path] = Digest(file);
        }

        ChangeParties parties = new(home.Folder, draft);
        string name = NameOf(draft.Proposal);
        List<TranscriptKey> keys = [];
        foreach (KeySettings settings in parties.All)
        {
            VerificationKey key = parties.Find(settings.KeyId)!;
            CeremonyStatement statement = parties.Statement(key);
            if (statement.Read(home.Folder) is { } signature)
            {
                string text = $"{name}.{settings.Label}{StatementEnding}";
                Write(text, statement.Bytes);
                Write(text + SignatureEnding, MetadataSignature.From(key, signature).Signature.ToArray());
                keys.Add(new TranscriptKey(settings.Label, settings.Token, settings.Serial, key.Algorithm.ToString(), settings.KeyId, key.ToPem(), parties.SignedBy(key)));
            }
        }

        return new ChangeTranscript(1, CeremonyFile.ChangeKind, plan.Digest.ToString(), plan.Reason, draft.Proposal.Digest.ToString(), draft.Proposal.Request.Proposed, finished, draft.Proposal.Effects, VersionsOf(draft, prepared), keys, files);

        void Write(string file, byte[] content)
        {
            ChangeInstallation.WriteTranscript(home.Folder, file, content);
            files["transcript/" + file] = Digest(content);
        }
    }

    private static SortedDictionary<string, ChangedVersion> VersionsOf(ChangeDraft draft, PreparedChange prepared)
    {
        SortedDictionary<string, ChangedVersion> versions = new(StringComparer.Ordinal);
        foreach (string file in prepared.Files.Keys.Where(static path => path.StartsWith(MetadataPrefix, StringComparison.Ordinal)).Select(static path => path[MetadataPrefix.Length..]))
        {
            string[] parts = file.Split('.', 2);
            if (long.TryParse(parts[0], out long version))
            {
                string role = parts[1][..^Ending.Length];
                versions[role] = new ChangedVersion(Before(draft, role), version);
            }
        }

        return versions;
    }

    private static long Before(ChangeDraft draft, string role) => role switch
    {
        RolesSettings.RootName => draft.Change.State.Root,
        RolesSettings.TargetsName => draft.Change.State.Targets,
        RolesSettings.SnapshotName => draft.Change.Repository.NextVersion(role) - 1,
        _ => draft.Change.State.Delegated.GetValueOrDefault(role),
    };

    private static string Digest(byte[] content) => Sha256Digest.Of(content).ToString();

    /// <exception cref="JsonException">It is none.</exception>
    public static ChangeTranscript Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<ChangeTranscript>(json, s_options) ?? throw new JsonException("wanted an object, got null");
}

/// <summary>A role's version before a change and after it; 0 for a role that did not begin.</summary>
internal sealed record ChangedVersion(long Before, long After);

/// <summary>A key that took part: where it is, and what of the change bears its signature.</summary>
internal sealed record TranscriptKey(string Label, string Token, string Serial, string Algorithm, string KeyId, string PublicKey, IReadOnlyList<string> Signed);
