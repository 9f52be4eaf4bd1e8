using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Repository;

namespace Fota.Signer.Ceremony;

/// <summary>A ceremony that is in force in a home, as its transcript says and a key that signed timestamps here vouches for.</summary>
/// <param name="File">The transcript's file.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Transcript">What it says.</param>
internal sealed record HeldCeremony(string File, byte[] Bytes, ChangeTranscript Transcript)
{
    private const int MaxBytes = 16 * 1024 * 1024;

    /// <summary>For people.</summary>
    public string Summary => $"on {Transcript.Finished.UtcDateTime:yyyy-MM-dd HH:mm}Z, change {Transcript.Change}; nothing is left to do";

    /// <summary>The one of this file; null if it was not held here.</summary>
    /// <exception cref="SignerRefusalException">A transcript names it that no timestamp key of this home signed, or of a change that is not in force: somebody else put it there.</exception>
    public static HeldCeremony? Find(HomeFolder folder, Sha256Digest ceremony)
    {
        IEnumerable<string> files = Directory.Exists(folder.Transcript) ? Directory.EnumerateFiles(folder.Transcript, HomeFolder.ChangeTranscript + "*" + ChangeTranscript.Ending) : [];
        foreach (string file in files.Order(StringComparer.Ordinal))
        {
            byte[] bytes = ForeignFile.Read(file, MaxBytes);
            if (Names(bytes, ceremony))
            {
                return new HeldCeremony(file, bytes, Demand(folder, file, bytes));
            }
        }

        return null;
    }

    private static bool Names(byte[] bytes, Sha256Digest ceremony)
    {
        try
        {
            using JsonDocument transcript = JsonDocument.Parse(bytes);
            return transcript.RootElement.GetProperty("ceremonySha256").ValueEquals(ceremony.ToString());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // What is no transcript tells of no ceremony.
            return false;
        }
    }

    private static ChangeTranscript Demand(HomeFolder folder, string file, byte[] bytes)
    {
        RepositoryFolder repository = new(folder.Repository);
        RepositoryState state = repository.ReadState();
        IEnumerable<string> signatures = Directory.EnumerateFiles(folder.Transcript, Path.GetFileName(file) + ".*" + ChangeTranscript.SignatureEnding);
        if (!signatures.Any(signature => IsBy(TimestampKeys(repository, state), ForeignFile.Read(signature, DecodeLimits.TimestampBytes), bytes)))
        {
            throw Foreign(file, "no signature of a key that signed timestamps here");
        }

        ChangeTranscript transcript = ChangeTranscript.Parse(bytes);
        (string Role, long InForce)[] roles = [(RolesSettings.RootName, state.Root), (RolesSettings.TargetsName, state.Targets), .. state.Delegated.Select(static role => (role.Key, role.Value))];
        return Array.Find(roles, role => transcript.Versions.TryGetValue(role.Role, out ChangedVersion? said) && said.After > role.InForce) is { Role: { } behind } role
            ? throw Foreign(file, $"{behind} {transcript.Versions[behind].After} where {role.InForce} is in force")
            : transcript;
    }

    private static IEnumerable<VerificationKey> TimestampKeys(RepositoryFolder repository, RepositoryState state) =>
        RepositoryHistory.Roots(repository, state).SelectMany(static root => root.Timestamp.Keys).Distinct();

    private static bool IsBy(IEnumerable<VerificationKey> keys, byte[] signature, byte[] bytes) => keys.Any(key => new MetadataSignature(MetadataKeyId.Of(key), signature).IsBy(key, bytes));

    private static SignerRefusalException Foreign(string file, string got) =>
        new($"{file}: wanted the transcript of a ceremony that this home put in force, got one with {got}: somebody else put it there, look into it, then take it away");
}
