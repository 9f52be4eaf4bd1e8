using Fota.Interop.Cryptoki;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;
using Fota.Signer.Home;

namespace Fota.Signer.Log;

/// <summary>Who signs the log, and what it is called. Another key means another name: to those who pinned it, a name is one key for ever.</summary>
/// <param name="Key">The label of its key, on the online token.</param>
/// <param name="Origin">The first line of its checkpoints, for example "signer.pumps.example/log".</param>
internal sealed record LogSettings(string Key, string Origin)
{
    /// <summary>What verifies its checkpoints.</summary>
    public NoteKey Verifier(HomeFolder folder, SignerSettings settings) => NoteKey.Of(Origin, folder.PublicKey(settings.Key(Key)));

    /// <summary>A name for a log: what the name of a note's key may be.</summary>
    public static string DemandOrigin(string field, string? origin) => NoteKey.IsName(origin)
        ? origin!
        : throw new SignerRefusalException($"{field}: wanted a name without spaces and '+', such as signer.example/log, got \"{origin}\"");

    /// <summary>Refuses a key that cannot sign a log, or speaks for a role as well: what it signs must be taken for nothing else.</summary>
    public static void Demand(string source, string label, SignatureAlgorithm algorithm, string token, string onlineToken, IEnumerable<string> roleKeys)
    {
        if (algorithm != SignatureAlgorithm.Ed25519)
        {
            throw new SignerRefusalException($"{source}: wanted an ed25519 key, got {label}");
        }

        if (!string.Equals(token, onlineToken, StringComparison.Ordinal))
        {
            throw new SignerRefusalException($"{source}: wanted a key on token {onlineToken}, the online one, got {label} on {token}");
        }

        if (roleKeys.Contains(label, StringComparer.Ordinal))
        {
            throw new SignerRefusalException($"{source}: wanted a key that signs nothing else, got {label}");
        }
    }

    /// <summary>The algorithm that a planned key will sign with.</summary>
    public static SignatureAlgorithm Of(KeyAlgorithm algorithm) => algorithm == KeyAlgorithm.Ed25519 ? SignatureAlgorithm.Ed25519 : SignatureAlgorithm.Esp256;
}
