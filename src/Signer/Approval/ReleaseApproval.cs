using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Log;
using Fota.Signer.Repository;

namespace Fota.Signer.Approval;

/// <summary>The approver's part: everything is checked again, then the approver's own key signs the envelope and the product's next role.</summary>
internal static class ReleaseApproval
{
    /// <param name="workshop">The home, opened with the approver's key.</param>
    /// <param name="version">The release.</param>
    /// <param name="manifestDigest">What the approver was shown and means to approve. Another draft than that is refused (A45).</param>
    /// <param name="gateOverride">The gates that the approver means the release to pass although they are closed: an emergency is not approved in passing.</param>
    public static ExaminedDraft Approve(ReleaseWorkshop workshop, ReleaseVersion version, Sha256Digest manifestDigest, GateOverride gateOverride)
    {
        ReleaseDraft draft = ReleaseDraft.Require(workshop.Home.Folder, workshop.Role.Product, version);
        SignedEnvelope envelope = draft.ReadEnvelope();
        VerificationKey author = workshop.AuthorOf(envelope);
        workshop.DemandOtherPerson(author);
        ExaminedDraft examined = ExaminedDraft.Examine(draft, workshop.Settings, version, new RoleKeys([author], 1));
        if (examined.Manifest.Digest != manifestDigest)
        {
            throw new SignerRefusalException($"draft: manifest digest: wanted {manifestDigest} (the one to be approved), got {examined.Manifest.Digest}");
        }

        if (!examined.Manifest.Content.GateOverride.Equals(gateOverride))
        {
            throw new SignerRefusalException($"draft: overridden gates: wanted {gateOverride} (those to be approved), got {examined.Manifest.Content.GateOverride}");
        }

        // What was examined is what is signed: the file is not read again.
        VerificationKey approver = workshop.Key.Key.PublicKey;
        SignedEnvelope examinedEnvelope = examined.Manifest.Envelope;
        SignedEnvelope approved = examinedEnvelope.IsSignedBy(approver) ? examinedEnvelope : workshop.Sign(examinedEnvelope, version);
        List<(string Role, byte[] File)> roles = [];
        foreach (RoleDocument role in workshop.Role.With(version, ExaminedDraft.TargetOf(approved.Bytes.Span), workshop.Now.AddDays(workshop.Settings.ExpiresDays)))
        {
            byte[] bytes = role.Content.ToSignedBytes();
            roles.Add((role.Role, SignedMetadata.Assemble(bytes, [workshop.SignRole(role, bytes)])));
        }

        workshop.Enter(LogKinds.ReleaseApproved, examined.Manifest.Content, examined.Manifest.Digest);
        draft.WriteEnvelope(approved);
        roles.ForEach(role => draft.WriteRole(role.Role, role.File));
        return examined;
    }

    /// <summary>What was signed of a draft, to be sent to where the author is.</summary>
    public static ApprovalDocument Export(HomeFolder home, ProductName product, ReleaseVersion version)
    {
        ReleaseDraft draft = ReleaseDraft.Require(home, product, version);
        return new ApprovalDocument(draft.ReadEnvelope().Bytes.ToArray(), draft.ReadRoles());
    }
}
