using Fota.Manifest.Metadata;

namespace Fota.Manifest.Verification;

/// <summary>
/// A target file that trusted metadata lists. Only <see cref="TrustedMetadataSet.FindTarget"/> makes one: the type is the proof.
/// </summary>
public sealed class VerifiedTarget
{
    private VerifiedTarget(string path, TargetFile file, string role, RoleKeys keys)
    {
        Path = path;
        Length = file.Length;
        Sha256 = file.Sha256;
        Role = role;
        Keys = keys;
    }

    /// <summary>For example "infusion-pump/1.0.0/manifest.suit".</summary>
    public string Path { get; }

    /// <summary>In bytes: the bound of its download (A06).</summary>
    public long Length { get; }

    /// <summary>The digest of the whole file.</summary>
    public Sha256Digest Sha256 { get; }

    /// <summary>The name of the role that lists it.</summary>
    public string Role { get; }

    /// <summary>The keys of that role, which are also the trust anchors of the SUIT envelope that the file holds.</summary>
    public RoleKeys Keys { get; }

    /// <summary>Checks a downloaded file (TUF 1.0.34 section 5.7.3).</summary>
    public Verdict<VerifiedTargetBytes> Verify(ReadOnlyMemory<byte> bytes) => Verdict.Of(() => VerifiedTargetBytes.Verify(this, bytes));

    /// <summary>Walks the trusted delegations of <paramref name="trust"/>.</summary>
    /// <exception cref="RejectedException">No trusted role lists the path.</exception>
    internal static VerifiedTarget Find(TrustedMetadataSet trust, string path)
    {
        TargetPath.Demand(path);
        TargetsMetadata targets = trust.Targets ?? throw new InvalidOperationException("Targets are found after the top-level targets were updated.");

        // §5.6.7.1: "if this role contains metadata about the desired target".
        if (targets.Targets.TryGetValue(path, out TargetFile? file))
        {
            return new(path, file, "targets", trust.Root.Targets);
        }

        // §5.6.7.2: in order of appearance; a role that could not be had ends the search, lest a lesser one speak for it.
        foreach (DelegatedRole role in targets.RolesFor(path))
        {
            TargetsMetadata delegated = trust.Delegated(role.Name)
                ?? throw new RejectedException(RejectionReason.TargetNotFound, $"{path}: wanted metadata of role {role.Name}, got none that is trusted");
            if (delegated.Targets.TryGetValue(path, out file))
            {
                return new(path, file, role.Name, role.Keys);
            }
        }

        throw new RejectedException(RejectionReason.TargetNotFound, $"{path}: wanted a role that may list it and does, got none");
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
        if (bytes.Length != target.Length)
        {
            throw new RejectedException(RejectionReason.LengthMismatch, $"{target.Path}: wanted {target.Length} bytes, got {bytes.Length}");
        }

        byte[] copy = bytes.ToArray();
        Sha256Digest digest = Sha256Digest.Of(copy);
        return digest == target.Sha256
            ? new(target, copy)
            : throw new RejectedException(RejectionReason.DigestMismatch, $"{target.Path}: wanted {target.Sha256}, got {digest}");
    }
}
