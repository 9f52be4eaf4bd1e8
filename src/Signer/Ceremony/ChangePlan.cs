using Fota.Manifest;
using Fota.Signer.Roles;
using static Fota.Signer.Ceremony.PlanFields;

namespace Fota.Signer.Ceremony;

/// <summary>A change of roles as one reviewed file says it. It is a <see cref="ChangeRequest"/> with a reason, and nothing more: what follows from it is computed as for any other.</summary>
internal sealed class ChangePlan
{
    /// <summary>Longest reason, in characters.</summary>
    private const int MaxReason = 1000;

    /// <summary>Longest name of a product, which is a role's.</summary>
    private const int MaxRoleName = 64;

    private ChangePlan(Sha256Digest digest, ChangeDocument document)
    {
        Digest = digest;
        Reason = Text("reason", document.Reason).Trim();
        if (Reason.Length > MaxReason)
        {
            throw new SignerRefusalException($"plan: reason: wanted at most {MaxReason} characters, got {Reason.Length}");
        }

        Roles = Distinct("roles", [.. Items("roles", document.Roles).Select(static role => Name("roles", role, MaxRoleName))]);
        AddKeys = Distinct("addKeys", [.. (document.AddKeys ?? []).Select(static label => Name("addKeys", label))]);
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

    private static List<string> Distinct(string field, List<string> names)
    {
        DemandDistinct(field, names);
        return names;
    }
}

/// <summary>The file of a change as it is written; what is absent is null until <see cref="ChangePlan"/> has checked it.</summary>
internal sealed class ChangeDocument
{
    public int? Version { get; set; }

    public string? Kind { get; set; }

    public string? Reason { get; set; }

    public List<string>? Roles { get; set; }

    public List<string>? AddKeys { get; set; }

    public List<string>? RemoveKeys { get; set; }

    public int? Threshold { get; set; }

    public int? ExpiresDays { get; set; }

    public int? HashBins { get; set; }

    public bool? Renew { get; set; }

    public long? AtLeast { get; set; }
}
