using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Signer.Home;
using Fota.Signer.Roles;
using static Fota.Signer.Ceremony.PlanFields;

namespace Fota.Signer.Ceremony;

/// <summary>A change of roles as one reviewed file says it. It is a <see cref="ChangeRequest"/> with a reason, and nothing more: what follows from it is computed as for any other.</summary>
internal sealed class ChangePlan
{
    /// <summary>Longest reason, in characters.</summary>
    private const int MaxReason = 1000;

    private ChangePlan(Sha256Digest digest, ChangeDocument document)
    {
        Digest = digest;
        Reason = Text("reason", document.Reason).Trim();
        if (Reason.Length > MaxReason)
        {
            throw new SignerRefusalException($"plan: reason: wanted at most {MaxReason} characters, got {Reason.Length}");
        }

        Roles = Distinct("roles", [.. Items("roles", document.Roles).Select(static role => Name("roles", role, SignerNames.MaxRoleName))]);
        Added = [.. (document.AddKeys ?? []).Select(static key => new AddedKey(
            Name("addKeys.label", key?.Label),
            Sha256Digest.TryParse(key!.KeyId, out Sha256Digest? id) ? id : throw new SignerRefusalException($"plan: addKeys.keyId: wanted 64 lower-case hexadecimal digits, as `key make` says them, got \"{key.KeyId}\"")))];
        AddKeys = Distinct("addKeys", [.. Added.Select(static key => key.Label)]);
        RemoveKeys = Distinct("removeKeys", [.. (document.RemoveKeys ?? []).Select(static label => Name("removeKeys", label))]);
        Threshold = document.Threshold is null ? null : InRange("threshold", document.Threshold, 1, int.MaxValue);
        ExpiresDays = document.ExpiresDays is null ? null : InRange("expiresDays", document.ExpiresDays, 1, CeremonyPlan.MaxDays);
        HashBins = document.HashBins is { } bins ? Repository.HashBins.Demand("plan: hashBins", bins) : null;
        Renew = document.Renew ?? false;
        AtLeast = document.AtLeast is null or >= 1 ? document.AtLeast : throw new SignerRefusalException($"plan: atLeast: wanted at least 1, got {document.AtLeast}");
        if (this is { AddKeys.Count: 0, RemoveKeys.Count: 0, Threshold: null, ExpiresDays: null, HashBins: null, AtLeast: null, Renew: false })
        {
            throw new SignerRefusalException("plan: wanted at least one of addKeys, removeKeys, threshold, expiresDays, hashBins, atLeast, renew, got none");
        }
    }

    /// <summary>SHA-256 of the file.</summary>
    public Sha256Digest Digest { get; }

    /// <summary>Why, for the transcript.</summary>
    public string Reason { get; }

    /// <summary>One role, or snapshot and timestamp.</summary>
    public IReadOnlyList<string> Roles { get; }

    /// <summary>The keys that will sign for the role: not only what they are called, which is said in no signed file, but which they are.</summary>
    public IReadOnlyList<AddedKey> Added { get; }

    /// <summary>Their labels.</summary>
    public IReadOnlyList<string> AddKeys { get; }

    public IReadOnlyList<string> RemoveKeys { get; }

    public int? Threshold { get; }

    public int? ExpiresDays { get; }

    public int? HashBins { get; }

    public bool Renew { get; }

    public long? AtLeast { get; }

    /// <exception cref="SignerRefusalException">It is not complete and consistent.</exception>
    public static ChangePlan Parse(byte[] yaml) => new(Sha256Digest.Of(yaml), PlanFields.Read<ChangeDocument>(yaml));

    /// <summary>What is asked for when the ceremony begins at this moment.</summary>
    public ChangeRequest ToRequest(DateTimeOffset proposed) => new(Roles, AddKeys, RemoveKeys, Threshold, ExpiresDays, HashBins, Renew, proposed, AtLeast, Digest.ToString());

    /// <summary>Whether a change that is on its way is this ceremony's: by the file's digest, and by every field of it.</summary>
    /// <exception cref="SignerRefusalException">It is not.</exception>
    public void DemandOwn(Proposal proposal)
    {
        Proposal own = proposal with { Request = ToRequest(proposal.Request.Proposed) };
        if (own.Digest != proposal.Digest)
        {
            throw new SignerRefusalException(
                $"ceremony: wanted the change of file {Digest}, got change {proposal.Digest} of {proposal.Request.Ceremony ?? "no ceremony"} on its way: finish it, or drop it with `fota-signer role discard`");
        }
    }

    /// <summary>Whether the keys that a change adds are those that the file names.</summary>
    /// <exception cref="SignerRefusalException">One of them is another.</exception>
    public void DemandKeys(RoleChange change)
    {
        foreach ((string label, VerificationKey key) in change.NewKeys)
        {
            Sha256Digest wanted = Added.Single(added => string.Equals(added.Label, label, StringComparison.Ordinal)).KeyId;
            if (key.Id.Thumbprint != wanted)
            {
                throw new SignerRefusalException($"ceremony: key '{label}': wanted key id {wanted}, as the reviewed file says, got {key.Id}");
            }
        }
    }

    private static List<string> Distinct(string field, List<string> names)
    {
        DemandDistinct(field, names);
        return names;
    }
}

/// <summary>A key that a ceremony adds to a role.</summary>
/// <param name="Label">What it is called in the home.</param>
/// <param name="KeyId">Which it is: SHA-256 of its SubjectPublicKeyInfo.</param>
internal sealed record AddedKey(string Label, Sha256Digest KeyId);

/// <summary>The file of a change as it is written; what is absent is null until <see cref="ChangePlan"/> has checked it.</summary>
internal sealed class ChangeDocument
{
    public int? Version { get; set; }

    public string? Kind { get; set; }

    public string? Reason { get; set; }

    public List<string>? Roles { get; set; }

    public List<AddedKeyDocument?>? AddKeys { get; set; }

    public List<string>? RemoveKeys { get; set; }

    public int? Threshold { get; set; }

    public int? ExpiresDays { get; set; }

    public int? HashBins { get; set; }

    public bool? Renew { get; set; }

    public long? AtLeast { get; set; }
}

/// <summary>A key that is added, as it is written.</summary>
internal sealed class AddedKeyDocument
{
    public string? Label { get; set; }

    public string? KeyId { get; set; }
}
