using Fota.Manifest;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.Signer.Journal;
using Fota.Signer.Log;
using Fota.Signer.Repository;

namespace Fota.Signer.Approval;

/// <summary>
/// Takes a published release out of its product's role, by the same two people as brought it in: the approver signs the role without it, the author's key
/// completes it. The files stay; nothing that a device trusts names them any more (P5).
/// </summary>
internal static class ReleaseWithdrawal
{
    /// <summary>The published release, found to be the one that is meant.</summary>
    public static VerifiedManifest Demand(ReleaseWorkshop workshop, ReleaseVersion version, Sha256Digest manifestDigest)
    {
        VerifiedManifest published = workshop.Role.Release(version);
        return published.Digest == manifestDigest
            ? published
            : throw new SignerRefusalException($"{workshop.Role.Product} {version}: manifest digest: wanted {manifestDigest} (the one to be withdrawn), got {published.Digest}");
    }

    /// <summary>The approver's part: signs the role without the release.</summary>
    /// <param name="workshop">The home, opened with the approver's key.</param>
    /// <param name="version">The release.</param>
    /// <param name="manifestDigest">What the approver means to withdraw.</param>
    /// <returns>The signed files, by role.</returns>
    public static IReadOnlyDictionary<string, byte[]> Approve(ReleaseWorkshop workshop, ReleaseVersion version, Sha256Digest manifestDigest)
    {
        VerifiedManifest published = Demand(workshop, version, manifestDigest);
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        foreach (RoleDocument role in workshop.Role.Without(version, workshop.Now.AddDays(workshop.Settings.ExpiresDays)))
        {
            byte[] bytes = role.Content.ToSignedBytes();
            files[role.Role] = SignedMetadata.Assemble(bytes, [workshop.SignRole(role, bytes)]);
        }

        workshop.Enter(LogKinds.ReleaseApproved, published.Content, published.Digest, ("withdrawal", "yes"));
        return files;
    }

    /// <summary>Keeps what an approver signed, once it is found to be what will be completed.</summary>
    /// <param name="workshop">The home, opened with the author's key.</param>
    /// <param name="version">The release.</param>
    /// <param name="manifestDigest">What is withdrawn (A45).</param>
    /// <param name="allowed">Labels of the keys that whoever sent it approves with.</param>
    /// <param name="approval">What was sent.</param>
    public static void Accept(ReleaseWorkshop workshop, ReleaseVersion version, Sha256Digest manifestDigest, IReadOnlyCollection<string> allowed, ApprovalDocument approval)
    {
        _ = Demand(workshop, version, manifestDigest);
        if (approval.Envelope is not null)
        {
            throw new SignerRefusalException("approval: wanted roles alone for a withdrawal, got an envelope too");
        }

        ApprovedRoles approved = Read(workshop, version, approval.Roles.GetValueOrDefault);
        _ = ApprovalIntake.ApproverOf(workshop, allowed, approved.IsSignedBy, SigningPurpose.ProductRole);
        foreach (string role in approval.Roles.Keys)
        {
            approved.DemandNamed(role);
        }

        ReleaseDraft kept = Of(workshop, version);
        kept.Delete();
        foreach ((string role, byte[] file) in approval.Roles)
        {
            kept.WriteRole(role, file);
        }
    }

    /// <summary>Completes and installs the role without the release; one rename makes it so.</summary>
    public static RoleDocument Complete(ReleaseWorkshop workshop, ReleaseVersion version, Sha256Digest manifestDigest)
    {
        VerifiedManifest published = Demand(workshop, version, manifestDigest);
        ReleaseDraft kept = Of(workshop, version);
        ApprovedRoles approved = Read(workshop, version, kept.ReadRole);
        RepositoryState state = workshop.State;
        foreach ((RoleDocument role, byte[] file) in approved.Complete())
        {
            workshop.Repository.Write(RepositoryFolder.Metadata(role.Role, role.Content.Version), file);
            state = state.With(role.Role, role.Content.Version);
        }

        workshop.Enter(LogKinds.ReleaseWithdrawn, published.Content, published.Digest, ("role", approved.Last.Role), ("role_version", approved.Last.Content.Version));
        workshop.Repository.WriteState(state);
        kept.Delete();
        return approved.Last;
    }

    private static ReleaseDraft Of(ReleaseWorkshop workshop, ReleaseVersion version) => new(workshop.Home.Folder.WithdrawalOf(workshop.Role.Product, version));

    private static ApprovedRoles Read(ReleaseWorkshop workshop, ReleaseVersion version, Func<string, byte[]?> roles) =>
        ApprovedRoles.Read(workshop, $"the withdrawal of {workshop.Role.Product} {version}", roles, expires => workshop.Role.Without(version, expires));
}
