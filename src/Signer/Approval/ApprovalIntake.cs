using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Keys.Policies;

namespace Fota.Signer.Approval;

/// <summary>
/// Takes an approval that was made on the approver's own machine. It is the approver's own signatures (P6): they are checked here against the draft as it lies here,
/// and again when the release is published, and again by every device.
/// </summary>
internal static class ApprovalIntake
{
    /// <summary>The key that signed the approval, which is not the author's, nor on the author's token.</summary>
    /// <param name="workshop">The home, opened with the author's key.</param>
    /// <param name="allowed">Labels of the keys that whoever sent it approves with.</param>
    /// <param name="isSignedBy">Whether a key signed what was sent.</param>
    /// <param name="purposes">What the signatures are for: the key's policy in this home holds for what it signed elsewhere too.</param>
    /// <exception cref="KeyPolicyException">The policy of the approver's key does not allow it.</exception>
    public static VerificationKey ApproverOf(ReleaseWorkshop workshop, IReadOnlyCollection<string> allowed, Func<VerificationKey, bool> isSignedBy, params ReadOnlySpan<SigningPurpose> purposes)
    {
        VerificationKey author = workshop.Key.Key.PublicKey;
        foreach (VerificationKey key in workshop.Role.Keys.Keys)
        {
            KeySettings? known = workshop.Home.Settings.Keys.FirstOrDefault(settings => string.Equals(settings.KeyId, key.Id.ToString(), StringComparison.Ordinal));
            if (known is not null && allowed.Contains(known.Label, StringComparer.Ordinal) && isSignedBy(key))
            {
                foreach (SigningPurpose purpose in purposes)
                {
                    workshop.Home.Policies.DemandWritten(known.Label, key, purpose);
                }

                return key.Equals(author) ? throw Author(known, "the author's of this release")
                    : string.Equals(known.Serial, workshop.Key.Token.Serial, StringComparison.Ordinal) ? throw Author(known, "on the token of this release's author")
                    : key;
            }
        }

        throw new SignerRefusalException($"approval: wanted a signature by one of this approver's keys ({(allowed.Count == 0 ? "there are none" : string.Join(", ", allowed))}) that is a key of product {workshop.Role.Product}, got none");
    }

    private static SignerRefusalException Author(KeySettings key, string what) => new($"approval: key '{key.Label}' is {what}, and the author never approves");

    /// <summary>Adds the approval of a draft to it.</summary>
    /// <param name="workshop">The home, opened with the author's key.</param>
    /// <param name="version">The release.</param>
    /// <param name="manifestDigest">What there is to approve (A45).</param>
    /// <param name="allowed">Labels of the keys that whoever sent it approves with.</param>
    /// <param name="approval">What was sent.</param>
    public static void AcceptRelease(ReleaseWorkshop workshop, ReleaseVersion version, Sha256Digest manifestDigest, IReadOnlyCollection<string> allowed, ApprovalDocument approval)
    {
        ReleaseDraft draft = ReleaseDraft.Require(workshop.Home.Folder, workshop.Role.Product, version);
        SignedEnvelope own = draft.ReadEnvelope();
        SignedEnvelope sent = SignedEnvelope.Decode(approval.Envelope ?? throw new SignerRefusalException("approval: wanted the signed envelope, got none")).OrThrow();
        if (own.ClaimedDigest != manifestDigest || sent.ClaimedDigest != manifestDigest)
        {
            throw new SignerRefusalException($"approval: manifest digest: wanted {manifestDigest}, got {sent.ClaimedDigest} (and {own.ClaimedDigest} in the draft)");
        }

        VerificationKey approver = ApproverOf(workshop, allowed, sent.IsSignedBy, SigningPurpose.SuitManifest, SigningPurpose.ProductRole);
        SignedEnvelope approved = own.WithSignaturesFrom(sent, [approver]);
        _ = VerifiedManifest.Verify(approved, ReleaseAnchors.Classical(workshop.Role.Keys)).OrThrow();
        TargetFile target = ExaminedDraft.TargetOf(approved.Bytes.Span);
        ApprovedRoles roles = ApprovedRoles.Read(workshop, $"{workshop.Role.Product} {version}", approval.Roles.GetValueOrDefault, expires => workshop.Role.With(version, target, expires));
        roles.DemandSigned(approver);
        foreach (string role in approval.Roles.Keys)
        {
            roles.DemandNamed(role);
        }

        foreach ((string role, byte[] file) in approval.Roles)
        {
            draft.WriteRole(role, file);
        }

        // The envelope last: the roles beside an envelope of one signature list another file, and publish nothing.
        draft.WriteEnvelope(approved);
    }
}
