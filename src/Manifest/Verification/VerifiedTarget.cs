using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;

namespace Fota.Manifest.Verification;

/// <summary>
/// A target file that trusted metadata lists. Only <see cref="TrustedMetadataSet.FindTarget"/> makes one: the type is the proof.
/// </summary>
public sealed class VerifiedTarget
{
    private const string TopLevel = "targets";

    private readonly FileDigests _digests;

    private VerifiedTarget(string path, TargetFile file, TrustedMetadataSet trust, Delegation? by)
    {
        Path = path;
        Length = file.Length;
        Role = by?.Name ?? TopLevel;
        Product = by?.Top.Name ?? TopLevel;
        Keys = by?.Top.Keys ?? trust.Root.Targets;
        _digests = file.Digests;
        FileName = trust.Root.ConsistentSnapshot ? MetadataFileName.OfTarget(path, _digests.Name!) : path;
    }

    /// <summary>For example "infusion-pump/1.0.0/manifest.suit".</summary>
    public string Path { get; }

    /// <summary>Its name in the repository: with its digest where snapshots are consistent (§5.7.3), for example "infusion-pump/1.0.0/c14a...b681.manifest.suit".</summary>
    public string FileName { get; }

    /// <summary>In bytes: the bound of its download (A06).</summary>
    public long Length { get; }

    /// <summary>The digest of the whole file, which our profile always has.</summary>
    /// <exception cref="InvalidOperationException">Metadata of another writer, which states another digest.</exception>
    public Sha256Digest Sha256 => _digests.Sha256 ?? throw new InvalidOperationException("This target is described by another digest than SHA-256.");

    /// <summary>The name of the role that lists it: a product's, or that of one of its hash bins.</summary>
    public string Role { get; }

    /// <summary>The name of the role that the top-level targets delegate to for it. Whoever wants one product's targets asks for this, not for <see cref="Role"/>.</summary>
    public string Product { get; }

    /// <summary>The keys of that role, which are also the trust anchors of the SUIT envelope that the file holds.</summary>
    public RoleKeys Keys { get; }

    /// <summary>Checks a downloaded file (TUF 1.0.34 section 5.7.3).</summary>
    public Verdict<VerifiedTargetBytes> Verify(ReadOnlyMemory<byte> bytes) => Verdict.Of(() => VerifiedTargetBytes.Verify(this, bytes));

    /// <summary>Why <paramref name="content"/>, from its beginning, is not this target; null if it is.</summary>
    public Rejection? Check(Stream content)
    {
        ArgumentNullException.ThrowIfNull(content);
        try
        {
            Demand(content);
            return null;
        }
        catch (RejectedException e)
        {
            return e.Rejection;
        }
    }

    /// <exception cref="RejectedException">No trusted role lists the path.</exception>
    internal static VerifiedTarget Take(TrustedMetadataSet trust, string path, TargetSearch search)
    {
        if (search.TooMany)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"{path}: wanted it within {DecodeLimits.VisitedRoles} delegated roles, got none");
        }

        if (search.File is null)
        {
            // A role that could not be had ends the search, lest a lesser one speak for it.
            throw new RejectedException(
                RejectionReason.TargetNotFound,
                search.Missing is null ? $"{path}: wanted a role that may list it and does, got none" : $"{path}: wanted metadata of role {search.Missing.Name}, got none that is trusted");
        }

        search.File.Digests.DemandUnderstood(path);
        return new(path, search.File, trust, search.By);
    }

    internal void Demand(Stream content)
    {
        if (content.Length != Length)
        {
            throw new RejectedException(RejectionReason.LengthMismatch, $"{Path}: wanted {Length} bytes, got {content.Length}");
        }

        content.Position = 0;
        _digests.Demand(Path, content);
    }
}

/// <summary>The bytes of a target, which are those that trusted metadata lists.</summary>
public sealed class VerifiedTargetBytes
{
    private readonly byte[] _bytes;

    private VerifiedTargetBytes(VerifiedTarget target, byte[] bytes)
    {
        Target = target;
        _bytes = bytes;
    }

    /// <summary>What they were verified against.</summary>
    public VerifiedTarget Target { get; }

    /// <summary>A copy that nobody else writes to (A31).</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    internal static VerifiedTargetBytes Verify(VerifiedTarget target, ReadOnlyMemory<byte> bytes)
    {
        byte[] copy = bytes.ToArray();
        target.Demand(new MemoryStream(copy, writable: false));
        return new(target, copy);
    }
}
