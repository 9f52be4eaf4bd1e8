using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;
using Fota.Signer.Home;
using Fota.Signer.Repository;

namespace Fota.Signer.Approval;

/// <summary>
/// What a service sends an approver: the repository's metadata as it is now, and the draft. A folder of files that nobody has to believe: each is checked from the
/// approver's own first root on, before it is taken into the approver's home.
/// </summary>
/// <param name="folder">The folder: state.json, metadata/, draft/ or release/manifest.suit.</param>
internal sealed class ApprovalPackage(string folder)
{
    /// <summary>As many roots as a client follows at once.</summary>
    private const int MaxRoots = 256;

    /// <summary>Takes what is new of the repository into the home.</summary>
    /// <param name="home">The home.</param>
    /// <param name="product">The product whose files were sent; null for the top-level roles alone.</param>
    /// <param name="now">The moment.</param>
    /// <exception cref="SignerRefusalException">It is older than what this home has seen.</exception>
    /// <exception cref="RejectedException">It does not follow from the home's root.</exception>
    public void TakeRepository(SignerHome home, ProductName? product, DateTimeOffset now)
    {
        RepositoryFolder own = new(home.Folder.Repository), sent = new(folder);
        RepositoryState before = own.ReadState(), offered = RepositoryState.Parse(ForeignFile.Read(sent.FullPath(RepositoryFolder.StateName), DecodeLimits.TargetsBytes));
        DemandNotOlder(RolesSettings.RootName, before.Root, offered.Root);
        DemandNotOlder(RolesSettings.TargetsName, before.Targets, offered.Targets);
        if (offered.Root - before.Root > MaxRoots)
        {
            throw new SignerRefusalException($"package: wanted at most {MaxRoots} roots more, got {offered.Root - before.Root}");
        }

        // Of the products, this one: the others' files are not sent.
        RepositoryState state = before with { Root = offered.Root, Targets = offered.Targets };
        List<string> paths = [RepositoryFolder.Metadata(RolesSettings.TargetsName, offered.Targets)];
        for (long version = before.Root + 1; version <= offered.Root; version++)
        {
            paths.Add(RepositoryFolder.Metadata(RolesSettings.RootName, version));
        }

        foreach ((string role, long version) in offered.Delegated.Where(role => product is not null && IsOf(product, role.Key)))
        {
            DemandNotOlder(role, before.Delegated.GetValueOrDefault(role), version);
            state = state.With(role, version);
            paths.Add(RepositoryFolder.Metadata(role, version));
        }

        Dictionary<string, byte[]> files = paths.ToDictionary(static path => path, path => ReadNew(own, sent, path), StringComparer.Ordinal);
        RepositoryFolder view = own.With(files);
        RepositoryTrust trust = RepositoryTrust.Load(view, state, now);
        if (product is not null)
        {
            ProductRole verified = ProductRole.Load(view, state, trust, product, home.Settings.Product(product).HashBins);
            if (offered.Delegated.Keys.FirstOrDefault(role => IsOf(product, role) && !string.Equals(role, product.ToString(), StringComparison.Ordinal) && !verified.Bins.Any(bin => string.Equals(bin.Name, role, StringComparison.Ordinal))) is { } foreign)
            {
                throw new SignerRefusalException($"package: wanted role {product} and the bins that it delegates to, got role {foreign}");
            }
        }

        foreach ((string path, byte[] file) in files)
        {
            own.Write(path, file);
        }

        own.WriteState(state);
    }

    /// <summary>Takes the draft into the home, in place of one that was there.</summary>
    public void TakeDraft(SignerHome home, ProductName product, ReleaseVersion version)
    {
        ReleaseDraft staged = ReleaseDraft.Stage(home.Folder);
        try
        {
            staged.Create();
            foreach (string file in Directory.EnumerateFiles(Path.Combine(folder, "draft")))
            {
                ForeignFile.Copy(file, Path.Combine(staged.Folder, Path.GetFileName(file)));
            }

            staged.MoveTo(ReleaseDraft.Of(home.Folder, product, version));
        }
        finally
        {
            staged.Delete();
        }
    }

    /// <summary>Takes the envelope of a published release, which the role lists.</summary>
    public void TakeRelease(SignerHome home, ProductName product, ReleaseVersion version)
    {
        byte[] envelope = ForeignFile.Read(Path.Combine(folder, "release", "manifest.suit"), DecodeLimits.EnvelopeBytes);
        _ = SignedEnvelope.Decode(envelope).OrThrow();
        new RepositoryFolder(home.Folder.Repository).Write(RepositoryFolder.Target(RepositoryFolder.ReleasePath(product, version), Sha256Digest.Of(envelope)), envelope);
    }

    private static bool IsOf(ProductName product, string role) => string.Equals(role, product.ToString(), StringComparison.Ordinal) || role.StartsWith($"{product}.", StringComparison.Ordinal);

    private static void DemandNotOlder(string role, long own, long offered)
    {
        if (offered < own)
        {
            throw new SignerRefusalException($"package: role {role}: wanted version {own} or later, which this home has seen, got {offered}: somebody shows an old repository");
        }
    }

    /// <summary>A file that the home has stays as it is: what is signed under a number is signed once.</summary>
    private static byte[] ReadNew(RepositoryFolder own, RepositoryFolder sent, string path)
    {
        byte[] file = ForeignFile.Read(sent.FullPath(path), DecodeLimits.TargetsBytes);
        return !own.Has(path) || own.Read(path).AsSpan().SequenceEqual(file)
            ? file
            : throw new SignerRefusalException($"package: {path}: wanted the file that this home has seen, got another under the same number");
    }
}
