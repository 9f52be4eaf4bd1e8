using Fota.Manifest;

namespace Fota.Signer.Ceremony;

/// <summary>A ceremony's file, of either kind, as it was reviewed: people name it by the SHA-256 of its bytes.</summary>
/// <param name="Digest">SHA-256 of the file.</param>
/// <param name="Create">What it makes; null if it changes.</param>
/// <param name="Change">What it changes; null if it makes.</param>
internal sealed record CeremonyFile(Sha256Digest Digest, CeremonyPlan? Create, ChangePlan? Change)
{
    /// <summary>Makes tokens, keys, the first root and the home.</summary>
    public const string CreateKind = "create";

    /// <summary>Changes who signs for a role, how many of them, for how long.</summary>
    public const string ChangeKind = "change";

    /// <summary>Longest file in bytes: a page or two that people review.</summary>
    private const int MaxBytes = 256 * 1024;

    /// <exception cref="SignerRefusalException">It is not complete and consistent.</exception>
    public static CeremonyFile Parse(byte[] yaml)
    {
        if (yaml.Length > MaxBytes)
        {
            throw new SignerRefusalException($"plan: wanted at most {MaxBytes} bytes, got {yaml.Length}");
        }

        return PlanFields.KindOf(yaml) == CreateKind
            ? new CeremonyFile(Sha256Digest.Of(yaml), CeremonyPlan.Parse(yaml), null)
            : new CeremonyFile(Sha256Digest.Of(yaml), null, ChangePlan.Parse(yaml));
    }

    /// <exception cref="SignerRefusalException">Its file is another than the one that people reviewed.</exception>
    public void Demand(Sha256Digest? reviewed)
    {
        if (reviewed is not null && reviewed != Digest)
        {
            throw new SignerRefusalException($"ceremony: wanted the file {reviewed} (the one that was reviewed), got {Digest}");
        }
    }
}
