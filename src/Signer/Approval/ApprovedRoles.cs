using Fota.Manifest.Encoding;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Signer.Repository;

namespace Fota.Signer.Approval;

/// <summary>
/// The product's next roles as an approver signed them, found to be the current ones with the one change that was approved, byte for byte (A45). The author's key
/// completes them; nothing else does.
/// </summary>
internal sealed class ApprovedRoles
{
    private readonly ReleaseWorkshop _workshop;
    private readonly string _subject;
    private readonly List<(RoleDocument Document, SignedMetadata Approved)> _roles;

    private ApprovedRoles(ReleaseWorkshop workshop, string subject, List<(RoleDocument Document, SignedMetadata Approved)> roles)
    {
        _workshop = workshop;
        _subject = subject;
        _roles = roles;
    }

    /// <summary>Reads what was approved.</summary>
    /// <param name="workshop">The home, opened with the author's key.</param>
    /// <param name="subject">For messages, for example "infusion-pump 1.2.0".</param>
    /// <param name="approved">The file that an approver signed for a role; null if there is none.</param>
    /// <param name="next">What has to be signed, when it is good until then.</param>
    public static ApprovedRoles Read(ReleaseWorkshop workshop, string subject, Func<string, byte[]?> approved, Func<DateTimeOffset, IReadOnlyList<RoleDocument>> next)
    {
        List<(RoleDocument, SignedMetadata)> roles = [];
        foreach (string role in next(workshop.Now).Select(static document => document.Role))
        {
            byte[] file = approved(role) ?? throw new OutdatedApprovalException($"the hash bins of {workshop.Role.Product} changed since the approval: approve again");
            SignedMetadata signed = SignedMetadata.Decode(file, DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow();
            if (!workshop.Role.Keys.Signers(signed).Any(key => !key.Equals(workshop.Key.Key.PublicKey)))
            {
                throw new SignerRefusalException($"the approved role of {subject} bears no valid signature of another key of the product: approve again");
            }

            roles.Add((DemandExactly(workshop, subject, role, signed, next), signed));
        }

        return new ApprovedRoles(workshop, subject, roles);
    }

    /// <summary>The last role, which is the one that lists the release.</summary>
    public RoleDocument Last => _roles[^1].Document;

    /// <summary>Whether this key signed every one of them.</summary>
    public bool IsSignedBy(VerificationKey key) => _roles.TrueForAll(role => new RoleKeys([key], 1).Check(role.Approved, role.Document.Role) is null);

    /// <summary>Refuses roles of which one was not signed by this approver.</summary>
    public void DemandSigned(VerificationKey approver)
    {
        RoleKeys one = new([approver], 1);
        foreach ((RoleDocument document, SignedMetadata approved) in _roles)
        {
            RepositoryTrust.Demand(one, approved, $"{document.Role} (by the approver of {_subject})");
        }
    }

    /// <summary>Refuses a file of a role that has not to be signed.</summary>
    public void DemandNamed(string role)
    {
        if (!_roles.Exists(known => string.Equals(known.Document.Role, role, StringComparison.Ordinal)))
        {
            throw new SignerRefusalException($"approval of {_subject}: wanted {string.Join(" and ", _roles.Select(static known => known.Document.Role))}, got role {role}");
        }
    }

    /// <summary>Adds the author's signature to each.</summary>
    public IReadOnlyList<(RoleDocument Role, byte[] File)> Complete() => [.. _roles.Select(role => (role.Document, Complete(role.Document, role.Approved)))];

    private static RoleDocument DemandExactly(ReleaseWorkshop workshop, string subject, string role, SignedMetadata approved, Func<DateTimeOffset, IReadOnlyList<RoleDocument>> next)
    {
        TargetsMetadata content = approved.UnverifiedTargets().OrThrow();
        if (content.Version != workshop.Role.NextVersion(role))
        {
            throw new OutdatedApprovalException($"role moved from {content.Version - 1} to {workshop.Role.NextVersion(role) - 1} since the approval: approve again");
        }

        if (content.Expires <= workshop.Now || content.Expires > workshop.Now.AddDays(workshop.Settings.ExpiresDays))
        {
            throw new OutdatedApprovalException($"approved role: wanted an expiry within {workshop.Settings.ExpiresDays} days from now, got {content.Expires:u}: approve again");
        }

        RoleDocument wanted = next(content.Expires).First(document => string.Equals(document.Role, role, StringComparison.Ordinal));
        return approved.SignedBytes.Span.SequenceEqual(wanted.Content.ToSignedBytes())
            ? wanted
            : throw new SignerRefusalException($"approved role: wanted the current role and {subject} as it was approved, got another: approve again");
    }

    private byte[] Complete(RoleDocument role, SignedMetadata approved)
    {
        MetadataSignature own = _workshop.SignRole(role, approved.SignedBytes.Span);
        byte[] file = SignedMetadata.Assemble(approved.SignedBytes.Span, [.. approved.Signatures.Where(signature => signature.Key != own.Key), own]);
        RepositoryTrust.Demand(_workshop.Role.Keys, SignedMetadata.Decode(file, DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow(), $"{role.Role} of {_subject}");
        return file;
    }
}
